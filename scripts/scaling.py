# SPDX-License-Identifier: Apache-2.0
"""Measures what Python and Ray cost, simulates clusters with the figures, writes them into docs/scaling.md.

usage: [TURNS=3] [QUICK=1] scripts/scaling.py FRAMES    (by scripts/scaling.sh)
QUICK: few frames and one turn, only to see that it runs; the page then goes to build/scaling/ instead of docs/.
"""

import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

# Ray gives way to whatever else runs, the local driver does not: other work should slow both alike.
os.environ.setdefault("RAY_worker_niceness", "0")

import numpy as np
import ray
from ray.cluster_utils import Cluster
from scaling_analyzers import Busy, Nothing

import capillaryx
import capillaryx.ray

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/scaling.md"
QUICK = os.environ.get("QUICK", "") not in ("", "0")
OUTPUT = ROOT / ("build/scaling" if QUICK else "docs")
BEGIN, END = "<!-- Measured: made by scripts/scaling.sh -->", "<!-- End of what was measured -->"
TURNS = 1 if QUICK else int(os.environ.get("TURNS", "3"))
CORES_A_NODE = 16
LINK_GB_PER_S = 1.25
STORAGE_GB_PER_S = 2.0
MOST_LEAK_KB = 1000
MOST_OFF = 0.15  # of the simulation from a real run
WARM_UP = 20
FEWER = 5 if QUICK else 1  # times fewer frames, where it is quick


