#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: performance_stages.py PROGRAM LIMITS WORK FRAMES PAGE.md

Measures the stages of one worker and writes the page: PROGRAM is capillaryx, LIMITS machine_limits, WORK stage_work,
FRAMES a folder of frames of 1920x1080. Times are minima over repeats: what else the machine does only ever adds.
Standard library only.
"""

import datetime
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, NamedTuple

REPEATS = os.environ.get("REPEATS", "15")
STARTS = 9
SEED = 20261123
SIZES = ((1920, 1080), (3840, 2160), (7680, 4320))
STAGES = ("read", "reduce", "background", "darkness", "ssim", "rois", "classifier", "density")
COUNTS = pathlib.Path("benchmarks/instructions.json")
BENCH = pathlib.Path("build/performance/bench.json")
PIXELS = 1920 * 1080
HALF = PIXELS // 4
# Kinds of operations and their rates in machine_limits.
RATES = {"float": "gflops", "pair": "pair_gops", "short": "short_gops", "table": "table_gops"}
CARD = pathlib.Path(__file__).resolve().parent.parent / "models/card.json"


class Must(NamedTuple):
    """What a stage has to move and to compute at least, by its method: of a frame of 1920x1080 pixels."""

    moved: float  # bytes
    moved_what: str
    operations: dict[str, float]  # by kind
    operations_what: str


def network_layers() -> tuple[int, int]:
    """Multiplications and additions of one region in the shipped network, and its weights (training/network.py)."""
    side, planes = json.loads(CARD.read_text(encoding="utf-8"))["input_px"], 4
    total = weights = 0
    for filters in (32, 64, 128):  # 3x3, then pooled by 2
        side -= 2
        total += side * side * filters * 9 * planes
        weights += filters * (9 * planes + 1)
        side, planes = side // 2, filters
    values = side * side * planes
    for outputs in (128, 64, 2):
        total += values * outputs
        weights += (values + 1) * outputs
        values = outputs
    return 2 * total, weights


def musts(work: dict[str, float]) -> dict[str, Must]:
    """`work`: what stage_work counted on the frames."""
    plane = 2 * HALF  # bytes of a plane of sums of 2x2 pixels, 16 bits each
    operations, weights = network_layers()
    cells = json.loads(CARD.read_text(encoding="utf-8"))["input_px"] ** 2
    return {
        "reduce": Must(
            3 * PIXELS + 3 * plane,
            "the frame, three halved planes",
            {"short": 3 * 3 * HALF},
            "three additions a value",
        ),
        "background": Must(
            3 * plane / 2 + 3 * plane / 4 + 2 * 3 * plane / 8,
            "halved planes: half of the rows, a quarter, an eighth twice",
            {
                "table": HALF / 2 + 2 * 3 * HALF / 32,
                "short": 3 * HALF / 4 * 7,
                "float": work["window_bins"] * 3 * 8 * 24,
            },
            "an addition to a table for each value of half of the rows, and of every 32nd twice for the spreads; eight "
            "rounds of three components over every bin that holds anything, 24 operations each; seven a value for the "
            "surround",
        ),
        "darkness": Must(
            plane + 3 * plane,
            "one halved plane; background, difference, smooth difference",
            {"short": 22 * HALF, "table": HALF / 9},
            "a line, a difference and two blurs by five taps (22 a value), every 9th value into a table",
        ),
        "ssim": Must(
            2 * plane + plane / 4,
            "difference, background; map",
            {"pair": 2 * 19 * (HALF / 2 + HALF / 4), "short": 3 * HALF + 2 * HALF / 4, "float": 18 * HALF / 4},
            "sums of 13 taps over values and squares, down for every second row, across for every second place of it, "
            "equal weights together (19 operations each); the formula (18); a cut and a square of each value, a "
            "comparison for the median",
        ),
        "rois": Must(
            plane + 2 * 2 * work["region_blocks"],
            "smooth difference; regions' pixels twice",
            {"short": HALF, "table": 10 * work["region_blocks"]},
            "a comparison a value; of each of the regions' pixels eight neighbours, its place in order and its region",
        ),
        "classifier": Must(
            3 * 2 * work["cut_blocks"] + 4 * weights + 4 * 3 * cells * work["network_regions"],
            "values under the regions' squares, weights once, input",
            {
                "float": operations * work["network_regions"] + 3 * 20 * cells * work["network_regions"],
                "short": 3 * 2 * work["cut_blocks"],
            },
            "the network's multiplications and additions; a sum a value and 20 operations a cell for its input",
        ),
        "density": Must(
            2 * 2 * work["depth_blocks"],
            "background and values in the regions' windows",
            {
                "table": 2 * work["depth_blocks"],
                "short": 4 * 7 * work["depth_blocks"] + 32 * work["contour_blocks"],
            },
            "two logarithms a block of a region's window, two blurs in two directions (seven operations each); with a "
            "contour also the highest of squares in 32 comparisons",
        ),
    }


def analyze(program: str, source: object, *options: object) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as work:
        command = [program, "analyze", source, "-o", work, "--force", "--no-overlays", "--quiet", *options]
        subprocess.run([str(part) for part in command], check=True)
        lines = (pathlib.Path(work) / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [frame for frame in map(json.loads, lines) if frame["type"] == "frame"]


def least(frames: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Of each source the least time of every stage, and of the whole frame."""
    best: dict[str, dict[str, float]] = {}
    for frame in frames:
        times = {**frame["timing"]["stages_ms"], "whole frame": frame["timing"]["total_ms"]}
        kept = best.setdefault(frame["source"], dict(times))
        for stage, ms in times.items():
            kept[stage] = min(kept[stage], ms)
    return best


