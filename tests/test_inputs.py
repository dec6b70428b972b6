# SPDX-License-Identifier: Apache-2.0
"""Pictures as people have them: the right count, or a reason. The cases lie outside of the repository."""

from pathlib import Path

import numpy as np
import pictures
import pytest
import results
from conftest import Analyze

# As ../shared/cases/README.md states them.
REFERENCE_COUNT = 8


@pytest.fixture
def cases(shared: Path) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip("no cases in ../shared")
    return folder


def only_frame(analyze: Analyze, file: Path) -> results.Line:
    (frame,) = results.frames(analyze(file).out)
    assert frame["status"] == "ok"
    return frame


@pytest.mark.parametrize(
    ("name", "value_range"),
    [
        ("grey_12bit_in_uint16.tif", [0, 4095]),
        ("grey_12bit_in_16.png", [0, 4095]),
        ("grey_12bit_in_uint16_maxsample.tif", [0, 4095]),
        ("grey_12bit_imagej.tif", [0, 4095]),
        ("grey_12bit_in_16_sbit.png", [0, 4095]),
        ("grey_10bit_in_uint16.tif", [0, 1023]),
        ("grey_8bit_in_uint16.tif", [0, 255]),
    ],
)
def test_values_are_scaled_from_the_range_that_the_file_uses(
    analyze: Analyze, cases: Path, name: str, value_range: list[int]
) -> None:
    frame = only_frame(analyze, cases / name)
    assert abs(frame["count"] - REFERENCE_COUNT) <= 1
    assert frame["value_range"] == value_range
    assert any("became 0..255" in note for note in frame["notes"])


@pytest.mark.parametrize("name", ["grey_int16.tif", "grey_int8.tif", "grey_float16.tif", "imagej_float32.tif"])
def test_signed_and_floating_point_values_are_read(analyze: Analyze, cases: Path, name: str) -> None:
    frame = only_frame(analyze, cases / name)
    assert abs(frame["count"] - REFERENCE_COUNT) <= 1
    assert frame["value_range"] is not None


def test_the_channels_of_an_ome_tiff_are_one_colour_frame(analyze: Analyze, cases: Path) -> None:
    frame = only_frame(analyze, cases / "ome_rgb_as_three_channels.ome.tif")
    rgb = only_frame(analyze, cases / "reference_rgb.png")
    assert frame["capillaries"] == rgb["capillaries"]
    assert frame["count"] == REFERENCE_COUNT


def test_a_page_that_is_marked_as_reduced_is_skipped_and_noted(analyze: Analyze, cases: Path) -> None:
    frame = only_frame(analyze, cases / "thumbnail_first.tif")
    assert (frame["width"], frame["height"]) == (480, 320)
    assert "1 reduced page was skipped" in frame["notes"]


@pytest.mark.parametrize("name", ["junk_before_dqt.jpg", "fill_ff_before_dqt.jpg"])
def test_stray_bytes_between_the_segments_of_a_jpeg_hurt_no_pixel(analyze: Analyze, cases: Path, name: str) -> None:
    frame = only_frame(analyze, cases / name)
    assert frame["capillaries"] == only_frame(analyze, cases / "reference.jpg")["capillaries"]


def test_references_have_their_counts(analyze: Analyze, cases: Path) -> None:
    for name in ("reference_grey8.png", "reference_rgb.png", "reference.jpg"):
        assert only_frame(analyze, cases / name)["count"] == REFERENCE_COUNT


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_the_count_is_that_of_the_8_bit_original_at_every_depth(analyze: Analyze, tmp_path: Path, bits: int) -> None:
    grey = pictures.tissue(480, 320, seed=7)[..., 1]
    wide = np.round(grey.astype(float) * ((1 << bits) - 1) / 255).astype(np.uint16)
    for name, content in (("a.png", pictures.png(grey)), ("b.png", pictures.png(wide)), ("c.tif", pictures.tiff(wide))):
        (tmp_path / name).write_bytes(content)
    counts = [only_frame(analyze, tmp_path / name)["count"] for name in ("a.png", "b.png", "c.tif")]
    assert counts[0] > 0
    assert max(counts) - min(counts) <= 1


def test_a_grey_picture_gives_the_same_as_rgb(analyze: Analyze, tmp_path: Path) -> None:
    grey = pictures.tissue(480, 320, seed=8)[..., 1]
    (tmp_path / "grey.png").write_bytes(pictures.png(grey))
    (tmp_path / "rgb.png").write_bytes(pictures.png(np.repeat(grey[..., None], 3, axis=2)))
    first, second = (only_frame(analyze, tmp_path / name) for name in ("grey.png", "rgb.png"))
    assert first["capillaries"] == second["capillaries"]
    assert first["density"] == second["density"]


def test_nothing_of_a_dicom_file_that_names_a_person_reaches_an_output(analyze: Analyze, tmp_path: Path) -> None:
    grey = pictures.tissue(480, 320, seed=9)[..., 1]
    names = {b"Doe^Jane": b"PN", b"PATIENT-4711": b"LO", b"St. Elsewhere": b"LO"}
    (tmp_path / "x.dcm").write_bytes(pictures.dicom(grey, list(names)))
    (tmp_path / "y.dcm").write_bytes(pictures.dicom(grey, list(names))[:-1000])
    done = analyze(tmp_path / "x.dcm", tmp_path / "y.dcm", expect=3)
    assert [frame["status"] for frame in results.frames(done.out)] == ["ok", "failed"]
    assert results.frames(done.out)[0]["scale_um_per_px"] == 2
    written = [file.read_bytes() for file in done.out.rglob("*") if file.is_file()]
    for text in [*written, done.stdout.encode(), done.stderr.encode()]:
        for name in names:
            assert name not in text
