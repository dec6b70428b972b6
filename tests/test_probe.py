# SPDX-License-Identifier: Apache-2.0
"""Files that may hold several pictures: probed by workers, whoever keeps these, with equal results."""

from pathlib import Path

import pictures
import pytest
import results
from conftest import Analyze


@pytest.fixture
def tiffs(tmp_path: Path) -> Path:
    """Forty TIFF files, more than are probed ahead; one of them is damaged, one is empty."""
    folder = tmp_path / "tiffs"
    folder.mkdir()
    source = tmp_path / "source.png"
    source.write_bytes(pictures.png(pictures.tissue()))
    whole = pictures.convert(source, tmp_path / "whole.tif").read_bytes()
    for index in range(40):
        (folder / f"f{index:02}.tif").write_bytes(whole)
    (folder / "f17.tif").write_bytes(whole[:1000])
    (folder / "f18.tif").write_bytes(b"")
    return folder


def test_probed_files_are_analysed_alike_by_every_executor(analyze: Analyze, tiffs: Path) -> None:
    serial = analyze(tiffs, "--no-overlays", "--executor", "serial", expect=3)
    found = results.frames(serial.out)
    assert [frame["source"] for frame in found] == [f"f{index:02}.tif" for index in range(40)]
    assert [frame["index"] for frame in found if frame["status"] == "failed"] == [17, 18]
    for flags in (["--worker-kind", "thread"], ["--workers", 3], ["--executor", "router", "--workers", 2]):
        other = analyze(tiffs, "--no-overlays", *flags, expect=3)
        assert results.comparable(other.out) == results.comparable(serial.out)


def test_a_run_over_probed_files_resumes_to_the_same_results(analyze: Analyze, tiffs: Path, tmp_path: Path) -> None:
    whole = analyze(tiffs, "--no-overlays", expect=3)
    expected = results.comparable(whole.out)
    journal = whole.out / "results.jsonl"
    for lines in (2, 19, 35):
        kept = b"".join(journal.read_bytes().splitlines(keepends=True)[:lines])
        journal.write_bytes(kept)
        analyze(tiffs, "--no-overlays", "--resume", to=whole.out, expect=3)
        assert results.comparable(whole.out) == expected
