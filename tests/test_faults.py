# SPDX-License-Identifier: Apache-2.0
"""What happens to a run, happens to that run's time alone: workers and drivers that are killed, stopped or hang,
analyzers that fail, disks that are full. After each the results are those of a run that nothing happened to, and
nothing is left behind.

On the real frames of ../shared if they are there, else on synthetic ones. Where more frames show more there is a
long form beside the short one (`make soak`), whose figures go to build/faults/.
"""

import ctypes
import datetime
import errno
import json
import os
import platform
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import results
from conftest import ROOT
from processes import Traces, children, frames_written, start, wait_for

STUDY_FILES = {"measurements.csv", "groups.csv", "study.xlsx", "study.json", "README.txt", "SHA256SUMS"}
RESULT_FILES = STUDY_FILES | {
    "results.jsonl",
    "results.csv",
    "clips.csv",
    "capillaries.csv",
    "coco.json",
    "report.html",
    "report",
    "overlays",
    "results.index",
}
EXECUTORS = ["driver", "router"]


@dataclass(frozen=True)
class Size:
    name: str
    frames: int
    worker_kills: int
    driver_kills: int


SHORT = pytest.param(Size("short", frames=66, worker_kills=4, driver_kills=3), id="short")
LONG = pytest.param(Size("long", frames=500, worker_kills=50, driver_kills=20), id="long", marks=pytest.mark.soak)
short_alone = pytest.mark.parametrize("size", [SHORT], indirect=True)  # more frames would show no more


@pytest.fixture(scope="module", params=[SHORT, LONG])
def size(request: pytest.FixtureRequest) -> Size:
    given: Size = request.param
    return given


@pytest.fixture(scope="module")
def frame_folder(tissue_folder: Path) -> Path:
    real = Path(os.environ.get("CAPILLARYX_SHARED", ROOT.parent / "shared")) / "data" / "frames"
    return real if real.is_dir() else tissue_folder


def inputs(folder: Path, frames: int) -> list[object]:
    return [folder, "--frames", frames, "--repeat", frames, "--workers", 2]