def mean(best: dict[str, dict[str, float]], stage: str) -> float:
    return statistics.mean(times[stage] for times in best.values())


def decoded(times: dict[str, float]) -> float:
    return sum(times[stage] for stage in STAGES if stage != "read")


def start_s(program: str, frame: pathlib.Path, *options: str) -> float:
    """From the command to its end, with one frame."""
    best = 1e9
    for _ in range(STARTS):
        begin = time.monotonic()
        analyze(program, frame, *options)
        best = min(best, time.monotonic() - begin)
    return best


def processor_ms(program: str, folder: pathlib.Path) -> float:
    """Processor time of a frame, reading and writing of results included: what more repeats take more."""
    used: list[tuple[float, int]] = []
    for repeats in ("2", "8"):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        frames = analyze(program, folder, "--executor", "serial", "--repeat", repeats)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.append((after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, len(frames)))
    return 1000 * (used[1][0] - used[0][0]) / (used[1][1] - used[0][1])


def processor_target_ms() -> float:
    """A twentieth of what the peer takes: as measured last (scripts/performance.py), or as issue 7 gives it."""
    if not BENCH.is_file():
        return 16.5
    rows = json.loads(BENCH.read_text(encoding="utf-8"))["figures"]["rows"]
    peers = [row["cpu_s_per_frame"] for row in rows if row["peer"]]
    return 1000 * min(peers) / 20 if peers else 16.5


def sizes_page(program: str) -> list[str]:
    page = [
        "## Larger frames",
        "",
        "Two synthetic frames (JPEG) of each size: processor time, reading included.",
        "",
        "| size | capillaries a frame | ms | ms per megapixel | against 1920x1080 |",
        "|---|---|---|---|---|",
    ]
    first = 0.0
    for width, height in SIZES:
        with tempfile.TemporaryDirectory() as work:
            command = [
                program,
                "phantom",
                "2",
                "-o",
                work,
                "--force",
                "--quiet",
                "--seed",
                str(SEED),
                "--format",
                "jpg",
            ]
            subprocess.run([*command, "--width", str(width), "--height", str(height)], check=True)
            count = statistics.mean(frame["count"] for frame in analyze(program, work, "--executor", "serial"))
            ms = processor_ms(program, pathlib.Path(work))
        a_megapixel = ms / (width * height / 1e6)
        first = first or a_megapixel
        page.append(f"| {width}x{height} | {count:.0f} | {ms:.1f} | {a_megapixel:.2f} | {a_megapixel / first:.2f} |")
    return [*page, ""]


def stage_row(what: str, ms: float, count: int | None, must: Must | None, limits: dict[str, float]) -> str:
    row = f"| {what} | {ms:.2f} | " + (f"{count / 1e6:.0f} | " if count else "| ")
    if must is None:
        return row + "| | | | |"
    move_ms = must.moved / limits["read_l3_gb_per_s"] / 1e6
    work_ms = sum(count / limits[RATES[kind]] / 1e6 for kind, count in must.operations.items())
    row += f"{must.moved / 1e6:.1f} | {move_ms:.2f} | "
    if not must.operations:
        return row + f"| | {ms / move_ms:.1f} |"
    operations = sum(must.operations.values()) / 1e6
    return row + f"{operations:.1f} | {work_ms:.2f} | {ms / max(move_ms, work_ms):.1f} |"


