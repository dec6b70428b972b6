# SPDX-License-Identifier: Apache-2.0
"""pictures/: plain JPEGs of the frames that a browser cannot show from the input file."""

from pathlib import Path

import pictures
import pytest
import results
from conftest import Analyze, Run

WAYS = ["serial process", "driver thread", "driver process", "router process"]


def plain(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / "pictures").glob("*"))}


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG, which browsers show, and what they do not show: a TIFF with two pages."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "a.png").write_bytes(pictures.png(pictures.tissue(seed=1)))
    (folder / "b.tif").write_bytes(pictures.tiff_pages([pictures.tissue(seed=2), pictures.tissue(seed=3)]))
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_frames_that_no_browser_shows_have_one_whoever_does_the_work(analyze: Analyze, mixed: Path, way: str) -> None:
    executor, kind = way.split()
    out = analyze(mixed, "--executor", executor, "--worker-kind", kind, "--workers", 2).out
    found = plain(out)
    assert [name[:6] for name in found] == ["000001", "000002"]
    assert all(content.startswith(b"\xff\xd8") and content.endswith(b"\xff\xd9") for content in found.values())
    serial = analyze(mixed, "--executor", "serial").out
    assert found == plain(serial)
    assert results.comparable(out) == results.comparable(serial)


def test_pictures_none_and_all_are_what_they_say(analyze: Analyze, mixed: Path) -> None:
    assert not (analyze(mixed, "--pictures", "none").out / "pictures").exists()
    assert len(plain(analyze(mixed, "--pictures", "all", "--no-overlays").out)) == 3


def test_a_picture_shows_the_frame_without_anything_drawn_on_it(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "grey.pgm").write_bytes(pictures.pnm(pictures.tissue()[:, :, 1].copy()))
    out = analyze(folder).out
    (name,) = plain(out)
    back = pictures.convert(out / "pictures" / name, tmp_path / "back.pgm", "-pix_fmt", "gray").read_bytes()[
        -240 * 160 :
    ]
    original = (folder / "grey.pgm").read_bytes()[-240 * 160 :]
    assert sum(abs(a - b) for a, b in zip(back, original, strict=True)) / len(back) < 3


def test_a_failed_frame_leaves_none_behind(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "a.tif").write_bytes(pictures.tiff(pictures.tissue())[:300])
    (folder / "b.tif").write_bytes(pictures.tiff(pictures.tissue()))
    out = analyze(folder, expect=3).out
    assert len(plain(out)) == 1


def test_resume_writes_those_that_are_missing(capillaryx: Run, analyze: Analyze, mixed: Path, tmp_path: Path) -> None:
    whole = analyze(mixed).out
    out = tmp_path / "resumed"
    capillaryx("analyze", mixed, "-o", out)
    lines = (out / "results.jsonl").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines[:-1] if b'"index":2' not in line]
    (out / "results.jsonl").write_bytes(b"".join(kept))
    capillaryx("analyze", mixed, "-o", out, "--resume")
    assert plain(out) == plain(whole)


def test_the_report_shows_the_picture_of_a_frame_that_has_one(analyze: Analyze, mixed: Path) -> None:
    out = analyze(mixed).out
    data = b"".join(path.read_bytes() for path in (out / "report").rglob("*.js"))
    assert b"pictures/000001_" in data
