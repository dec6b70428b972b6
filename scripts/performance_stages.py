#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: performance_stages.py PROGRAM LIMITS FRAMES PAGE.md

Measures the stages of one worker and writes the page: PROGRAM is capillaryx, LIMITS machine_limits, FRAMES a folder of
frames of 1920x1080. Times are minima over repeats: what else the machine does only ever adds. Standard library only.
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
from typing import Any

REPEATS = os.environ.get("REPEATS", "15")
STARTS = 9
SEED = 20261123
SIZES = ((1920, 1080), (3840, 2160), (7680, 4320))
STAGES = ("read", "reduce", "background", "darkness", "ssim", "rois", "classifier", "density")
COUNTS = pathlib.Path("benchmarks/instructions.json")
LOG = pathlib.Path("docs/performance_log.md")
PIXELS = 1920 * 1080
# Bytes that a stage must read and write at least, of a 1920x1080 frame (sums of 2x2 pixels have 2 bytes).
HALF = PIXELS // 4 * 2
BYTES = {
    "reduce": (PIXELS * 3 + 3 * HALF, "the frame, three halved planes"),
    "background": (
        3 * HALF // 2 + 3 * HALF // 4 + 2 * 3 * HALF // 8,
        "halved planes: half of the rows, a quarter, an eighth twice",
    ),
    "darkness": (HALF + 3 * HALF, "one halved plane; background, difference, smooth difference"),
    "ssim": (2 * HALF + HALF, "difference, background; map"),
}


def network_operations() -> int:
    """Multiplications and additions of one region in the shipped network (training/network.py)."""
    card = pathlib.Path(__file__).resolve().parent.parent / "models/card.json"
    side, planes, total = json.loads(card.read_text(encoding="utf-8"))["input_px"], 3, 0
    for filters in (32, 64, 128):  # 3x3, then pooled by 2
        side -= 2
        total += side * side * filters * 9 * planes
        side, planes = side // 2, filters
    values = side * side * planes
    for outputs in (128, 64, 2):
        total += values * outputs
        values = outputs
    return 2 * total


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


def sizes_page(program: str) -> list[str]:
    page = [
        "## Larger frames",
        "",
        "Two drawn frames (JPEG) of each size: processor time, reading included.",
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


def stages_page(program: str, limits: dict[str, float], folder: pathlib.Path) -> list[str]:
    frames = analyze(program, folder, "--executor", "serial", "--repeat", REPEATS)
    frames = [frame for frame in frames if frame["width"] * frame["height"] == PIXELS and frame["status"] == "ok"]
    best = least(frames)
    proposed = analyze(program, folder, "--executor", "serial", "--min-score", "0")
    regions = statistics.mean(frame["count"] for frame in proposed)
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
        ("processor time of a frame, reading included", processor_ms(program, folder), 16.5, "ms"),
        ("from the command to its end with one frame, one worker", start, 0.5, "s"),
    ):
        page.append(f"| {what} | {value:.2f} {unit} | {target} {unit} | {'met' if value <= target else 'not met'} |")
    page += [
        "",
        "## Stages",
        "",
        f"`capillaryx analyze --executor serial --no-overlays`, {len(best)} frames of 1920x1080, the least "
        f"of {REPEATS} repeats of each, mean over frames; {regions:.0f} regions a frame. Under other load what takes "
        "longer than a few milliseconds is interrupted in every repeat, and shows too high.",
        "",
        "| stage | ms | instructions, million | must move, MB | at the speed of the third-level cache, ms |",
        "|---|---|---|---|---|",
    ]
    counts: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8"))
    if png:
        page.append(f"| read, PNG ({len(png)}) | {mean(png, 'read'):.2f} | {counts['read PNG'] / 1e6:.0f} | | |")
    if jpeg:
        page.append(f"| read, JPEG ({len(jpeg)}) | {mean(jpeg, 'read'):.2f} | {counts['read JPEG'] / 1e6:.0f} | | |")
    for stage in STAGES[1:]:
        row = f"| {stage} | {mean(best, stage):.2f} | "
        row += f"{counts[stage] / 1e6:.0f} | " if stage in counts else "| "
        if stage in BYTES:
            size = BYTES[stage][0]
            row += f"{size / 1e6:.1f} | {size / limits['read_l3_gb_per_s'] / 1e6:.2f} |"
        else:
            row += "| |"
        page.append(row)
    if png:
        page.append(f"| whole frame, PNG | {mean(png, 'whole frame'):.2f} | | | |")
    if jpeg:
        page.append(f"| whole frame, JPEG | {mean(jpeg, 'whole frame'):.2f} | | | |")
    operations = regions * network_operations()
    page += [
        "",
        "Instructions are those of AVX2 under callgrind (`scripts/instructions.sh`), on a drawn frame of a quarter of "
        "the size, four times. What must move: "
        + "; ".join(f"{stage}: {what}" for stage, (_, what) in BYTES.items())
        + ".",
        "",
        f"The network's {operations / 1e9:.2f} thousand million multiplications and additions take at least "
        f"{operations / limits['gflops'] / 1e6:.1f} ms on this core ({limits['gflops']:.0f} GFLOPS measured; reading "
        f"{limits['read_l2_gb_per_s']:.0f} GB/s from the second-level cache, {limits['read_l3_gb_per_s']:.0f} from the "
        f"third, {limits['read_memory_gb_per_s']:.0f} from memory).",
        "",
    ]
    return page


def main() -> None:
    if len(sys.argv) != 5:
        raise SystemExit(__doc__)
    program, limits_program, folder, page_file = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), sys.argv[4]
    limits = json.loads(subprocess.run([limits_program], check=True, capture_output=True, text=True).stdout)
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
        *stages_page(program, limits, folder),
        *sizes_page(program),
        LOG.read_text(encoding="utf-8").rstrip(),
        "",
    ]
    pathlib.Path(page_file).write_text("\n".join(page), encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
