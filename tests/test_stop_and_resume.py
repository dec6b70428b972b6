# SPDX-License-Identifier: Apache-2.0
"""A run that is interrupted, and going on with it."""

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pictures
import pytest
import results
from conftest import Analyze
from processes import frames_written, start, wait_for

REPEAT = 40  # of six small frames: long enough to be interrupted in the middle


@pytest.fixture(scope="module")
def whole(program: Path, tissue_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run that was never interrupted."""
    out = tmp_path_factory.mktemp("whole") / "out"
    command = [str(program), "analyze", str(tissue_folder), "-o", str(out), "--repeat", str(REPEAT), "--quiet"]
    subprocess.run(command, check=True, timeout=120)
    return out


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_done(
    program: Path, analyze: Analyze, tissue_folder: Path, tmp_path: Path, whole: Path, how: signal.Signals
) -> None:
    out = tmp_path / "out"
    process = start(program, tissue_folder, "-o", out, "--repeat", REPEAT)
    wait_for(lambda: frames_written(out) >= 5)
    process.send_signal(how)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert b"--resume" in stdout
    kept = results.lines(out)
    assert kept[0]["type"] == "run"
    assert 6 <= len(kept) < 6 * REPEAT
    assert all(line["type"] == "frame" for line in kept[1:])
    assert len(results.rows(out)) == len(kept) - 1
    assert (out / "report.html").is_file()
    analyze(tissue_folder, "--repeat", REPEAT, "--resume", to=out)
    assert results.comparable(out) == results.comparable(whole)
    assert results.overlays(out) == results.overlays(whole)


def test_ctrl_c_ends_a_run_that_waits_for_its_input(program: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(program, "-", "-o", out, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(pictures.pnm(pictures.tissue()) * 2)
    process.stdin.flush()
    wait_for(lambda: frames_written(out) >= 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 130
    process.stdin.close()
    assert frames_written(out) == 2


def test_a_second_ctrl_c_ends_at_once(program: Path, tissue_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start(program, tissue_folder, "-o", out, "--repeat", 1000)
    wait_for(lambda: frames_written(out) >= 2)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(timeout=20) == 130
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("cut", [1, 20, 400])
def test_a_torn_last_line_is_mended(analyze: Analyze, tissue_folder: Path, tmp_path: Path, cut: int) -> None:
    out = tmp_path / "out"
    analyze(tissue_folder, to=out)
    before = results.comparable(out)
    journal = out / "results.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:5])[:-cut])
    analyze(tissue_folder, "--resume", to=out)
    assert results.comparable(out) == before


def test_resume_of_a_missing_empty_or_torn_folder_starts_afresh(
    analyze: Analyze, tissue_folder: Path, tmp_path: Path
) -> None:
    fresh = results.comparable(analyze(tissue_folder).out)
    assert results.comparable(analyze(tissue_folder, "--resume", to=tmp_path / "missing").out) == fresh
    (tmp_path / "empty").mkdir()
    assert results.comparable(analyze(tissue_folder, "--resume", to=tmp_path / "empty").out) == fresh
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "results.jsonl").write_bytes(b'{"type":"run","sch')
    assert results.comparable(analyze(tissue_folder, "--resume", to=tmp_path / "torn").out) == fresh


def test_resume_of_a_finished_run_changes_nothing(analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyze(tissue_folder, to=out)
    before = {file: file.read_bytes() for file in out.rglob("*") if file.is_file()}
    done = analyze(tissue_folder, "--resume", to=out)
    assert "finished already" in done.stdout
    assert {file: file.read_bytes() for file in out.rglob("*") if file.is_file()} == before


def cut_short(out: Path, frames: int) -> None:
    journal = out / "results.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[: 1 + frames]))


def test_resume_refuses_other_work(analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyze(tissue_folder, to=out)
    cut_short(out, 3)
    before = (out / "results.jsonl").read_bytes()
    assert "window_px" in analyze(tissue_folder, "--resume", "--window-px", 96, to=out, expect=1).stderr
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tissue_folder / "f00.png", other)
    assert "inputs" in analyze(other, "--resume", to=out, expect=1).stderr
    assert (out / "results.jsonl").read_bytes() == before
    analyze(tissue_folder, "--resume", "--workers", 1, to=out)


def test_another_executor_may_go_on(analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    whole = results.comparable(analyze(tissue_folder, "--executor", "serial", to=out).out)
    cut_short(out, 3)
    assert results.comparable(analyze(tissue_folder, "--resume", "--workers", 3, to=out).out) == whole


def test_failed_frames_of_the_earlier_run_still_count(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"no picture")
    for name in ("b.png", "c.png"):
        (folder / name).write_bytes(pictures.png(pictures.tissue()))
    out = analyze(folder, expect=3).out
    cut_short(out, 2)
    done = analyze(folder, "--resume", to=out, expect=3)
    assert "a.png" in done.stdout
