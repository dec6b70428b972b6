# SPDX-License-Identifier: Apache-2.0
"""A run of 100,000 frames: the driver's memory stays flat, and one frame is read without the others."""

import contextlib
import json
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).resolve().parent.parent
FRAMES = 100_000
SIDE_PX = 32

ANALYZER = """
#include <capillaryx/analyzer.h>
namespace {
struct Empty : capillaryx::Analyzer {
  std::string name() const override { return "empty"; }
  std::string version() const override { return "1"; }
  capillaryx::ModelIdentity model() const override { return {}; }
  capillaryx::FrameResult analyze(const capillaryx::Frame&) override { return {}; }
};
std::unique_ptr<capillaryx::Analyzer> make(const capillaryx::Options&) { return std::make_unique<Empty>(); }
}  // namespace
CAPILLARYX_ANALYZER_LIBRARY(make)
"""


def memory_kb(process: int) -> int:
    """Memory that the process alone holds, in kB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def feed(stream: IO[bytes], frames: int) -> None:
    frame = f"P5 {SIDE_PX} {SIDE_PX} 255\n".encode() + bytes(SIDE_PX * SIDE_PX)
    with stream:
        for _ in range(frames // 100):
            stream.write(frame * 100)


def largest_memory_kb(command: list[str | Path], frames: int) -> int:
    """Of the driver of a run over frames on standard input, its derived files included."""
    run = subprocess.Popen(command, stdin=subprocess.PIPE)
    assert run.stdin is not None
    feeder = threading.Thread(target=feed, args=(run.stdin, frames))
    feeder.start()
    largest = 0
    while run.poll() is None:
        with contextlib.suppress(OSError):  # it may have ended since
            largest = max(largest, memory_kb(run.pid))
        time.sleep(0.05)
    feeder.join()
    assert run.returncode == 0
    return largest


@pytest.mark.soak
def test_memory_stays_flat_over_many_frames_and_one_of_them_is_read_at_once(program: Path, tmp_path: Path) -> None:
    compiler = shutil.which("c++") or pytest.skip("no c++")
    (tmp_path / "empty.cc").write_text(ANALYZER)
    library = tmp_path / "empty.so"
    flags = ["-std=c++20", "-shared", "-fPIC", f"-I{ROOT}/include"]
    subprocess.run([compiler, *flags, tmp_path / "empty.cc", "-o", library], check=True)
    command: list[str | Path] = [
        program,
        "analyze",
        "-",
        "--analyzer",
        f"lib:{library}",
        "--no-overlays",
        "--quiet",
        "-o",
    ]
    few = largest_memory_kb([*command, tmp_path / "few"], FRAMES // 5)
    out = tmp_path / "out"
    many = largest_memory_kb([*command, out], FRAMES)
    print(f"driver: at most {few} kB over {FRAMES // 5} frames, {many} kB over {FRAMES}")
    assert many < few + 2048

    index = out / "results.index"
    assert index.stat().st_size == 32 * FRAMES
    journal = out / "results.jsonl"
    for number in (0, FRAMES // 2, FRAMES - 1):
        start = time.perf_counter()
        with index.open("rb") as offsets, journal.open("rb") as lines:
            offsets.seek(32 * number)
            frame_at, input_at = map(int, offsets.read(32).split())
            lines.seek(frame_at)
            frame = json.loads(lines.readline())
            lines.seek(input_at)
            file = json.loads(lines.readline())
        took_ms = 1000 * (time.perf_counter() - start)
        assert frame["index"] == number
        assert file["file"] == frame["file"] == "stdin"
        assert took_ms < 5, took_ms
