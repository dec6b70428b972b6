# SPDX-License-Identifier: Apache-2.0
"""Pictures as people have them: the right count, or a reason. The cases lie outside of the repository."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pictures
import pytest
import results
from conftest import Analyze, Run

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


@pytest.fixture(scope="session")
def grey_frame(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> npt.NDArray[np.uint8]:
    """The green channel of a synthetic frame."""
    folder = tmp_path_factory.mktemp("grey")
    width, height = 960, 540
    size = ("--width", width, "--height", height)
    capillaryx("phantom", 1, "-o", folder, "--seed", 3, "--format", "ppm", "--quiet", "--force", *size)
    (file,) = folder.glob("*.ppm")
    values = np.frombuffer(file.read_bytes()[-3 * width * height :], np.uint8)
    return values.reshape(height, width, 3)[..., 1].copy()


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
def test_the_count_is_that_of_the_8_bit_original_at_every_depth(
    analyze: Analyze, tmp_path: Path, grey_frame: npt.NDArray[np.uint8], bits: int
) -> None:
    wide = np.round(grey_frame.astype(float) * ((1 << bits) - 1) / 255).astype(np.uint16)
    for name, content in (
        ("a.png", pictures.png(grey_frame)),
        ("b.png", pictures.png(wide)),
        ("c.tif", pictures.tiff(wide)),
    ):
        (tmp_path / name).write_bytes(content)
    counts = [only_frame(analyze, tmp_path / name)["count"] for name in ("a.png", "b.png", "c.tif")]
    assert counts[0] > 0
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize("scale", [1 / 255, 1.0, 4095 / 255])
def test_the_count_is_that_of_the_8_bit_original_in_floating_point(
    analyze: Analyze, tmp_path: Path, grey_frame: npt.NDArray[np.uint8], scale: float
) -> None:
    (tmp_path / "a.png").write_bytes(pictures.png(grey_frame))
    (tmp_path / "b.tif").write_bytes(pictures.tiff(grey_frame.astype(np.float32) * np.float32(scale)))
    counts = [only_frame(analyze, tmp_path / name)["count"] for name in ("a.png", "b.tif")]
    assert counts[0] > 0
    assert abs(counts[0] - counts[1]) <= 1


def test_the_pages_of_a_tiff_are_frames_with_one_value_range(
    analyze: Analyze, tmp_path: Path, grey_frame: npt.NDArray[np.uint8]
) -> None:
    bright = grey_frame.astype(np.uint16) * 16
    (tmp_path / "a.tif").write_bytes(pictures.tiff_pages([bright // 8, bright]))
    found = results.lines(analyze(tmp_path / "a.tif").out)
    (line,) = (line for line in found if line["type"] == "input")
    assert (line["kind"], line["pages"], line["value_range"]) == ("stack", 2, [0, 4095])
    frames = [line for line in found if line["type"] == "frame"]
    assert [(frame["status"], frame["page"]) for frame in frames] == [("ok", 0), ("ok", 1)]
    assert frames[1]["count"] > 0


def test_a_grey_picture_gives_the_same_as_rgb(
    analyze: Analyze, tmp_path: Path, grey_frame: npt.NDArray[np.uint8]
) -> None:
    (tmp_path / "grey.png").write_bytes(pictures.png(grey_frame))
    (tmp_path / "rgb.png").write_bytes(pictures.png(np.repeat(grey_frame[..., None], 3, axis=2)))
    first, second = (only_frame(analyze, tmp_path / name) for name in ("grey.png", "rgb.png"))
    assert first["count"] > 0
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
