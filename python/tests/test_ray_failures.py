# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on Ray goes wrong as with the local driver: failures, limits, resume, what is in flight."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import analyzers
import pytest
from conftest import COMMAND, children, comparable, frame_lines, run

pytest.importorskip("ray")

import ray

import capillaryx.ray


@pytest.fixture(scope="module")
def one_ray() -> Iterator[None]:
    """A Ray for several runs: one is not started again for each, which takes seconds."""
    mine = capillaryx.ray.LocalRay(2)
    yield
    mine.close()


def told(results: list[capillaryx.FrameResult]) -> list[tuple[str, str | None, int]]:
    """What is known of each frame but its figures."""
    return [(result.status, result.error, result.timing.attempt) for result in results]


def test_real_frames_give_what_the_command_gives(one_ray: None, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/frames"
    run(COMMAND, "analyze", folder, "-o", tmp_path / "out")
    results = [result.to_json() for result in capillaryx.ray.analyze(folder, workers=2)]
    assert len(results) > 5
    assert comparable(results) == frame_lines(tmp_path / "out")


@pytest.mark.parametrize(
    ("analyzer", "reason"),
    [
        (analyzers.Raises, "ValueError: no skin"),
        (analyzers.Dies, "the worker was lost: exited with code 7 (tried 3 times)"),
        (analyzers.Aborts, "the worker was lost: killed by SIGABRT (tried 3 times)"),
        (analyzers.NoNumbers, "TypeError: analyze must return"),
    ],
)
def test_a_frame_fails_for_the_local_drivers_reason(
    one_ray: None, frames: Path, analyzer: type[capillaryx.Analyzer], reason: str
) -> None:
    on_ray = list(capillaryx.ray.analyze(frames, analyzer=analyzer, workers=2))
    local = list(capillaryx.analyze(frames, analyzer=analyzer, workers=2))
    assert on_ray == local
    assert told(on_ray) == told(local)
    assert str(on_ray[1].error).startswith(reason)


def test_a_frame_over_its_time_limit_fails_as_locally(one_ray: None, frames: Path) -> None:
    options: capillaryx.OptionKeywords = {"analyzer": analyzers.Hangs, "timeout_s": 1, "max_attempts": 2, "workers": 2}
    on_ray = list(capillaryx.ray.analyze(frames, **options))
    assert told(on_ray) == told(list(capillaryx.analyze(frames, **options)))
    assert [result.status for result in on_ray] == ["ok", "failed", "ok", "ok"]
    assert on_ray[1].timing.attempt == 2


def test_an_analyzer_that_cannot_be_made_ends_the_run_with_its_reason(one_ray: None, frames: Path) -> None:
    with pytest.raises(capillaryx.Error, match="RuntimeError: no weights here"):
        list(capillaryx.ray.analyze(frames, analyzer=analyzers.CannotStart, workers=1))


def test_a_ray_that_fails_itself_ends_the_run(one_ray: None, frames: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the cluster is gone")

    monkeypatch.setattr(ray, "wait", fail)
    with pytest.raises(capillaryx.ExecutorError, match="Ray: the cluster is gone"):
        list(capillaryx.ray.analyze(frames, workers=1))


def test_damaged_files_fail_for_the_same_reasons(one_ray: None, frames: Path, tmp_path: Path) -> None:
    whole = next(frames.glob("*.png")).read_bytes()
    for name, content in {"a.png": whole[: len(whole) // 2], "b.png": b"no picture", "c.png": whole}.items():
        (tmp_path / name).write_bytes(content)
    on_ray = list(capillaryx.ray.analyze(tmp_path, workers=1))
    assert on_ray == list(capillaryx.analyze(tmp_path))
    assert [result.status for result in on_ray] == ["failed", "failed", "ok"]


def test_a_run_that_was_cut_short_goes_on(one_ray: None, frames: Path, analysed: Path, tmp_path: Path) -> None:
    shutil.copytree(analysed, tmp_path / "out")
    lines = (analysed / "results.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out/results.jsonl").write_text("".join(lines[:3]))
    summary = capillaryx.analyze_to(frames, tmp_path / "out", executor="ray", workers=1, resume=True)
    assert (summary.resumed, summary.ok) == (2, 4)
    assert frame_lines(tmp_path / "out") == frame_lines(analysed)


def test_where_the_files_are_not_seen_their_bytes_travel(
    one_ray: None, frames: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The actor finds another file under that name, as far as it can tell."""
    named: list[int] = []
    sent: list[int] = []
    read_whole = capillaryx.ray.read_whole

    def other_file(descriptor: int) -> tuple[int, int, str]:
        named.append(descriptor)
        return 0, 0, "another"

    def read(descriptor: int) -> bytes:
        sent.append(descriptor)
        return read_whole(descriptor)

    monkeypatch.setattr(capillaryx.ray, "fingerprint", other_file)
    monkeypatch.setattr(capillaryx.ray, "read_whole", read)
    on_ray = list(capillaryx.ray.analyze(frames, workers=1, repeat=5))
    assert on_ray == list(capillaryx.analyze(frames, repeat=5))
    assert len(sent) == 20
    assert len(named) < 20, "once it is known, names are not tried any more"


def test_frames_in_flight_are_bounded(one_ray: None, frames: Path) -> None:
    """However many there are: those that wait, are with a worker, or wait for their turn in the results."""
    most = 0

    def look(now: capillaryx.Progress) -> None:
        nonlocal most
        most = max(most, now.frames_in_flight)
        if now.frames_done > 60:
            raise StopIteration

    options: capillaryx.OptionKeywords = {"executor": "ray", "analyzer": analyzers.Slow, "workers": 1, "repeat": 10000}
    with tempfile.TemporaryDirectory() as folder, pytest.raises(StopIteration):
        capillaryx.analyze_to(frames, Path(folder) / "out", look, **options)
    assert 1 < most <= 16


def test_an_actor_that_is_killed_costs_no_frame(one_ray: None, frames: Path) -> None:
    results = []
    for result in capillaryx.ray.analyze(frames, analyzer=analyzers.Slow, workers=2, repeat=20):
        results.append(result)
        if len(results) == 20:
            os.kill(actors_here()[0], signal.SIGKILL)
    assert [result.index for result in results] == list(range(80))
    assert all(result.ok for result in results)
    assert max(result.timing.attempt for result in results) == 2


def actors_here() -> list[int]:
    """The processes that are our actors."""
    found = []
    for process in sorted(children()):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process}/cmdline").read_bytes().startswith(b"ray::FrameActor"):
                found.append(process)
    return found


def test_what_reads_pictures_is_locked_down_as_locally(one_ray: None, frames: Path) -> None:
    (result,) = capillaryx.ray.analyze(frames, analyzer=analyzers.Locked, workers=1, frames=1)
    assert dict(result.values) == analyzers.LOCKED


def test_a_network_and_an_analyzer_are_found_from_the_drivers_folder(
    one_ray: None, frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named as the user does there; actors stand elsewhere."""
    shutil.copy(Path(capillaryx.__file__).parent / "training/capillary.onnx", tmp_path / "own.onnx")
    (tmp_path / "own.py").write_text(
        "import capillaryx\nclass Own(capillaryx.Analyzer):\n    def analyze(self, frame):\n        return {'n': 1.0}\n"
    )
    monkeypatch.chdir(tmp_path)
    for options in ({"model": "own.onnx"}, {"analyzer": "python:own.py:Own"}):
        results = list(capillaryx.ray.analyze(frames, workers=1, frames=2, **options))  # type: ignore[arg-type]
        assert [result.status for result in results] == ["ok", "ok"]
