# SPDX-License-Identifier: Apache-2.0
"""Python analyzers in worker processes of the C++ driver."""

import subprocess
import sys
from pathlib import Path

import analyzers
import numpy as np
import pytest
from conftest import COMMAND, ROOT, run, skin

import capillaryx


def statuses(results: list[capillaryx.FrameResult]) -> list[str]:
    return [result.status for result in results]


@pytest.mark.parametrize("options", [{}, {"executor": "serial"}, {"worker_kind": "thread"}, {"executor": "router"}])
def test_numbers_of_every_frame_come_back(frames: Path, options: capillaryx.OptionKeywords) -> None:
    options["analyzer"] = analyzers.Mean
    results = list(capillaryx.analyze(frames, **options))
    assert statuses(results) == ["ok"] * 4
    assert all(0 < result.values["mean"] < 255 for result in results)


def test_it_runs_in_processes_of_its_own(frames: Path) -> None:
    with capillaryx.analyze(frames, analyzer=analyzers.Mean, workers=2, repeat=50) as results:
        next(results)
        own = Path("/proc/self/task")
        words = [
            Path(f"/proc/{child}/cmdline").read_bytes()
            for task in own.iterdir()
            for child in (task / "children").read_text().split()
        ]
    assert sum(b"capillaryx.worker" in line for line in words) == 2


def test_an_exception_is_that_frames_failure_with_its_last_line(frames: Path) -> None:
    results = list(capillaryx.analyze(frames, analyzer=analyzers.Raises))
    assert statuses(results) == ["ok", "failed", "ok", "ok"]
    assert results[1].error is not None
    assert results[1].error.startswith("ValueError: no skin")


def test_a_process_that_dies_costs_its_frame_alone_after_three_tries(frames: Path) -> None:
    results = list(capillaryx.analyze(frames, analyzer=analyzers.Dies))
    assert statuses(results) == ["ok", "failed", "ok", "ok"]
    assert results[1].error is not None
    assert "exited with code 7" in results[1].error
    assert results[1].timing.attempt == 3


def test_a_frame_that_takes_too_long_is_given_up(frames: Path) -> None:
    results = list(capillaryx.analyze(frames, analyzer=analyzers.Hangs, timeout_s=0.5, max_attempts=1))
    assert statuses(results) == ["ok", "failed", "ok", "ok"]


def test_what_is_no_result_is_a_failure_that_says_so(frames: Path) -> None:
    results = list(capillaryx.analyze(frames, analyzer=analyzers.NoNumbers))
    assert statuses(results) == ["failed"] * 4
    assert results[0].error == "TypeError: analyze must return a FrameResult or a dict of numbers, not str"


def test_an_analyzer_that_cannot_be_made_ends_the_run_with_its_reason(frames: Path) -> None:
    with pytest.raises(capillaryx.Error, match="RuntimeError: no weights here"):
        list(capillaryx.analyze(frames, analyzer=analyzers.CannotStart))


def test_a_whole_result_may_be_given(frames: Path) -> None:
    for result in capillaryx.analyze(frames, analyzer=analyzers.Boxes):
        assert result.count == 1
        assert result.capillaries[0].bbox == (10, 10, 10, 10)
        assert result.capillaries[0].polygon.tolist() == [[10, 10], [20, 10], [20, 20], [10, 20]]


def test_one_frame_alone_works_too() -> None:
    result = capillaryx.analyze_frame(np.full((4, 4), 7, np.uint8), analyzer=analyzers.Mean)
    assert result.values["mean"] == 7


def test_a_class_that_no_process_could_find_is_refused() -> None:
    class Hidden(analyzers.Mean):
        """Inside a function."""

    with pytest.raises(ValueError, match="inside a function"):
        capillaryx.analyze("frames", analyzer=Hidden)
    assert capillaryx.analyze_frame(skin(), analyzer=Hidden).ok


def test_a_class_that_was_written_anew_is_taken() -> None:
    picture = np.full((4, 4), 7, np.uint8)
    for number in (1.0, 2.0):
        kind = type("Again", (capillaryx.Analyzer,), {"analyze": lambda self, frame, number=number: {"n": number}})
        assert dict(capillaryx.analyze_frame(picture, analyzer=kind).values) == {"n": number}


def test_a_worker_may_read_files_and_nothing_else(
    frames: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (result,) = capillaryx.analyze(frames, analyzer=analyzers.Locked, frames=1)
    assert dict(result.values) == analyzers.LOCKED
    assert not (tmp_path / "made.txt").exists()


def test_the_command_runs_a_class_by_name(frames: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import capillaryx\nclass Size(capillaryx.Analyzer):\n"
        "    def analyze(self, frame):\n        return {'size': float(frame.pixels.size)}\n"
    )
    for place, name in enumerate(("python:mine.Size", "python:mine.py:Size")):
        run(COMMAND, "analyze", frames, "-o", f"out{place}", "--analyzer", name, cwd=tmp_path)
        values = [dict(result.values) for result in capillaryx.read_results(tmp_path / f"out{place}")]
        assert values == [{"size": values[0]["size"]}] * 4


def test_a_run_goes_on_only_with_the_same_algorithm(frames: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.py"
    text = (
        "import capillaryx\nclass One(capillaryx.Analyzer):\n    def analyze(self, frame):\n        return {'n': 1.0}\n"
    )
    mine.write_text(text)
    analyze = (COMMAND, "analyze", frames, "-o", "out", "--analyzer", "python:mine.One")
    run(*analyze, cwd=tmp_path)
    lines = (tmp_path / "out/results.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "out/results.jsonl").write_text("".join(lines[:3]))
    run(*analyze, "--resume", cwd=tmp_path)
    assert len(list(capillaryx.read_results(tmp_path / "out"))) == 4
    (tmp_path / "out/results.jsonl").write_text("".join(lines[:3]))
    mine.write_text(text.replace("1.0", "2.0"))
    run(*analyze, "--resume", cwd=tmp_path, expect=1)


def test_the_example_is_short_and_runs(frames: Path) -> None:
    example = ROOT / "examples/my_analyzer.py"
    assert len(example.read_text().splitlines()) < 40
    said = run(sys.executable, example, frames).splitlines()
    assert len(said) == 4
    assert all(" ok {'max': " in line for line in said)


def test_pixels_that_are_kept_stay_what_they_were(tmp_path: Path) -> None:
    """Frames that came as pixels lie in the driver's shared memory: what an analyzer keeps is not written over."""
    (tmp_path / "keeper.py").write_text(
        "import capillaryx\n"
        "class Keeper(capillaryx.Analyzer):\n"
        "    def __init__(self):\n"
        "        self.kept = []\n"
        "    def analyze(self, frame):\n"
        "        self.kept.append((frame.pixels, int(frame.pixels.astype(int).sum())))\n"
        "        changed = sum(int(pixels.astype(int).sum()) != total for pixels, total in self.kept)\n"
        "        return {'changed': float(changed), 'writeable': float(frame.pixels.flags.writeable)}\n"
    )
    stream = b"".join(b"P5 64 48 255\n" + bytes([value]) * (64 * 48) for value in range(30))
    command = [str(COMMAND), "analyze", "-", "-o", "out", "--analyzer", "python:keeper.Keeper", "--workers", "1"]
    subprocess.run(command, input=stream, check=True, cwd=tmp_path, timeout=60, capture_output=True)
    found = list(capillaryx.read_results(tmp_path / "out"))
    assert len(found) == 30
    assert all(dict(result.values) == {"changed": 0, "writeable": 0} for result in found)