def stages_page(program: str, limits: dict[str, float], work: dict[str, float], folder: pathlib.Path) -> list[str]:
    frames = analyze(program, folder, "--executor", "serial", "--repeat", REPEATS)
    frames = [frame for frame in frames if frame["width"] * frame["height"] == PIXELS and frame["status"] == "ok"]
    best = least(frames)
    png = {name: times for name, times in best.items() if name.endswith(".png")}
    jpeg = {name: times for name, times in best.items() if not name.endswith(".png")}
    whole = statistics.mean(decoded(times) for times in best.values())
    without = whole - mean(best, "classifier")
    start = start_s(program, sorted(folder.glob("*.png"))[0], "--workers", "1")
    page = [
        "## Against the targets",
        "",
        "| | measured | target | |",
        "|---|---|---|---|",
    ]
    for what, value, target, unit in (
        ("decoded frame, one core, whole analysis", whole, 10.0, "ms"),
        ("the same without the classifier (network and its input)", without, 4.5, "ms"),
        ("processor time of a frame, reading included", processor_ms(program, folder), processor_target_ms(), "ms"),
        ("from the command to its end with one frame, one worker", start, 0.5, "s"),
    ):
        page.append(
            f"| {what} | {value:.2f} {unit} | {target:.1f} {unit} | {'met' if value <= target else 'not met'} |"
        )
    page += [
        "",
        "## Stages",
        "",
        f"`capillaryx analyze --executor serial --no-overlays`, {len(best)} frames of 1920x1080, the least "
        f"of {REPEATS} repeats of each, mean over frames; {work['regions']:.0f} regions a frame, "
        f"{work['network_regions']:.0f} of them put to the network. Under other load what takes "
        "longer than a few milliseconds is interrupted in every repeat, and shows too high.",
        "",
        "| stage | ms | instructions, million | must move, MB | which takes, ms | must do, million operations | "
        "which take, ms | times the limit |",
        "|---|---|---|---|---|---|---|---|",
    ]
    counts: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8"))
    counts["density"] = counts["depths"] + counts["contours"]
    must = musts(work)
    for what, of, read, moved in (
        ("PNG", png, "read PNG", 2 * 3 * PIXELS),
        ("JPEG", jpeg, "read JPEG", 3 * PIXELS),
    ):
        if of:
            sizes = statistics.mean((folder / name).stat().st_size for name in of)
            reading = Must(sizes + moved, "", {}, "")
            page.append(stage_row(f"read, {what} ({len(of)})", mean(of, "read"), counts[read], reading, limits))
    page += [stage_row(stage, mean(best, stage), counts.get(stage), must[stage], limits) for stage in STAGES[1:]]
    if png:
        page.append(stage_row("whole frame, PNG", mean(png, "whole frame"), None, None, limits))
    if jpeg:
        page.append(stage_row("whole frame, JPEG", mean(jpeg, "whole frame"), None, None, limits))
    page += [
        "",
        "Instructions are those of AVX2 under callgrind (`scripts/instructions.sh`), on a frame of a quarter of "
        "the size, four times; density's are without the polygons. What a stage must move is estimated at the speed of "
        f"the third-level cache, what it must do at this core's measured speeds (`benchmarks/machine_limits.cc`): "
        f"{limits['gflops']:.0f} thousand million operations a second with floats, {limits['pair_gops']:.0f} in "
        f"multiplications of pairs of 16 bits, {limits['short_gops']:.0f} with 16 bits, {limits['table_gops']:.1f} "
        f"with tables; reading {limits['read_l2_gb_per_s']:.0f} GB/s from the second-level cache, "
        f"{limits['read_l3_gb_per_s']:.0f} from the third, {limits['read_memory_gb_per_s']:.0f} from memory. The limit "
        "is the larger of the two times; both count only what the method itself asks for. Decoders work symbol after "
        "symbol, each known only when the one before is: for them moving alone is stated.",
        "",
        "| stage | must move | must do |",
        "|---|---|---|",
        "| read | the file and the pixels, PNG: twice | - |",
    ]
    page += [f"| {stage} | {must[stage].moved_what} | {must[stage].operations_what} |" for stage in STAGES[1:]]
    operations = work["network_regions"] * network_layers()[0]
    page += [
        "",
        f"The network's {operations / 1e9:.2f} thousand million multiplications and additions take at least "
        f"{operations / limits['gflops'] / 1e6:.1f} ms on this core.",
        "",
    ]
    return page


def measured(*command: str) -> dict[str, float]:
    made: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return made


def main() -> None:
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    program, limits_program, work_program, folder, page_file = *sys.argv[1:4], pathlib.Path(sys.argv[4]), sys.argv[5]
    limits = measured(limits_program)
    work = measured(work_program, str(folder))
    cpu = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next((line.split(":")[1].strip() for line in cpu.splitlines() if line.startswith("model name")), "unknown")
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    page = [
        "# Performance of the stages",
        "",
        "Made by `make performance` (scripts/performance_stages.sh); no figure of the tables is typed.",
        f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before; {datetime.date.today().isoformat()}.",
        "",
        "```",
        version,
        "```",
        "",
        *stages_page(program, limits, work, folder),
        *sizes_page(program),
        "What each change of the stages gave: [experiments.md](experiments.md).",
        "",
    ]
    pathlib.Path(page_file).write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
