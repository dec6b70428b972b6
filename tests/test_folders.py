# SPDX-License-Identifier: Apache-2.0
"""Folders as people have them: results among the frames, two subjects whose folders have one name."""

import csv
import shutil
from pathlib import Path

import pictures
import results
from conftest import Analyze

FAST = ("--executor", "serial")


def frames_folder(folder: Path, count: int = 2) -> Path:
    folder.mkdir(parents=True)
    for index in range(count):
        (folder / f"f{index}.png").write_bytes(pictures.png(pictures.tissue(seed=index)))
    return folder


def test_results_in_the_input_folder_are_never_taken_for_frames(analyze: Analyze, tmp_path: Path) -> None:
    folder = frames_folder(tmp_path / "in")
    first = analyze(folder, *FAST, "--force", to=folder)
    text = results.comparable(first.out)
    again = analyze(folder, *FAST, "--force", to=folder)
    assert results.comparable(again.out) == text
    assert [frame["source"] for frame in results.frames(again.out)] == ["f0.png", "f1.png"]
    elsewhere = analyze(folder, *FAST)
    assert [frame["density"] for frame in results.frames(elsewhere.out)] == [
        frame["density"] for frame in results.frames(again.out)
    ]


def test_results_inside_the_input_folder_are_never_taken_for_frames(analyze: Analyze, tmp_path: Path) -> None:
    folder = frames_folder(tmp_path / "in")
    for name in ("out", "sub/out"):
        analyze(folder, *FAST, to=folder / name)
        run = analyze(folder, *FAST, "--force", to=folder / name)
        assert [frame["source"] for frame in results.frames(run.out)] == ["f0.png", "f1.png"]


def test_results_in_a_subfolder_with_frames_leave_those_frames(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    visit = frames_folder(folder / "visit1")
    analyze(visit, *FAST, "--force", to=visit)
    run = analyze(folder, *FAST)
    assert [frame["source"] for frame in results.frames(run.out)] == ["visit1/f0.png", "visit1/f1.png"]


def test_two_subjects_whose_visits_have_one_name_stay_two(analyze: Analyze, tmp_path: Path) -> None:
    a, b = frames_folder(tmp_path / "A" / "visit1"), frames_folder(tmp_path / "B" / "visit1", 3)
    for name in ("f0.png", "f1.png"):
        (b / name).unlink()
    run = analyze(a, b, *FAST)
    frames = results.frames(run.out)
    assert [frame["file"] for frame in frames] == ["A/visit1/f0.png", "A/visit1/f1.png", "B/visit1/f2.png"]
    assert [frame["source"] for frame in frames] == ["A/visit1/f0.png", "A/visit1/f1.png", "B/visit1/f2.png"]


def test_results_csv_opens_in_spreadsheets(analyze: Analyze, tmp_path: Path) -> None:
    folder = frames_folder(tmp_path / "in", 1)
    shutil.copy(folder / "f0.png", folder / "=1+1.png")
    shutil.copy(folder / "f0.png", folder / "a;=2+2,-3.png")
    run = analyze(folder, *FAST, "--csv-separator", ";")
    data = (run.out / "results.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "spreadsheets need a byte order mark"
    rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines(), delimiter=";"))
    assert [row["source"] for row in rows] == ["'=1+1.png", "a;'=2+2,'-3.png", "f0.png"]
    assert {"file", "page", "time_s", "clip", "valid_px", "usable"} <= set(rows[0])
    assert rows[2]["file"] == "f0.png"
    assert rows[2]["page"] == ""
    assert int(rows[2]["valid_px"]) == 240 * 160
    # Whichever separator a spreadsheet believes in, no cell begins as a formula.
    for separator in ",;\t":
        for row in csv.reader(data.decode("utf-8-sig").splitlines(), delimiter=separator):
            assert not any(cell.lstrip('"').startswith(("=", "+", "@")) for cell in row)


def test_a_separator_that_no_spreadsheet_knows_is_refused(analyze: Analyze, tissue_folder: Path) -> None:
    run = analyze(tissue_folder, "--csv-separator", "x", expect=2)
    assert "csv_separator" in run.stderr