@pytest.fixture(scope="module")
def clean(program: Path, frame_folder: Path, size: Size, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that nothing happened to."""
    out = tmp_path_factory.mktemp("clean") / "out"
    done = start(program, *inputs(frame_folder, size.frames), "-o", out, "--quiet")
    _, stderr = done.communicate(timeout=600)
    assert done.returncode == 0, stderr.decode()
    results.check(out, ROOT)
    return out


def expect_same(out: Path, clean: Path) -> None:
    results.check(out, ROOT)
    assert results.comparable(out) == results.comparable(clean)
    assert results.overlays(out) == results.overlays(clean)
    assert {file.name for file in out.iterdir()} == RESULT_FILES


def expect_end(process: subprocess.Popen[bytes], code: int, seconds: float = 600) -> tuple[str, str]:
    stdout, stderr = (text.decode() for text in process.communicate(timeout=seconds))
    assert process.returncode == code, f"exit {process.returncode}, not {code}\n{stdout}{stderr}"
    return stdout, stderr


Note = Callable[..., None]


@pytest.fixture
def note(request: pytest.FixtureRequest, size: Size, program: Path) -> Iterator[Note]:
    """note(kills=50, ...) keeps figures of a long form in build/faults/TEST.json, once the test has passed."""
    figures: dict[str, Any] = {}
    began = time.monotonic()
    failed_before = request.session.testsfailed
    yield lambda **more: figures.update(more)
    if size.name != "long" or request.session.testsfailed > failed_before:
        return
    version = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    figures |= {
        "test": request.node.originalname,
        "executor": request.node.callspec.params.get("executor", "driver"),
        "frames": size.frames,
        "seconds": round(time.monotonic() - began),
        "commit": version.partition("commit ")[2].partition(";")[0],
        "date": datetime.datetime.now(datetime.UTC).strftime("%F"),
    }
    name = request.node.name.replace("[", "_").replace("]", "")
    folder = ROOT / "build" / "faults"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(figures) + "\n")


def tried_again(out: Path) -> int:
    return sum(frame["timing"]["attempt"] > 1 for frame in results.frames(out))


def workers_of(process: subprocess.Popen[bytes], executor: str) -> list[int]:
    """A router's workers are its controller's children, all but the first, which is the router."""
    if executor == "driver":
        return children(process.pid)
    return [child for controller in children(process.pid) for child in children(controller)[1:]]


@pytest.mark.parametrize("executor", EXECUTORS)
def test_killed_workers_cost_no_frame(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, executor: str, note: Note
) -> None:
    out = tmp_path / "out"
    # The results of several frames may come at once: as many are left as a run does not end with before the last kill.
    moments = sorted(random.Random(4).sample(range(1, size.frames - 40), size.worker_kills))
    with Traces(tmp_path) as traces:
        flags = ["--max-attempts", 20, "--executor", executor, "-o", out]
        process = start(program, *inputs(frame_folder, size.frames), *flags, env=traces.environment)
        for moment in moments:
            wait_for(lambda: frames_written(out) >= moment and bool(workers_of(process, executor)), 120)  # noqa: B023
            time.sleep(random.random() * 0.05)
            os.kill(random.choice(workers_of(process, executor)), signal.SIGKILL)
        expect_end(process, 0)
    expect_same(out, clean)
    assert set(results.statuses(out).values()) == {"ok"}
    assert size.name == "short" or tried_again(out) > 0
    note(kills=len(moments), frames_tried_again=tried_again(out))


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_stopped_worker_is_replaced(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, executor: str, note: Note
) -> None:
    for again in range(5):  # a worker that is stopped between two frames has none that is tried again
        out = tmp_path / f"out{again}"
        with Traces(tmp_path) as traces:
            flags = ["--timeout-s", 2.5, "--executor", executor, "-o", out]
            process = start(program, *inputs(frame_folder, size.frames), *flags, env=traces.environment)
            wait_for(lambda: frames_written(out) >= 5)  # noqa: B023
            stopped = workers_of(process, executor)[0]
            os.kill(stopped, signal.SIGSTOP)
            wait_for(lambda: not Path(f"/proc/{stopped}").exists(), 60)  # noqa: B023
            expect_end(process, 0)
        expect_same(out, clean)
        if tried_again(out) >= 1:
            break
    assert tried_again(out) >= 1
    note(stopped=1, frames_tried_again=tried_again(out))


@pytest.fixture(scope="module")
def faulty_analyzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library for `--analyzer lib:...`."""
    library = tmp_path_factory.mktemp("faulty") / "faulty_analyzer.so"
    compiler = os.environ.get("CXX") or shutil.which("c++") or pytest.skip("no C++ compiler")
    command = [compiler, "-std=c++20", "-shared", "-fPIC", "-Wall", "-Werror", f"-I{ROOT}/include"]
    subprocess.run([*command, f"{ROOT}/tests/faulty_analyzer.cc", "-o", library], check=True)
    return library


@pytest.mark.parametrize("executor", EXECUTORS)
def test_an_analyzer_that_fails_at_some_frames_fails_those_alone(
    program: Path,
    frame_folder: Path,
    clean: Path,
    size: Size,
    tmp_path: Path,
    executor: str,
    faulty_analyzer: Path,
    note: Note,
) -> None:
    reasons = {
        "throw": "no skin in sight",
        "crash": "the worker was lost: killed by SIGSEGV (tried 2 times)",
        "exit": "the worker was lost: exited with code 3 (tried 2 times)",
        "leak": "the worker was lost: out of memory (limit 200 MB) (tried 2 times)",
        "sleep": "the frame took longer than 4 s (tried 2 times)",
    }
    chosen = dict(zip(random.Random(5).sample(range(size.frames), len(reasons)), reasons, strict=True))
    out = tmp_path / "out"
    with Traces(tmp_path) as traces:
        faults = ",".join(f"{deed}:{index}" for index, deed in chosen.items())
        environment = traces.environment | {"CAPILLARYX_FAULTS": faults}
        flags = [
            "--analyzer",
            f"lib:{faulty_analyzer}",
            "--memory-limit-mb",
            200,
            "--timeout-s",
            4,
            "--max-attempts",
            2,
        ]
        more = ["--executor", executor, "-o", out]
        process = start(program, *inputs(frame_folder, size.frames), *flags, *more, env=environment)
        expect_end(process, 3)
    results.check(out, ROOT)
    failed = {frame["index"]: frame["error"] for frame in results.frames(out) if frame["status"] != "ok"}
    assert failed == {index: reasons[deed] for index, deed in chosen.items()}
    for ours, theirs in zip(results.frames(out), results.frames(clean), strict=True):
        if ours["index"] not in chosen:
            assert {**ours, "timing": None} == {**theirs, "timing": None}
    note(failed_frames=len(failed))


def test_a_killed_driver_is_resumed_as_if_nothing_had_been(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, note: Note
) -> None:
    """Sessions of one run, each killed at a random moment, most of them after some frames."""
    out = tmp_path / "out"
    moments = random.Random(6)
    kept = []
    with Traces(tmp_path) as traces:

        def session() -> subprocess.Popen[bytes]:
            flags = ["-o", out, "--resume"]
            return start(program, *inputs(frame_folder, size.frames), *flags, env=traces.environment)

        for _ in range(size.driver_kills):
            before = frames_written(out)
            process = session()
            if moments.random() < 0.75:
                # Frames, not seconds: however fast the program is, all kills find it at work.
                goal = before + moments.randint(1, max(1, size.frames // size.driver_kills // 2))
                wait_for(lambda: frames_written(out) >= goal or process.poll() is not None, 60)  # noqa: B023
            time.sleep(moments.random() * 0.05)
            assert process.poll() is None, "the run ended before it was killed"
            process.kill()
            process.communicate()
            wait_for(lambda: not traces.processes(), 10)
            kept.append(frames_written(out))
        assert kept == sorted(kept)
        expect_end(session(), 0)
    expect_same(out, clean)
    note(kills=size.driver_kills, frames_kept_after_each_kill=kept)


@short_alone
@pytest.mark.parametrize("victim", ["controller", "router"])
def test_a_killed_router_or_controller_ends_the_run_and_resume_goes_on(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, victim: str
) -> None:
    out = tmp_path / "out"
    with Traces(tmp_path) as traces:
        flags = [*inputs(frame_folder, size.frames), "--executor", "router", "--resume", "-o", out]
        process = start(program, *flags, env=traces.environment)
        wait_for(lambda: frames_written(out) >= 5)
        (controller,) = children(process.pid)
        os.kill(controller if victim == "controller" else children(controller)[0], signal.SIGKILL)
        _, stderr = expect_end(process, 1, 30)
        assert "router" in stderr or "controller" in stderr
        traces.check()
        expect_end(start(program, *flags, env=traces.environment), 0)
    expect_same(out, clean)


def test_a_full_disk_is_a_clear_error_and_resume_goes_on(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, note: Note
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    needed = sum(file.stat().st_size for file in clean.rglob("*") if file.is_file())
    mount = ["mount", "-t", "tmpfs", "-o", f"size={needed // 2}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    out = disk / "out"
    try:
        with Traces(tmp_path) as traces:
            flags = [*inputs(frame_folder, size.frames), "--resume", "-o", out]
            for _ in range(2):  # the second finds it full from the start
                _, stderr = expect_end(start(program, *flags, env=traces.environment), 1)
                assert os.strerror(errno.ENOSPC) in stderr
                for line in (out / "results.jsonl").read_bytes().splitlines()[:-1]:
                    json.loads(line)
            kept = frames_written(out)
            assert 0 < kept < size.frames
            subprocess.run(["mount", "-o", f"remount,size={4 * needed}", str(disk)], check=True)
            expect_end(start(program, *flags, env=traces.environment), 0)
            expect_same(out, clean)
        note(frames_kept_of_a_disk_half_as_large_as_the_results=kept)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


@short_alone
@pytest.mark.parametrize("how", ["removed", "renamed"])
def test_an_output_folder_that_vanishes_is_a_clear_error(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, how: str
) -> None:
    out = tmp_path / "out"
    away = tmp_path / "away"
    with Traces(tmp_path) as traces:
        flags = [*inputs(frame_folder, size.frames), "--resume", "-o"]
        process = start(program, *flags, out, env=traces.environment)
        wait_for(lambda: frames_written(out) >= 5)
        out.rename(away)
        if how == "removed":
            shutil.rmtree(away)
        _, stderr = expect_end(process, 1)
        assert str(out) in stderr
        assert not out.exists()
        # Of the one renamed, everything written is there still.
        if how == "renamed":
            assert frames_written(away) >= 5
        expect_end(start(program, *flags, away, env=traces.environment), 0)
    expect_same(away, clean)


KILL, ALLOW, REFUSE = 0x80000000, 0x7FFF0000, 0x00050000  # what a filter of system calls may answer
MAKE_SOCKET, SET_UP_IO_URING, SET_FILTER = {"x86_64": (41, 425, 317), "aarch64": (198, 425, 277)}[platform.machine()]
LOAD, JUMP_IF_EQUAL, ANSWER = 0x20, 0x15, 0x06  # BPF
NUMBER_OF_CALL, FIRST_ARGUMENT = 0, 16


def filter_calls(*program: tuple[int, int, int, int]) -> None:
    """For a child: it and all that it starts have this filter of system calls (BPF)."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
    memory = ctypes.create_string_buffer(code)
    described = ctypes.create_string_buffer(struct.pack("HP", len(program), ctypes.addressof(memory)))
    system = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, set_seccomp, filter_mode = 38, 22, 2  # of prctl
    if system.prctl(no_new_privileges, 1, 0, 0, 0) != 0 or system.prctl(set_seccomp, filter_mode, described) != 0:
        raise OSError(ctypes.get_errno(), "no filter")


def trap_network() -> None:
    """Who makes a socket that is no local one is killed."""
    filter_calls(
        (LOAD, 0, 0, NUMBER_OF_CALL),
        (JUMP_IF_EQUAL, 3, 0, SET_UP_IO_URING),
        (JUMP_IF_EQUAL, 0, 3, MAKE_SOCKET),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (JUMP_IF_EQUAL, 1, 0, socket.AF_UNIX),
        (ANSWER, 0, 0, KILL),
        (ANSWER, 0, 0, ALLOW),
    )


def refuse_sandboxes() -> None:
    """As a kernel that has no seccomp()."""
    filter_calls(
        (LOAD, 0, 0, NUMBER_OF_CALL),
        (JUMP_IF_EQUAL, 0, 1, SET_FILTER),
        (ANSWER, 0, 0, REFUSE | errno.ENOSYS),
        (ANSWER, 0, 0, ALLOW),
    )


@short_alone
@pytest.mark.parametrize("executor", ["serial", *EXECUTORS])
def test_no_network_socket_is_ever_made(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, executor: str
) -> None:
    # The trap holds: who makes a socket in it is gone.
    caught = [sys.executable, "-c", "import socket; socket.socket()"]
    assert subprocess.run(caught, preexec_fn=trap_network, check=False).returncode == -signal.SIGSYS
    local = [sys.executable, "-c", "import socket; socket.socketpair()"]
    assert subprocess.run(local, preexec_fn=trap_network, check=False).returncode == 0

    out = tmp_path / "out"
    status = tmp_path / "status.json"
    with Traces(tmp_path) as traces:
        flags = ["--executor", executor, "-o", out, "--status-file", status]
        command = [*inputs(frame_folder, size.frames), *flags]
        expect_end(start(program, *command, env=traces.environment, preexec_fn=trap_network), 0)
    expect_same(out, clean)
    # A worker that had been caught would have been replaced.
    assert json.loads(status.read_text())["worker_deaths"] == 0
    assert tried_again(out) == 0


@short_alone
@pytest.mark.parametrize("executor", EXECUTORS)
def test_nothing_is_left_of_a_run_that_is_interrupted(
    program: Path, frame_folder: Path, size: Size, tmp_path: Path, executor: str
) -> None:
    out = tmp_path / "out"
    with Traces(tmp_path) as traces:
        flags = ["--executor", executor, "-o", out]
        process = start(program, *inputs(frame_folder, 100 * size.frames), *flags, env=traces.environment)
        wait_for(lambda: frames_written(out) >= 3)
        process.send_signal(signal.SIGINT)
        expect_end(process, 130)
    assert {file.name for file in out.iterdir()} == RESULT_FILES
    assert len(results.overlays(out)) == frames_written(out)


@short_alone
@pytest.mark.parametrize("executor", EXECUTORS)
def test_workers_that_cannot_be_locked_down_are_told_of(
    program: Path, frame_folder: Path, clean: Path, size: Size, tmp_path: Path, executor: str
) -> None:
    def run(out: Path, **more: object) -> str:
        flags = ["--executor", executor, "-o", out]
        return expect_end(start(program, *inputs(frame_folder, size.frames), *flags, **more), 0)[1]

    assert "sandboxed" not in run(tmp_path / "usual")
    warned = run(tmp_path / "refused", preexec_fn=refuse_sandboxes)
    assert warned.count("warning: the workers are not sandboxed: the kernel refuses the sandbox") == 1
    expect_same(tmp_path / "refused", clean)
