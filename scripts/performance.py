#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: performance.py PROGRAM BENCHMARK FRAMES PAGE.md [STEP...]

Measures the parallel system and writes its sections of the page, between two marks; what stands outside them is left.
PROGRAM is capillaryx, BENCHMARK executor_benchmark, FRAMES a folder of frames. Steps: bench, system, live, memory
(default: all). Each keeps what it measured in build/performance/STEP.json; the page is made from what is kept there and
from what the long forms of tests/test_faults.py (`make soak`) left in build/faults/. Standard library only.
"""

import contextlib
import datetime
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from performance_page import (
    CAMERA_FPS,
    CAMERA_S,
    KEPT,
    LIVE_SEARCH_S,
    MEMORY_FRAMES,
    MEMORY_SETTLED,
    Figures,
    write_page,
)

ROUNDS = os.environ.get("ROUNDS", "5")
BENCH_FRAMES = os.environ.get("BENCH_FRAMES", "100")
PEER = Path("../shared/peers/seed_stack/seed_stack.py")
PEER_PYTHON = Path("build/peer-venv/bin/python")
MOST_LIVE_FPS = 250
LIVE_STEP_FPS = 10
STEPS = ["bench", "system", "live", "memory"]


class Bench:
    def __init__(self, program: str, benchmark: str, frames: Path, work: Path) -> None:
        self.program, self.benchmark, self.frames, self.work = program, benchmark, frames, work

    def bench(self) -> Figures:
        """The three architectures, programs side by side, the peer: in rounds that take turns."""
        out = self.work / "bench.json"
        command = [
            self.program,
            "bench",
            str(self.frames),
            "-o",
            str(out),
            "--rounds",
            ROUNDS,
            "--frames",
            BENCH_FRAMES,
        ]
        if PEER.is_file() and PEER_PYTHON.is_file():
            command.append("--peer")
        subprocess.run(command, check=True)
        figures: Figures = json.loads(out.read_text())
        shutil.copy(out, KEPT / "bench.figures.json")
        return figures

    def system(self) -> Figures:
        """What the system itself costs: an analyzer that does nothing."""
        out = self.work / "benchmark.json"
        subprocess.run([self.benchmark, f"--benchmark_out={out}", "--benchmark_out_format=json"], check=True)
        best: Figures = {}
        for run in json.loads(out.read_text())["benchmarks"]:
            if run["run_type"] != "iteration":
                continue
            name = "/".join(part for part in run["name"].split("/") if ":" not in part and part != "manual_time")
            if name not in best or run["real_time"] < best[name]["real_time"]:
                best[name] = run
        return best

    def analyze(self, *options: object) -> list[object]:
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        return [self.program, "analyze", self.frames, "-o", out, "--quiet", "--workers", 2, "--repeat", 10**6, *options]

    def summary(self) -> Figures:
        last: Figures = json.loads((self.work / "out" / "results.jsonl").read_text().splitlines()[-1])
        return last

    def live(self) -> Figures:
        """Frames of 1920x1080 out of memory at a camera's pace, the analysis as it is shipped."""
        kept = {str(CAMERA_FPS): self.live_run(CAMERA_FPS, CAMERA_S)}
        # Then the highest pace without a drop, by halves.
        low, high = CAMERA_FPS, MOST_LIVE_FPS
        while high - low > LIVE_STEP_FPS:
            fps = (low + high) // 2
            kept[str(fps)] = self.live_run(fps, LIVE_SEARCH_S)
            if kept[str(fps)]["dropped"] == 0:
                low = fps
            else:
                high = fps
        return dict(sorted(kept.items(), key=lambda run: int(run[0])))

    def live_run(self, fps: int, seconds: int) -> Figures:
        frames = fps * seconds
        run(self.analyze("--pace", fps, "--frames", frames, "--when-behind", "drop_oldest", "--no-overlays"))
        summary = self.summary()
        return {
            "frames": frames,
            "dropped": summary["dropped"],
            "failed": summary["failed"],
            "latency_ms": summary["timing"]["latency_ms"],
            "frame_ms": summary["timing"]["frame_ms"],
        }

    def memory(self) -> Figures:
        """Memory of the driver and of each worker over many frames."""
        process = subprocess.Popen(
            list(map(str, self.analyze("--frames", MEMORY_FRAMES, "--no-overlays"))), stdout=subprocess.DEVNULL
        )
        journal = self.work / "out" / "results.jsonl"
        samples: dict[str, list[tuple[int, int]]] = {}
        frames = read = 0
        while process.poll() is None:
            time.sleep(1)
            with contextlib.suppress(OSError), journal.open("rb") as file:
                file.seek(read)
                new = file.read()
                read += len(new)
                frames += new.count(b"\n") if read > len(new) else new.count(b"\n") - 1
            if not 0 < frames < MEMORY_FRAMES:
                continue
            workers = [f"worker {i}" for i in range(2)]
            for name, one in zip(["driver", *workers], [process.pid, *children(process.pid)], strict=False):
                own = own_memory_kb(one)
                if own > 0:
                    samples.setdefault(name, []).append((frames, own))
        if process.returncode != 0:
            sys.exit(f"exit code {process.returncode}")
        return {name: slope(points) for name, points in samples.items()}


def run(command: list[object]) -> None:
    done = subprocess.run([str(word) for word in command], check=False)
    if done.returncode not in (0, 3):
        sys.exit(f"exit code {done.returncode}: {command}")


def children(process: int) -> list[int]:
    found: list[int] = []
    for listing in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listing.read_text().split())
    return sorted(found)


def own_memory_kb(process: int) -> int:
    """What it holds for itself or shares in memory; not the pages of files, which the system takes back."""
    with contextlib.suppress(OSError):
        status = Path(f"/proc/{process}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in status if line.startswith(("RssAnon", "RssShmem")))
    return 0


def slope(points: list[tuple[int, int]]) -> Figures:
    settled = [point for point in points if point[0] >= MEMORY_SETTLED]
    per_frame = statistics.linear_regression(*zip(*settled, strict=True)).slope
    return {
        "samples": len(settled),
        "frames": settled[-1][0],
        "mb_at_first": settled[0][1] / 1024,
        "mb_at_last": settled[-1][1] / 1024,
        "mb_most": max(kb for _, kb in points) / 1024,
        "kb_per_1000_frames": 1000 * per_frame,
    }


def stamp(program: str) -> Figures:
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    cpus = Path("/proc/cpuinfo").read_text().splitlines()
    return {
        "version": version.splitlines()[0],
        "processor": next((line.partition(": ")[2] for line in cpus if line.startswith("model name")), "unknown"),
        "cores": len(os.sched_getaffinity(0)),
        "date": datetime.datetime.now(datetime.UTC).strftime("%F %R UTC"),
        "load_before": os.getloadavg()[0],
    }


def main() -> None:
    if len(sys.argv) < 5 or not set(sys.argv[5:]) <= set(STEPS):
        sys.exit(__doc__)
    KEPT.mkdir(parents=True, exist_ok=True)
    program = str(Path(sys.argv[1]).resolve())
    for step in sys.argv[5:] or STEPS:
        print(f"\n== {step}", flush=True)
        with tempfile.TemporaryDirectory() as work:
            begun = stamp(program)
            figures = getattr(Bench(program, sys.argv[2], Path(sys.argv[3]), Path(work)), step)()
        (KEPT / f"{step}.json").write_text(json.dumps({"stamp": begun, "figures": figures}, indent=1) + "\n")
    write_page(Path(sys.argv[4]))


if __name__ == "__main__":
    main()
