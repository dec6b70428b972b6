# SPDX-License-Identifier: Apache-2.0
"""From files to the tables of a study: study files, levels, scale, tables, verification."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import openpyxl
import pictures
import pytest
import results
from conftest import Analyze, Run
from pages import Report, chromium

TABLES = ("measurements.csv", "groups.csv")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three subjects, two visits, two stills each."""
    folder = tmp_path_factory.mktemp("study") / "data"
    for number, subject in enumerate(("007", "Jürgen, K", "1-2")):
        for visit in ("v1", "v2"):
            (folder / subject / visit).mkdir(parents=True)
            for still in range(2):
                seed = 10 * number + 2 * int(visit[1]) + still
                (folder / subject / visit / f"{still}.png").write_bytes(pictures.png(pictures.tissue(seed=seed)))
    return folder


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def results_of(study: Path) -> list[dict[str, str]]:
    with study.open(encoding="utf-8-sig", newline="") as file:
        return [{**row, "file": row["file"].removeprefix("./")} for row in csv.DictReader(file)]


def tables(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in TABLES}


def as_saved_by_excel(text: str, encoding: str) -> bytes:
    """A study file as a German Excel saves it: ="..." is its text, semicolons, no BOM."""
    rows = list(csv.reader(text.removeprefix("\ufeff").splitlines()))
    cells = [[cell[2:-1] if cell.startswith('="') else cell for cell in row] for row in rows]
    quoted = [[f'"{cell}"' if ";" in cell else cell for cell in row] for row in cells]
    return "".join(";".join(row) + "\r\n" for row in quoted).encode(encoding)


def test_the_same_study_gives_the_same_tables_however_it_is_given(
    data: Path, capillaryx: Run, analyze: Analyze, tmp_path: Path
) -> None:
    folders = tables(analyze(data).out)
    study = tmp_path / "study.csv"
    capillaryx("study", "init", data, "-o", study)
    inside = data / "study.csv"
    try:
        shutil.copy(study, inside)
        given = analyze(inside).out
        assert tables(given) == folders, "as study.csv"
        inside.write_bytes(as_saved_by_excel(study.read_text(encoding="utf-8"), "cp1252"))
        assert tables(analyze(inside).out) == folders, "as Excel saves it"
        rows = study.read_bytes().splitlines(keepends=True)
        inside.write_bytes(b"".join(rows[:9]))
        rest = sorted(set(data.rglob("*.png")) - {data / row["file"] for row in results_of(inside)})
        out = tmp_path / "mixed"
        names = [file.relative_to(data) for file in rest]
        capillaryx("analyze", "study.csv", *names, "-o", out, cwd=data)
        assert tables(out) == folders, "as study.csv and files"
    finally:
        inside.unlink()


def test_a_resumed_run_has_the_same_tables(data: Path, analyze: Analyze) -> None:
    run = analyze(data)
    before = tables(run.out)
    journal = run.out / "results.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:5]))
    assert tables(analyze(data, "--resume", to=run.out).out) == before


def test_report_takes_another_scale_and_exclusions_without_an_image(
    data: Path, capillaryx: Run, analyze: Analyze, tmp_path: Path
) -> None:
    out = analyze(data).out
    journal = (out / "results.jsonl").read_bytes()
    assert all(row["count_per_mm2"] == "" for row in table(out, "measurements.csv"))
    study = tmp_path / "study.csv"
    capillaryx("study", "init", data, "-o", study)
    rows = results_of(study)
    rows[0]["scale_um_per_px"] = "2"
    rows[1]["exclude"] = "moved"
    with study.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    capillaryx("report", out, "--study", study, "--scale-um-per-px", "1.5")
    rows = table(out, "measurements.csv")
    by_file = {row["file"]: row for row in rows}
    first, second = (row["file"] for row in results_of(study)[:2])
    assert (by_file[first]["scale_um_per_px"], by_file[first]["scale_from"]) == ("2", "study")
    assert (by_file[second]["counts"], by_file[second]["reason"]) == ("no", "moved")
    assert {row["scale_from"] for row in rows} == {"study", "option"}
    for row in rows:
        area = float(row["valid_px"]) * float(row["scale_um_per_px"]) ** 2 / 1e6
        assert float(row["count_per_mm2"]) == pytest.approx(float(row["count"]) / area)
    mixed = [row for row in table(out, "groups.csv") if row["level"] == "all" and row["statistic"] == "mean"]
    assert any("scales differ: 1.5, 2 um/px" in row["note"] for row in mixed)
    assert (out / "results.jsonl").read_bytes() == journal


def test_levels_may_be_any_columns(data: Path, capillaryx: Run, analyze: Analyze) -> None:
    out = analyze(data, "--levels", "subject").out
    assert {row["level"] for row in table(out, "groups.csv")} == {"subject", "all"}
    capillaryx("report", out)
    assert {row["level"] for row in table(out, "groups.csv")} == {"subject", "all"}, "as the run had it"
    assert "no column 'toe'" in capillaryx("analyze", data, "-o", out / "x", "--levels", "toe", expect=2).stderr


