# SPDX-License-Identifier: Apache-2.0
"""Measures what Python and Ray cost, simulates clusters with the figures, writes them into docs/scaling.md.

usage: scripts/scaling.py FRAMES    (by scripts/scaling.sh)
"""

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
from typing import Any

import numpy as np
import ray
from ray.cluster_utils import Cluster
from scaling_analyzers import Busy, Nothing

import capillaryx
import capillaryx.ray

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/scaling.md"
BEGIN, END = "<!-- Measured: made by scripts/scaling.sh -->", "<!-- End of what was measured -->"
TURNS = int(os.environ.get("TURNS", "3"))
CORES_A_NODE = 16
LINK_GB_PER_S = 1.25
STORAGE_GB_PER_S = 2.0
WARM_UP = 20


def frame_cost() -> dict[str, float]:
    """One core: the analysis of an array (smallest of many), and what Python adds to the C++ call (middle of many)."""
    image = read_pixels()
    added = []
    total = []
    for _ in range(60):
        cpu, start = time.process_time(), time.perf_counter()
        result = capillaryx.analyze_frame(image)
        added.append((time.perf_counter() - start) * 1000 - result.timing.total_ms)
        total.append((time.process_time() - cpu) * 1000)
    return {"frame_ms": min(total), "python_ms": float(np.median(added))}


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
    """Frames a second of a run once its first frames are through."""
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
            found.append(rate(capillaryx.analyze(FRAMES, analyzer=Busy, workers=workers, frames=60, repeat=100)))
    return {"one": max(rates[1]), "two": max(rates[2])}


