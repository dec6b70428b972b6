# SPDX-License-Identifier: Apache-2.0
"""The whole program with threads as workers. `make tsan` runs these under ThreadSanitizer, where a race ends the
program; so every room that has its own threads works beside the others here: source, driver, workers, status file,
progress, the handling of Ctrl-C.
"""

import json
import signal
import subprocess
from pathlib import Path

import pictures
import pytest
import results
from conftest import ROOT, Analyze, Run
from processes import frames_written, start, wait_for

THREADS = ["--worker-kind", "thread", "--workers", 3]


@pytest.fixture(scope="module")
def serial(capillaryx: Run, tissue_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("serial") / "out"
    capillaryx("analyze", tissue_folder, "-o", out, "--executor", "serial", "--repeat", 5, "--stages")
    return out


def test_threads_give_what_serial_gives(analyze: Analyze, tissue_folder: Path, serial: Path, tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    out = analyze(tissue_folder, *THREADS, "--repeat", 5, "--stages", "--status-file", status).out
    assert results.comparable(out) == results.comparable(serial)
    assert results.overlays(out) == results.overlays(serial)
    assert json.loads(status.read_text())["state"] == "finished"


def test_threads_stop_in_the_middle_and_go_on(
    program: Path, analyze: Analyze, tissue_folder: Path, serial: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    flags = [tissue_folder, *THREADS, "--repeat", 5, "--stages"]
    # As a camera would, so that there is a middle on any machine.
    process = start(program, *flags, "--pace", 5, "--status-file", tmp_path / "status.json", "-o", out)
    wait_for(lambda: frames_written(out) >= 3, 60)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr.decode()
    assert 3 <= frames_written(out) < 30
    analyze(*flags, "--resume", to=out)
    # Paced frames come as pixels: the hash of their file is not known. All else is the same.
    assert results.comparable(out)["coco.json"] == results.comparable(serial)["coco.json"]
    assert len(results.frames(out)) == 30


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest"])
def test_threads_that_are_behind_drop_frames(analyze: Analyze, tissue_folder: Path, policy: str) -> None:
    behind = ["--pace", 100000, "--when-behind", policy, "--max-wait-ms", 0]
    out = analyze(tissue_folder, *THREADS, "--repeat", 20, *behind).out
    statuses = [frame["status"] for frame in results.frames(out)]
    assert len(statuses) == 120
    assert {"ok", "dropped"} == set(statuses)


def test_threads_read_a_pipe(program: Path, serial: Path, tmp_path: Path) -> None:
    """Frames as pixels, from a source that waits."""
    frames = b"".join(pictures.pnm(pictures.tissue(seed=index)) for index in range(6))
    process = start(program, "-", *THREADS, "-o", tmp_path / "out", stdin=subprocess.PIPE)
    _, stderr = process.communicate(frames, timeout=120)
    assert process.returncode == 0, stderr.decode()
    results.check(tmp_path / "out", ROOT)
    counts = [frame["count"] for frame in results.frames(tmp_path / "out")]
    assert counts == [frame["count"] for frame in results.frames(serial)][:6]