def frame_cost() -> dict[str, float]:
    """Analysis of an array, ms: the whole Python call and the C++ call inside it, the least of the same calls."""
    image = read_pixels()
    whole, inside, processor = [], [], []
    for _ in range(300 // FEWER):
        cpu, start = time.process_time(), time.perf_counter()
        result = capillaryx.analyze_frame(image)
        whole.append((time.perf_counter() - start) * 1000)
        processor.append((time.process_time() - cpu) * 1000)
        inside.append(result.timing.total_ms)
    around = median(outer - inner for outer, inner in zip(whole, inside, strict=True))
    found = {"call_ms": min(whole), "inside_ms": min(inside), "around_ms": around, "frame_ms": min(processor)}
    return found | {"leak_kb": leak_kb(image)}


def resident_kb() -> int:
    """Memory that this process holds."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])


def leak_kb(image: Any) -> float:
    """What 1,000 calls leave behind; one copy of an array a call would be 270 MB."""
    part = image[:300, :300]
    for _ in range(200):
        capillaryx.analyze_frame(part)
    gc.collect()
    before = resident_kb()
    for _ in range(1000):
        capillaryx.analyze_frame(part)
    gc.collect()
    return resident_kb() - before


def read_pixels() -> Any:
    """A frame of the folder as an array, as an analyzer gets it."""
    kept: list[Any] = []

    class Keep(capillaryx.Analyzer):
        """Keeps its first frame's pixels."""

        def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
            """Nothing else."""
            kept.append(frame.pixels.copy())
            return {}

    list(capillaryx.analyze(FRAMES, executor="serial", analyzer=Keep, frames=1))
    return kept[0]


def driver_ms(run: capillaryx.Run) -> float:
    """Processor time of this process, which is the driver, a frame, once the first frames are through."""
    start, count = 0.0, 0
    for count, _ in enumerate(run, 1):
        if count == WARM_UP:
            start = time.process_time()
    return 1000 * (time.process_time() - start) / (count - WARM_UP)


def rate(run: capillaryx.Run) -> float:
    """Frames per second of a run once its first frames are through."""
    start, count = 0.0, 0
    for count, result in enumerate(run, 1):
        assert result.ok, result.error
        if count == WARM_UP:
            start = time.perf_counter()
    return (count - WARM_UP) / (time.perf_counter() - start)


def best(measure: Any) -> float:
    """The best of several turns: other load only ever slows down."""
    return max(float(measure()) for _ in range(TURNS))


def python_workers() -> dict[str, float]:
    """A CPU-bound analyzer in pure Python on one and two workers, turn about."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(TURNS):
        for workers, found in rates.items():
            frames = WARM_UP + 40 * workers // FEWER
            found.append(rate(capillaryx.analyze(FRAMES, analyzer=Busy, workers=workers, frames=frames, repeat=100)))
    return {"one": max(rates[1]), "two": max(rates[2])}


@contextmanager
def nodes(count: int, cores: int) -> Iterator[str]:
    """A cluster of so many nodes on this machine."""
    words = {"num_cpus": cores, "include_dashboard": False}
    try:
        cluster = Cluster(initialize_head=True, head_node_args=words)
    except Exception as error:  # Ray gives a node half a minute to start, which a busy machine does not keep to
        print(f"once more: {error}", flush=True)
        cluster = Cluster(initialize_head=True, head_node_args=words)
    for _ in range(count - 1):
        cluster.add_node(num_cpus=cores)
    try:
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()


def ray_against_local() -> dict[str, float]:
    """The shipped algorithm on PNG files: the local driver and Ray on the same cores, turn about."""
    local: list[float] = []
    on_ray: list[float] = []
    options: capillaryx.OptionKeywords = {"frames": WARM_UP + 400 // FEWER, "repeat": 100, "workers": 2}
    both = capillaryx.ray.LocalRay(2)
    try:
        for _ in range(TURNS):
            local.append(rate(capillaryx.analyze(FRAMES, **options)))
            on_ray.append(rate(capillaryx.ray.analyze(FRAMES, **options)))
    finally:
        both.close()
    return {"local": max(local), "ray": max(on_ray)}


def real_nodes() -> dict[str, float]:
    """The shipped algorithm on PNG files: a worker of the local driver; one node and two of a core each, by Ray."""
    options: capillaryx.OptionKeywords = {"frames": WARM_UP + 200 // FEWER, "repeat": 100}
    alone: capillaryx.OptionKeywords = {**options, "workers": 1}
    found = {"local": best(lambda: rate(capillaryx.analyze(FRAMES, **alone)))}
    for count in (1, 2):
        with nodes(count, 1) as address:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            found[str(count)] = best(lambda: rate(capillaryx.ray.analyze(FRAMES, **options)))
    return found


def driver_cost() -> dict[str, float]:
    """What the driver needs for a frame: tiny frames by name through an analyzer that does nothing."""
    with tempfile.TemporaryDirectory() as folder, nodes(1, 2) as address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        for index in range(100):
            (Path(folder) / f"{index:03}.pgm").write_bytes(b"P5 64 64 255\n" + bytes(64 * 64))
        many: capillaryx.OptionKeywords = {"analyzer": Nothing, "workers": 2, "repeat": 10 // FEWER}
        on_ray = min(driver_ms(capillaryx.ray.analyze(folder, **many)) for _ in range(TURNS))
        local = min(driver_ms(capillaryx.analyze(folder, **many)) for _ in range(TURNS))
        pixels_ms = object_cost_ms()
    return {"ray_ms": on_ray, "local_ms": local, "pixels_ms": pixels_ms}


def object_cost_ms() -> float:
    """A frame's pixels to an actor and a word back, one after another; the smallest of many."""

    class Looker:
        """Looks at one pixel."""

        def look(self, pixels: Any) -> int:
            """The last."""
            return int(pixels[-1, -1, -1])

    actor: Any = ray.remote(num_cpus=0)(Looker).remote()
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    times = []
    for _ in range(40):
        start = time.perf_counter()
        ray.get(actor.look.remote(ray.put(pixels)))
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def simulate(frame_ms: float, driver_ms: float, cores: int, counts: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    """Frames per second of clusters, by the scheduler in virtual time."""
    program = ROOT / "build/release/scaling_simulation"
    words = [program, frame_ms, driver_ms, 0.5, cores, *counts]
    said = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def plot(rows: list[dict[str, Any]], limits: dict[str, float], real: dict[str, float], frame_ms: float) -> None:
    """figures/scaling.png and .svg."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.5))
    counts = [row["nodes"] for row in rows]
    axes.loglog(counts, [row["workers"] * 1000 / frame_ms for row in rows], ":", color="grey", label="ideal")
    axes.loglog(counts, [row["frames_per_s"] for row in rows], "o-", label=f"simulated, {CORES_A_NODE} cores a node")
    for (name, value), style in zip(limits.items(), ("--", "-.", (0, (1, 3))), strict=False):
        axes.axhline(value, linestyle=style, color="black", linewidth=0.9, label=name)
    axes.loglog([1, 2], [real["1"], real["2"]], "s", color="crimson", label="measured, 1 core a node")
    axes.set_xlabel("nodes")
    axes.set_ylabel("frames/s")
    axes.grid(which="both", alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    mpl.rcParams["svg.hashsalt"] = "scaling"
    folder = OUTPUT / "figures"
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "scaling.png", dpi=110, metadata={"Software": None})
    figure.savefig(folder / "scaling.svg", metadata={"Date": None})


def claims(found: dict[str, Any], simulated: dict[str, float]) -> list[tuple[str, str, str, bool]]:
    """What is claimed: in words, what is wanted, what was measured, whether it holds."""
    cost, busy, pair, real = (found[name] for name in ("cost", "busy", "pair", "real"))
    python = cost["call_ms"] / cost["inside_ms"]
    workers, ray_share = busy["two"] / busy["one"], pair["ray"] / pair["local"]
    rows = [
        (
            "`analyze_frame` on an array against the C++ call inside it, the least of the same calls",
            "at most 1.02 times",
            f"{python:.3f} times ({cost['call_ms']:.2f} / {cost['inside_ms']:.2f} ms; half of the calls spend at most "
            f"{cost['around_ms']:.3f} ms around it)",
            python <= 1.02,
        ),
        (
            "1,000 calls of `analyze_frame`: memory left behind",
            f"at most {MOST_LEAK_KB} KB",
            f"{cost['leak_kb']:.0f} KB",
            cost["leak_kb"] <= MOST_LEAK_KB,
        ),
        (
            "PNG files, 2 workers, once warm: Ray against the local driver",
            "at least 0.85 times",
            f"{ray_share:.2f} times ({pair['ray']:.1f} / {pair['local']:.1f} frames/s)",
            ray_share >= 0.85,
        ),
        (
            "pure-Python analyzer: 2 workers against 1",
            "at least 1.8 times",
            f"{workers:.2f} times ({busy['two']:.2f} / {busy['one']:.2f} frames/s)",
            workers >= 1.8,
        ),
    ]
    for count, name in (("1", "one node of a core"), ("2", "two nodes of a core each")):
        off = real[count] / simulated[count] - 1
        rows.append(
            (
                f"Ray, {name}: real against simulated",
                f"within {100 * MOST_OFF:.0f} %",
                f"{100 * off:+.0f} % ({real[count]:.1f} / {simulated[count]:.1f} frames/s)",
                abs(off) <= MOST_OFF,
            )
        )
    return rows


def page(found: dict[str, Any]) -> str:
    """What goes between the marks."""
    cost, real, driver = (found[name] for name in ("cost", "real", "driver"))
    file_mb = found["file_mb"]
    limits = {
        f"driver ({driver['ray_ms']:.2f} ms per frame)": 1000 / driver["ray_ms"],
        f"storage ({STORAGE_GB_PER_S:g} GB/s)": STORAGE_GB_PER_S * 1000 / file_mb,
        f"driver's link, bytes sent ({LINK_GB_PER_S:g} GB/s)": LINK_GB_PER_S * 1000 / file_mb,
    }
    worker_ms = 1000 / real["local"]
    rows = simulate(worker_ms, driver["ray_ms"], CORES_A_NODE)
    check = simulate(worker_ms, driver["ray_ms"], 1, (1, 2))
    plot(rows, limits, real, worker_ms)
    lines = [
        BEGIN,
        "",
        f"Measured on {date.today()} at commit {commit()}, {os.cpu_count()} cores ({processor()}), Python "
        f"{platform.python_version()}, Ray {ray.__version__}; best of {TURNS} turns, {WARM_UP} frames of each run "
        f"left out. Load average before it began {found['load']:.1f}: other work makes every figure worse.",
        "",
        "| What | Wanted | Measured | Holds |",
        "|---|---|---|---|",
    ]
    simulated = {str(row["nodes"]): row["frames_per_s"] for row in check}
    lines += [
        f"| {what} | {wanted} | {measured} | {'yes' if holds else '**no**'} |"
        for what, wanted, measured, holds in claims(found, simulated)
    ]
    lines += [
        "",
        "| Cost | Measured |",
        "|---|---|",
        f"| analysis of one frame, decoded, processor time | {cost['frame_ms']:.1f} ms |",
        f"| a frame from a PNG file, one worker of the local driver | {worker_ms:.1f} ms |",
        f"| the driver's processor time a frame, sent by name: local driver / Ray | {driver['local_ms']:.2f} / "
        f"{driver['ray_ms']:.2f} ms |",
        f"| 6.2 MB of pixels into Ray's object store, to an actor, and its reply | {driver['pixels_ms']:.2f} ms |",
        f"| mean size of a file | {file_mb:.2f} MB |",
        "",
        f"Simulated: nodes of {CORES_A_NODE} cores, the costs above, 0.5 ms for a message.",
        "",
        "| Nodes | Workers | Frames/s | Share of ideal |",
        "|---|---|---|---|",
    ]
    for row in rows:
        share = row["frames_per_s"] * worker_ms / 1000 / row["workers"]
        lines.append(f"| {row['nodes']} | {row['workers']} | {row['frames_per_s']:.0f} | {100 * share:.0f} % |")
    lines += ["", "What ends the growth:", ""]
    lines += [f"- {name}: {value:.0f} frames/s, {value * worker_ms / 1000 / CORES_A_NODE:.1f} nodes"
              for name, value in limits.items()]  # fmt: skip
    lines += [
        "",
        "The speeds of storage and link are assumptions (one NFS server; 10 Gbit/s), not measured.",
        "",
        "![Frames per second over nodes](figures/scaling.png)",
        END,
    ]
    return "\n".join(lines)


def processor() -> str:
    """Its name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """What was measured."""
    words = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    """Measures and writes."""
    files = [file for file in Path(FRAMES).iterdir() if file.suffix == ".png"]
    found: dict[str, Any] = {"load": os.getloadavg()[0]}
    found["file_mb"] = sum(file.stat().st_size for file in files) / len(files) / 1e6
    for name, measure in {
        "cost": frame_cost,
        "busy": python_workers,
        "pair": ray_against_local,
        "real": real_nodes,
        "driver": driver_cost,
    }.items():
        found[name] = measure()
        print(name, found[name], flush=True)
    measured = page(found)
    print(measured)
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    (OUTPUT / "scaling.md").write_text(before + measured + after)


if __name__ == "__main__":
    FRAMES = sys.argv[1]
    main()