@contextmanager
def nodes(count: int, cores: int) -> Iterator[str]:
    """A cluster of so many nodes on this machine."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": cores, "include_dashboard": False})
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
    options: capillaryx.OptionKeywords = {"frames": 120, "repeat": 100, "workers": 2}
    with nodes(1, 2) as address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        for _ in range(TURNS):
            local.append(rate(capillaryx.analyze(FRAMES, **options)))
            on_ray.append(rate(capillaryx.ray.analyze(FRAMES, **options)))
    return {"local": max(local), "ray": max(on_ray)}


def real_nodes() -> dict[str, float]:
    """The shipped algorithm on one node and on two, a core each."""
    found = {}
    for count in (1, 2):
        with nodes(count, 1) as address:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            found[str(count)] = best(lambda: rate(capillaryx.ray.analyze(FRAMES, frames=60, repeat=100)))
    return found


def driver_cost() -> dict[str, float]:
    """What the driver needs for a frame: tiny frames by name through an analyzer that does nothing."""
    with tempfile.TemporaryDirectory() as folder, nodes(1, 2) as address:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        for index in range(100):
            (Path(folder) / f"{index:03}.pgm").write_bytes(b"P5 64 64 255\n" + bytes(64 * 64))
        many: capillaryx.OptionKeywords = {"analyzer": Nothing, "workers": 2, "repeat": 10}
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
    """Frames a second of clusters, by the scheduler in virtual time."""
    program = ROOT / "build/release/scaling_simulation"
    words = [program, frame_ms, driver_ms, 0.5, cores, *counts]
    said = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in said.splitlines()]


def plot(rows: list[dict[str, Any]], limits: dict[str, float], real: dict[str, float], frame_ms: float) -> None:
    """docs/figures/scaling.png and .svg."""
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
    folder = ROOT / "docs/figures"
    folder.mkdir(exist_ok=True)
    figure.savefig(folder / "scaling.png", dpi=110, metadata={"Software": None})
    figure.savefig(folder / "scaling.svg", metadata={"Date": None})


def page(found: dict[str, Any]) -> str:
    """What goes between the marks."""
    cost, busy, pair, real, driver = (found[name] for name in ("cost", "busy", "pair", "real", "driver"))
    file_mb = found["file_mb"]
    limits = {
        f"driver ({driver['ray_ms']:.2f} ms a frame)": 1000 / driver["ray_ms"],
        f"storage ({STORAGE_GB_PER_S:g} GB/s)": STORAGE_GB_PER_S * 1000 / file_mb,
        f"driver's link, bytes sent ({LINK_GB_PER_S:g} GB/s)": LINK_GB_PER_S * 1000 / file_mb,
    }
    rows = simulate(cost["frame_ms"], driver["ray_ms"], CORES_A_NODE)
    check = simulate(1000 / real["1"] - driver["ray_ms"], driver["ray_ms"], 1, (1, 2))
    plot(rows, limits, real, cost["frame_ms"])
    load = os.getloadavg()[0]
    lines = [
        BEGIN,
        "",
        f"Measured on {date.today()} at commit {commit()}, {os.cpu_count()} cores ({processor()}), Python "
        f"{platform.python_version()}, Ray {ray.__version__}; best of {TURNS} turns, {WARM_UP} frames of each run "
        f"left out. Load average at the end {load:.1f}: other work on the machine makes every figure worse.",
        "",
        "| What | Measured |",
        "|---|---|",
        f"| analysis of one frame, decoded, processor time | {cost['frame_ms']:.1f} ms |",
        f"| `analyze_frame` on an array, beyond the C++ call | {cost['python_ms']:.3f} ms, "
        f"{100 * cost['python_ms'] / cost['frame_ms']:.2f} % |",
        f"| pure-Python analyzer, 1 worker / 2 workers | {busy['one']:.2f} / {busy['two']:.2f} frames/s, "
        f"{busy['two'] / busy['one']:.2f} times |",
        f"| shipped algorithm on PNG files, 2 workers: local driver / Ray | {pair['local']:.2f} / {pair['ray']:.2f} "
        f"frames/s, {pair['ray'] / pair['local']:.2f} times |",
        f"| the driver's processor time a frame, sent by name: local driver / Ray | {driver['local_ms']:.2f} / "
        f"{driver['ray_ms']:.2f} ms |",
        f"| 6.2 MB of pixels into Ray's object store, to an actor, and its reply | {driver['pixels_ms']:.2f} ms |",
        f"| mean size of a file | {file_mb:.2f} MB |",
        f"| Ray, one node / two nodes of a core each | {real['1']:.2f} / {real['2']:.2f} frames/s |",
        f"| the same, simulated with what one node measured | {check[0]['frames_per_s']:.2f} / "
        f"{check[1]['frames_per_s']:.2f} frames/s |",
        "",
        f"Simulated: nodes of {CORES_A_NODE} cores, the figures above, 0.5 ms for a message.",
        "",
        "| Nodes | Workers | Frames/s | Share of ideal |",
        "|---|---|---|---|",
    ]
    for row in rows:
        share = row["frames_per_s"] * cost["frame_ms"] / 1000 / row["workers"]
        lines.append(f"| {row['nodes']} | {row['workers']} | {row['frames_per_s']:.0f} | {100 * share:.0f} % |")
    lines += ["", "What ends the growth:", ""]
    lines += [f"- {name}: {value:.0f} frames/s, {value * cost['frame_ms'] / 1000 / CORES_A_NODE:.0f} nodes"
              for name, value in limits.items()]  # fmt: skip
    lines += [
        "",
        "The speeds of storage and link are assumptions (one NFS server; 10 Gbit/s), not measured.",
        "",
        "![Frames a second over nodes](figures/scaling.png)",
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
    found: dict[str, Any] = {"file_mb": sum(file.stat().st_size for file in files) / len(files) / 1e6}
    for name, measure in {
        "cost": frame_cost,
        "busy": python_workers,
        "pair": ray_against_local,
        "real": real_nodes,
        "driver": driver_cost,
    }.items():
        found[name] = measure()
        print(name, found[name], flush=True)
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(before + page(found) + after)


if __name__ == "__main__":
    FRAMES = sys.argv[1]
    main()
