# SPDX-License-Identifier: Apache-2.0
"""Frames in, results out: the same as the command, as they come, stoppable."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import COMMAND, children, comparable, frame_lines, run, skin

import capillaryx
from capillaryx import _core


@pytest.mark.parametrize("options", [{}, {"executor": "serial"}, {"workers": 3}, {"worker_kind": "thread"}])
def test_results_are_those_of_the_command(frames: Path, analysed: Path, options: capillaryx.OptionKeywords) -> None:
    results = list(capillaryx.analyze(frames, **options))
    assert comparable([result.to_json() for result in results]) == frame_lines(analysed)


def test_real_frames_give_what_the_command_gives(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/frames"
    run(COMMAND, "analyze", folder, "-o", tmp_path / "out")
    results = [result.to_json() for result in capillaryx.analyze(folder)]
    assert len(results) > 5
    assert comparable(results) == frame_lines(tmp_path / "out")


def test_a_folder_gets_the_commands_files(frames: Path, analysed: Path, tmp_path: Path) -> None:
    seen: list[capillaryx.Progress] = []
    summary = capillaryx.analyze_to(frames, tmp_path / "out", on_progress=seen.append)
    assert frame_lines(tmp_path / "out") == frame_lines(analysed)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in analysed.iterdir()}
    assert (summary.frames, summary.ok, summary.failed) == (4, 4, 0)
    assert seen
    assert seen[-1].frame_count == 4
    again = list(capillaryx.read_results(tmp_path / "out"))
    assert again == list(capillaryx.read_results(analysed))


def test_the_summary_is_there_once_the_run_has_ended(frames: Path) -> None:
    run = capillaryx.analyze([frames, frames], frames=5)
    assert [result.index for result in run] == [0, 1, 2, 3, 4]
    assert run.summary is not None
    assert run.summary.frames == 5
    assert run.summary.density is not None
    assert 0 < run.summary.density.mean < 1


def test_a_run_that_is_left_stops_and_leaves_no_process(frames: Path) -> None:
    before = children()
    with capillaryx.analyze(frames, repeat=1000) as run:
        assert next(run).ok
    assert children() == before
    with pytest.raises(StopIteration):
        next(run)


def test_an_unreadable_file_is_a_failed_frame(frames: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    good, bad = capillaryx.analyze([next(frames.glob("*.png")), tmp_path / "bad.png"])
    assert good.ok
    assert (bad.status, bad.count, bad.density) == ("failed", None, None)
    assert bad.error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"workerz": 2}, "no option 'workerz'"),
        ({"workers": -1}, "workers must lie between 0"),
        ({"workers": "two"}, "workers must be a whole number"),
        ({"executor": "cloud"}, "executor must be"),
        ({"model": object()}, "wrong type"),
    ],
)
def test_a_wrong_option_is_a_value_error_that_names_it(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        capillaryx.analyze("frames", **options)  # type: ignore[arg-type]


def test_a_missing_input_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(capillaryx.InputError, match="nowhere"):
        next(capillaryx.analyze(tmp_path / "nowhere"))


def test_a_used_folder_is_refused_as_by_the_command(frames: Path, analysed: Path) -> None:
    with pytest.raises(capillaryx.Error, match="--force"):
        capillaryx.analyze_to(frames, analysed)


@pytest.mark.parametrize("way", ["analyze", "analyze_to"])
def test_ctrl_c_ends_a_run_and_its_workers(frames: Path, tmp_path: Path, way: str) -> None:
    lines = {
        "analyze": f"for result in capillaryx.analyze({str(frames)!r}, repeat=100000): print(result.index, flush=True)",
        "analyze_to": f"capillaryx.analyze_to({str(frames)!r}, {str(tmp_path / 'out')!r}, "
        "lambda now: now.frames_done and print(now.frames_done, flush=True), repeat=100000)",
    }
    program = subprocess.Popen(
        [sys.executable, "-c", f"import capillaryx\n{lines[way]}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Ignored where the tests run in the background of a shell, and a child inherits that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert program.stdout is not None
    assert program.stdout.readline()
    workers = [int(word) for word in Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()]
    program.send_signal(signal.SIGINT)
    _, said = program.communicate(timeout=60)
    assert program.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in said
    for worker in workers:
        assert not Path(f"/proc/{worker}").exists()
    if way == "analyze_to":
        assert (tmp_path / "out" / "report.html").is_file()


def ticks_a_second(work: Callable[[], object]) -> float:
    """How often another thread of Python comes by while `work` is done."""
    ticks = 0
    done = threading.Event()

    def count() -> None:
        nonlocal ticks
        while not done.wait(0.001):
            ticks += 1

    thread = threading.Thread(target=count)
    thread.start()
    start = time.monotonic()
    work()
    took = time.monotonic() - start
    done.set()
    thread.join()
    return ticks / took


@pytest.mark.parametrize("way", ["analyze", "analyze_to", "analyze_frame", "making an analyzer"])
def test_waiting_releases_the_gil(frames: Path, tmp_path: Path, way: str) -> None:
    image = skin(1080, 1920)
    # Made before: what is looked at is one thing alone.
    result = capillaryx.analyze_frame(image)
    work: dict[str, Callable[[], object]] = {
        "analyze": lambda: list(capillaryx.analyze(frames, executor="serial")),
        "analyze_to": lambda: capillaryx.analyze_to(frames, tmp_path / "out", executor="serial"),
        "analyze_frame": lambda: [capillaryx.analyze_frame(image) for _ in range(5)],
        "making an analyzer": lambda: [_core.FrameAnalyzer("{}") for _ in range(5)],
    }
    assert result.ok
    # It would be a handful where the wait held the lock.
    assert ticks_a_second(work[way]) > 20


def test_a_summary_warns_of_workers_that_are_not_locked_down(frames: Path) -> None:
    """As on a kernel that has no seccomp(): a filter (BPF) answers it with ENOSYS."""
    program = (
        "import ctypes, struct, sys\n"
        "instructions = (0x20, 0, 0, 0), (0x15, 0, 1, 317), (0x06, 0, 0, 0x50026), (0x06, 0, 0, 0x7FFF0000)\n"
        "code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *each) for each in instructions))\n"
        "described = ctypes.create_string_buffer(struct.pack('HP', 4, ctypes.addressof(code)))\n"
        "system = ctypes.CDLL(None)\n"
        "assert system.prctl(38, 1, 0, 0, 0) == 0 and system.prctl(22, 2, described) == 0\n"
        "import capillaryx\n"
        "run = capillaryx.analyze(sys.argv[1])\n"
        "assert all(result.ok for result in run)\n"
        "print(run.summary.warning)\n"
    )
    said = run(sys.executable, "-c", program, frames)
    assert "the workers are not sandboxed: the kernel refuses the sandbox" in said
    usual = capillaryx.analyze(frames, frames=1)
    assert len(list(usual)) == 1
    assert usual.summary is not None
    assert usual.summary.warning == ""
