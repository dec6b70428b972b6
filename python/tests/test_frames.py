# SPDX-License-Identifier: Apache-2.0
"""NumPy arrays as frames, and frames as arrays."""

import gc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import skin

import capillaryx
from capillaryx import _core

SKIN = skin()


def frame_of(array: npt.NDArray[np.uint8]) -> capillaryx.Frame:
    return _core.frame_of_array(array, "array", 0)


def test_pixels_lie_over_the_arrays_own_memory() -> None:
    part = SKIN[100:300, 50:400]
    for array in (SKIN, part, SKIN[..., 0].copy()):
        pixels = frame_of(array).pixels
        assert np.shares_memory(pixels, array)
        assert pixels.shape == array.shape
        assert np.array_equal(pixels, array)


def test_pixels_cannot_be_written_and_keep_the_memory_alive() -> None:
    array = skin(90, 100)
    copy = array.copy()
    pixels = frame_of(array).pixels
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0] = 0
    del array
    gc.collect()
    assert np.array_equal(pixels, copy)


def test_a_read_only_array_is_taken() -> None:
    array = SKIN.copy()
    array.flags.writeable = False
    assert capillaryx.analyze_frame(array) == capillaryx.analyze_frame(SKIN)


@pytest.mark.parametrize("turn", ["mirrored", "upside down", "every second", "turned", "planes"])
def test_an_array_that_is_not_contiguous_is_analysed_as_what_it_shows(turn: str) -> None:
    shown = {
        "mirrored": SKIN[:, ::-1],
        "upside down": SKIN[::-1],
        "every second": SKIN[::2, ::2],
        "turned": SKIN.transpose(1, 0, 2),
        "planes": np.moveaxis(np.ascontiguousarray(np.moveaxis(SKIN, 2, 0)), 0, 2),
    }[turn]
    assert capillaryx.analyze_frame(shown) == capillaryx.analyze_frame(np.ascontiguousarray(shown))


def test_an_array_gives_the_capillaries_of_its_frame() -> None:
    kept: list[npt.NDArray[np.uint8]] = []

    class Keep(capillaryx.Analyzer):
        """Keeps the pixels."""

        def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
            """Nothing else."""
            kept.append(frame.pixels)
            return {}

    list(capillaryx.analyze("phantom:1", executor="serial", analyzer=Keep))
    (expected,) = capillaryx.analyze("phantom:1", executor="serial")
    result = capillaryx.analyze_frame(kept[0], source=expected.source)
    assert result.count
    assert result.capillaries == expected.capillaries
    assert (result.width, result.height, result.valid_px) == (expected.width, expected.height, expected.valid_px)


def test_sixteen_bits_are_scaled_from_the_full_range() -> None:
    wide = SKIN.astype(np.uint16) * 257
    assert capillaryx.analyze_frame(wide) == capillaryx.analyze_frame(SKIN)
    assert capillaryx.analyze_frame(wide.astype(">u2")) == capillaryx.analyze_frame(SKIN)
    steps = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(frame_of(steps).pixels, np.round(steps / 257).astype(np.uint8))  # type: ignore[arg-type]


def test_an_array_gives_what_its_file_gives(frames: Path, tmp_path: Path) -> None:
    """As PPM, which is written in a line."""
    file = tmp_path / "skin.ppm"
    file.write_bytes(b"P6 640 480 255\n" + SKIN.tobytes())
    (of_file,) = capillaryx.analyze(file)
    of_array = capillaryx.analyze_frame(SKIN, source="skin.ppm")
    of_file.sha256 = None
    of_file.source, of_file.file = of_array.source, of_array.file
    assert of_file == of_array


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((4, 4)), "uint8 or uint16 .* not dtype float64"),
        (np.zeros((4, 4), np.int8), "not dtype int8"),
        (np.zeros((4, 4), bool), "not dtype bool"),
        (np.zeros((4, 4, 4), np.uint8), r"\(height, width, 3\), not shape \(4, 4, 4\)"),
        (np.zeros((4, 4, 3, 1), np.uint8), "not shape"),
        (np.zeros(4, np.uint8), r"not shape \(4,\)"),
        (np.zeros((0, 4), np.uint8), "at least one pixel"),
        ("a text", "not dtype"),
        (None, "not dtype object"),
    ],
)
def test_another_array_is_a_value_error_that_says_what_is_expected(array: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        capillaryx.analyze_frame(array)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (3, 500), (500, 2, 3)])
def test_an_array_that_is_too_small_is_a_failed_frame_that_says_so(shape: tuple[int, ...]) -> None:
    result = capillaryx.analyze_frame(np.full(shape, 120, np.uint8))
    assert result.status == "failed"
    assert f"{shape[1]} x {shape[0]} px" in (result.error or "")


def resident_kb() -> int:
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


def test_a_thousand_calls_leak_nothing() -> None:
    image = skin(120, 160)
    for _ in range(100):
        capillaryx.analyze_frame(image)
    before = resident_kb()
    for _ in range(1000):
        capillaryx.analyze_frame(image)
    gc.collect()
    # One copy of the array a call would be 57 MB.
    assert resident_kb() - before < 2000
