# SPDX-License-Identifier: Apache-2.0
"""The page of what performance.py measured."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

KEPT = Path("build/performance")
FAULTS = Path("build/faults")
BEGIN = "<!-- The parallel system: made by scripts/performance.py -->"
END = "<!-- The end of what scripts/performance.py makes -->"
CAMERA_FPS = 30
CAMERA_S = 60
LIVE_SEARCH_S = 10
MEMORY_FRAMES = 10_000
MEMORY_SETTLED = 500  # frames after which memory is to be flat
MEMORY_SLOPE_KB = 10  # a page of memory is 4 KB: a few bytes per frame, over 10,000 frames, are within the noise

Figures = dict[str, Any]
Table = list[str]


def said_of(kept: Figures) -> str:
    stamp = kept["stamp"]
    busy = stamp["load_before"] > 0.5
    beside = f"Other work ran beside it (load average before it began: {stamp['load_before']:.1f})." if busy else ""
    return f"{stamp['processor']}, {stamp['cores']} cores; {stamp['version']}; {stamp['date']}. {beside}".rstrip()


def claim(text: str, wanted: str, measured: str, holds: bool) -> str:
    return f"| {text} | {wanted} | {measured} | {'yes' if holds else '**no**'} |"


CLAIMS = ["| | wanted | measured | holds |", "|---|---|---|---|"]


def number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def bench_page(kept: Figures) -> Table:
    bench = kept["figures"]
    rows = {(row["peer"], row["architecture"], row["workers"]): row for row in bench["rows"]}
    page = [
        "### Serial, router, driver",
        "",
        f"`capillaryx bench`: {bench['frames']} frames, {bench['rounds']} rounds that take turns, the median of them; "
        "all give the same results (compared first). One frame in its worker: p50 to p99, from reading to result.",
        "MB: the most resident memory that any had; PSS: at the end, with a fair part of what several processes share. "
        "\\* the paper's number of workers, two cores held back. 'peer' is the paper's own stack in current releases.",
        "",
        "| | ms per frame | least | p50 | p95 | p99 | speed-up | efficiency | cores | CPU s per frame | J per frame "
        "| driver MB | PSS | worker MB | PSS |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in bench["rows"]:
        frame = row.get("frame_ms", {})
        cells = [
            row["name"] + (" \\*" if row["paper_default"] else ""),
            number(row["ms_per_frame"], 1),
            number(row["ms_per_frame_least"], 1),
            *(number(frame.get(part), 1) for part in ("p50", "p95", "p99")),
            number(row["speed_up"], 2),
            number(row["efficiency"], 2),
            number(row["cpu_cores"], 2),
            number(row["cpu_s_per_frame"], 4),
            number(row["joules_per_frame"], 2),
            number(row["driver_peak_mb"], 0),
            number(row.get("driver_resident_mb"), 0),
            number(row["worker_peak_mb"], 0),
            number(row["worker_resident_mb"], 0),
        ]
        page.append(f"| {' | '.join(cells)} |")
    page += ["", *CLAIMS]
    against = bench["against_programs"]
    two = against["workers"]
    page += [
        claim(
            f"driver, {two} workers: frames/s as a part of those of {two} serial programs side by side",
            "0.95 or more",
            f"{against['part']:.3f} (best rounds: {against['part_of_least']:.3f})",
            against["part"] >= 0.95,
        ),
        claim(
            "driver's own process, of a core",
            "under 2 %",
            f"{100 * against['driver_cores']:.2f} %",
            against["driver_cores"] < 0.02,
        ),
    ]
    serial = rows[False, "serial", 1]
    driver, router = rows[False, "driver", two], rows[False, "router", two]
    for name, fast, slow in (("driver ahead of router", driver, router), ("router ahead of serial", router, serial)):
        faster = 100 * (slow["ms_per_frame"] - fast["ms_per_frame"]) / slow["ms_per_frame"]
        least = 100 * (slow["ms_per_frame_least"] - fast["ms_per_frame_least"]) / slow["ms_per_frame_least"]
        measured = f"{faster:.1f} % (best rounds: {least:.1f} %)"
        page.append(claim(f"{name}, {two} workers each (Eq. 1)", "faster", measured, faster > 0))
    peers = [row for row in bench["rows"] if row["peer"]]
    if peers:
        best = min(peers, key=lambda row: float(row["ms_per_frame"]))
        peer_serial = next(row for row in peers if row["architecture"] == "serial")
        least_cpu = min(row["cpu_s_per_frame"] for row in peers)
        for name, wanted, times in (
            ("serial ahead of the peer's serial", 20, peer_serial["ms_per_frame"] / serial["ms_per_frame"]),
            (f"driver ahead of the peer's best ({best['name']})", 22, best["ms_per_frame"] / driver["ms_per_frame"]),
            ("serial, in CPU seconds per frame", 20, least_cpu / serial["cpu_s_per_frame"]),
            (f"driver, {two} workers, in CPU seconds per frame", 20, least_cpu / driver["cpu_s_per_frame"]),
        ):
            page.append(claim(name, f"{wanted} times", f"{times:.1f} times", times >= wanted))
    page += [
        "",
        "![execution time](figures/fig5_execution_time.svg)",
        "![speed-up](figures/fig6_speed_up.svg)",
        "![CPU use](figures/fig7_cpu_use.svg)",
        "",
        "Points beyond this machine's cores are simulated: the driver's own scheduler in virtual time, with "
        f"{bench['simulation']['frame_ms']:.1f} ms per frame in a worker and {bench['simulation']['driver_ms']:.3f} ms "
        "in the driver, as measured.",
        "",
    ]
    return page


def system_page(kept: Figures) -> Table:
    best = kept["figures"]
    small, large = best["small_frames/2"], best["full_hd_frames/2"]
    one, one_large, camera = best["small_frame_round_trip"], best["full_hd_frame_round_trip"], best["camera_frames"]
    return [
        "### What the system itself costs",
        "",
        "`executor_benchmark`: an analyzer that does nothing, in worker processes; the best of the repeats. (Ray, in a "
        "trial on such a machine: 0.75 ms a call, 17 ms per frame put and read.)",
        "",
        *CLAIMS,
        claim(
            "frames/s through two workers",
            "10,000 or more",
            f"{small['frames_per_s']:.0f}",
            small["frames_per_s"] >= 1e4,
        ),
        claim(
            "one in flight, hand-over to result, p50",
            "100 us or less",
            f"{one['p50_us']:.0f} us (p99 {one['p99_us']:.0f} us)",
            one["p50_us"] <= 100,
        ),
        claim(
            "1920x1080x3 through the store, one in flight, p50",
            "2 ms or less",
            f"{one_large['p50_us'] / 1000:.2f} ms (p99 {one_large['p99_us'] / 1000:.2f} ms; many in flight: "
            f"{1000 / large['frames_per_s']:.2f} ms per frame)",
            one_large["p50_us"] <= 2000,
        ),
        claim(
            f"{CAMERA_FPS} frames/s of 1920x1080 for {CAMERA_S} s, two workers",
            "no drop, p99 100 ms or less",
            f"{camera['dropped']:.0f} dropped, p50 {camera['p50_ms']:.1f} ms, p99 {camera['p99_ms']:.1f} ms",
            camera["dropped"] == 0 and camera["p99_ms"] <= 100,
        ),
        "",
    ]


def live_page(kept: Figures) -> Table:
    page = [
        "### Live",
        "",
        f"`capillaryx analyze FRAMES --pace FPS --when-behind drop_oldest`: {CAMERA_S} s of 1920x1080 frames out of "
        f"memory (other paces: {LIVE_SEARCH_S} s), two workers, the analysis as it is shipped; capture to result.",
        "",
        "| frames/s | frames | dropped | latency p50 ms | p95 ms | p99 ms | analysis p50 ms |",
        "|---|---|---|---|---|---|---|",
    ]
    for fps, run in kept["figures"].items():
        latency = run["latency_ms"]
        cells = [fps, str(run["frames"]), str(run["dropped"])]
        cells += [number(latency[part], 1) for part in ("p50", "p95", "p99")] + [number(run["frame_ms"]["p50"], 1)]
        page.append(f"| {' | '.join(cells)} |")
    camera = kept["figures"][str(CAMERA_FPS)]
    holds = camera["dropped"] == 0 and camera["latency_ms"]["p99"] <= 50
    page += ["", *CLAIMS]
    measured = f"{camera['dropped']} dropped, p99 {camera['latency_ms']['p99']:.0f} ms"
    page.append(claim(f"{CAMERA_FPS} frames/s, two workers", "no drop, p99 50 ms or less", measured, holds))
    best = max((int(fps) for fps, run in kept["figures"].items() if run["dropped"] == 0), default=0)
    page.append(claim("the highest pace tried without a drop", "150 frames/s", f"{best} frames/s", best >= 150))
    most, run = list(kept["figures"].items())[-1]
    ms = run["frame_ms"]["mean"]
    page += [
        "",
        f"At {most} frames/s a frame took {ms:.1f} ms in its worker: two of them can do "
        f"{2000 / ms:.0f} a second at most. The same with an analyzer that does nothing stands above.",
    ]
    return [*page, ""]


def memory_page(kept: Figures) -> Table:
    page = [
        "### Memory",
        "",
        f"{MEMORY_FRAMES} frames, a look every second; anonymous and shared memory, and a line fitted to it after the "
        f"first {MEMORY_SETTLED} frames.",
        "",
        "| | MB after the first frames | MB at the end | most | slope, KB per 1000 frames |",
        "|---|---|---|---|---|",
    ]
    for name, run in kept["figures"].items():
        cells = [number(run[key], 1) for key in ("mb_at_first", "mb_at_last", "mb_most", "kb_per_1000_frames")]
        page.append(f"| {name} | {' | '.join(cells)} |")
    steepest = max(run["kb_per_1000_frames"] for run in kept["figures"].values())
    measured = f"at most {steepest:.1f} KB per 1000 frames"
    wanted = f"no slope (under {MEMORY_SLOPE_KB} KB per 1000 frames)"
    return [*page, "", *CLAIMS, claim("driver and workers", wanted, measured, steepest < MEMORY_SLOPE_KB), ""]


def faults_page() -> Table:
    runs = [json.loads(file.read_text()) for file in sorted(FAULTS.glob("*.json"))]
    if not runs:
        return []
    page = [
        "### Faults",
        "",
        "The long forms of `tests/test_faults.py` (`make soak`), all passed: the results were those of a clean run and "
        "nothing was left behind.",
        "",
        "| test | executor | frames | what happened | seconds | commit, date |",
        "|---|---|---|---|---|---|",
    ]
    for run in runs:
        known = ("test", "executor", "frames", "seconds", "commit", "date")
        happened = ", ".join(f"{key.replace('_', ' ')}: {value}" for key, value in run.items() if key not in known)
        name = run["test"].removeprefix("test_").replace("_", " ")
        when = f"{run['commit']}, {run['date']}"
        page.append(f"| {name} | {run['executor']} | {run['frames']} | {happened} | {run['seconds']} | {when} |")
    return [*page, ""]


PAGES: dict[str, Callable[[Figures], Table]] = {
    "bench": bench_page,
    "system": system_page,
    "live": live_page,
    "memory": memory_page,
}


def write_page(page: Path) -> None:
    lines = [BEGIN, "## The parallel system", "", "Made by `make performance`; no figure is typed.", ""]
    for step, make in PAGES.items():
        file = KEPT / f"{step}.json"
        if not file.is_file():
            continue
        kept = json.loads(file.read_text())
        section = make(kept)
        lines += [*section[:2], said_of(kept), "", *section[2:]]
    lines += [*faults_page(), END]
    made = "\n".join(lines)
    before = page.read_text(encoding="utf-8") if page.is_file() else f"# Performance\n\n{BEGIN}\n{END}\n"
    head, found, rest = before.partition(BEGIN)
    if not found:
        head, rest = before.rstrip("\n") + "\n\n", END + "\n"
    page.write_text(head + made + rest.partition(END)[2], encoding="utf-8")