def test_the_workbook_has_the_tables_with_units_and_versions(data: Path, analyze: Analyze) -> None:
    out = analyze(data).out
    book = openpyxl.load_workbook(out / "study.xlsx")
    assert book.sheetnames == ["measurements", "groups", "definitions", "run"]
    for name in ("measurements", "groups"):
        header, *rows = book[name].iter_rows(values_only=True)
        expected = table(out, f"{name}.csv")
        assert len(rows) == len(expected)
        for row, wanted in zip(rows, expected, strict=True):
            for column, value in zip(header, row, strict=True):
                text = wanted[str(column)]
                assert value == (None if text == "" else float(text) if isinstance(value, int | float) else text)
    names = dict(book["run"].iter_rows(values_only=True))
    assert names["version"]
    assert names["model.sha256"]
    assert names["options.min_score"] == "0.5"
    assert "not for diagnosis" in names["notice"]
    units = {row[0]: row[1] for row in book["definitions"].iter_rows(values_only=True)}
    assert units["count_per_mm2"] == "1/mm2"


def test_the_page_data_has_the_methods_and_what_was_left_out(data: Path, analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "with_bad"
    shutil.copytree(data, folder)
    (folder / "007/v1/2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = analyze(folder, expect=3).out
    page = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert page["left_out"][0]["file"] == "007/v1/2.png"
    assert page["left_out"][0]["reason"].startswith("failed")
    assert "12 count (12 fields, 0 clips); 1 are left out" in page["methods"]
    assert len(page["measurements"]) == 13


def test_the_page_alone_says_what_changed_and_what_was_left_out(data: Path, analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "with_bad"
    shutil.copytree(data, folder)
    (folder / "007/v1/2.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    out = analyze(folder, expect=3).out
    groups = table(out, "groups.csv")
    difference = next(row for row in groups if row["statistic"] == "difference" and row["quantity"] == "count")
    with chromium() as browser:
        report = Report(browser, out)
        section = report.page.locator(".study")
        section.locator("select").select_option("count")
        text = section.inner_text()
        assert "3 subjects; 12 measurements count (12 fields, 0 clips), 1 left out" in text
        assert "From v1 to v2, capillary count" in text
        assert "3 subjects measured at both" in text
        assert f"{abs(float(difference['value'])):.0f}" in section.locator(".finding").first.inner_text()
        assert "failed" in text
        assert section.locator("polyline").count() == 3
        section.locator("summary", has_text="J\u00fcrgen, K").click()
        section.locator(".subject button", has_text="v1/0.png").click()
        assert "v1/0.png" in report.page.inner_text(".viewer h3")
        assert report.complaints == []
        report.page.screenshot(path=tmp_path / "study.png", full_page=True)
        report.close()


def test_a_study_that_a_spreadsheet_damaged_is_refused_with_row_and_column(
    data: Path, capillaryx: Run, tmp_path: Path
) -> None:
    study = data / "bad.csv"
    study.write_text("file,subject\n007/v1/0.png,7\n", encoding="utf-8")
    try:
        said = capillaryx("analyze", study, "-o", tmp_path / "x", expect=1).stderr
        assert "row 2, column B (subject)" in said
        study.write_text("file,subject\n007/v1/none.png,a\n", encoding="utf-8")
        assert "row 2" in capillaryx("analyze", study, "-o", tmp_path / "x", expect=1).stderr
    finally:
        study.unlink()


def test_verify_finds_what_was_changed(data: Path, capillaryx: Run, analyze: Analyze, tmp_path: Path) -> None:
    moved = tmp_path / "data"
    shutil.copytree(data, moved)
    out = analyze(moved).out
    good = capillaryx("verify", out)
    assert "12 as recorded" in good.stdout
    assert "BAD" not in good.stdout
    for name, old, new in (
        ("groups.csv", b"density", b"densitx"),
        ("README.txt", b"page", b"pace"),
        ("results.jsonl", b'"valid_px":', b'"valid_px": '),
    ):
        kept = (out / name).read_bytes()
        assert old in kept
        (out / name).write_bytes(kept.replace(old, new, 1))
        assert "BAD" in capillaryx("verify", out, expect=1).stdout, name
        (out / name).write_bytes(kept)
    (moved / "007/v1/0.png").write_bytes((moved / "007/v1/1.png").read_bytes())
    assert "1 differ: 007/v1/0.png" in capillaryx("verify", out, expect=1).stdout
    shutil.rmtree(moved)
    assert "12 not found" in capillaryx("verify", out).stdout
    assert "12 as recorded" in capillaryx("verify", out, "--inputs", data).stdout


def test_verify_follows_the_chain_of_corrections(data: Path, capillaryx: Run, analyze: Analyze) -> None:
    out = analyze(data).out
    run = results.lines(out)[-1]["content_sha256"]
    (out / "corrections").mkdir()
    first = json.dumps({"schema": 1, "run": run, "reviewer": "a"})
    second = json.dumps({"seq": 1, "previous": hashlib.sha256(first.encode()).hexdigest(), "what": "note"})
    file = out / "corrections/a.jsonl"
    file.write_text(f"{first}\n{second}\n")
    assert f"2 lines, the last one {hashlib.sha256(second.encode()).hexdigest()}" in capillaryx("verify", out).stdout
    for text in (f"{first}\n{second}", f"{first} \n{second}\n", f"{second}\n"):
        file.write_text(text)
        assert "BAD" in capillaryx("verify", out, expect=1).stdout


def test_readme_names_every_file(data: Path, analyze: Analyze) -> None:
    out = analyze(data).out
    text = (out / "README.txt").read_text(encoding="utf-8")
    for file in out.iterdir():
        assert file.name in text or file.name == "README.txt"
