# SPDX-License-Identifier: Apache-2.0
"""Vessels of another size than the analysis is made for are found on a grid that is as coarse as they are large."""

from pathlib import Path

import pytest
import results
from conftest import Analyze, Run


def synthetic(capillaryx: Run, folder: Path, magnification: float) -> Path:
    capillaryx(
        "phantom",
        4,
        "--seed",
        77,
        "--width",
        1280,
        "--height",
        960,
        "--magnification",
        magnification,
        "-o",
        folder,
        "--quiet",
    )
    return folder


@pytest.mark.parametrize("magnification", [0.5, 1, 2])
def test_the_size_of_synthetic_vessels_is_found(
    capillaryx: Run, analyze: Analyze, tmp_path: Path, magnification: float
) -> None:
    out = analyze(synthetic(capillaryx, tmp_path / "frames", magnification)).out
    found = [frame["magnification"] for frame in results.frames(out)]
    # A frame with too few vessels keeps the usual grid.
    assert sum(magnification / 1.5 < each < magnification * 1.5 for each in found) >= 3, found
    assert magnification != 1 or found == [1, 1, 1, 1]


def test_an_option_decides_it(capillaryx: Run, analyze: Analyze, tmp_path: Path) -> None:
    frames = synthetic(capillaryx, tmp_path / "frames", 0.5)
    out = analyze(frames, "--magnification", 0.5).out
    assert [frame["magnification"] for frame in results.frames(out)] == [0.5] * 4
    assert results.comparable(out) == results.comparable(
        analyze(frames, "--magnification", 0.5, "--executor", "serial").out
    )


def test_frames_without_vessels_keep_the_usual_grid(capillaryx: Run, analyze: Analyze, tmp_path: Path) -> None:
    capillaryx("phantom", 3, "--capillaries", 0, "--width", 640, "--height", 480, "-o", tmp_path / "frames", "--quiet")
    assert [frame["magnification"] for frame in results.frames(analyze(tmp_path / "frames").out)] == [1, 1, 1]


def test_a_grid_beyond_max_pixels_fails_the_frame(capillaryx: Run, analyze: Analyze, tmp_path: Path) -> None:
    frames = synthetic(capillaryx, tmp_path / "frames", 1)
    out = analyze(frames, "--magnification", 0.1, "--max-pixels", 2_000_000, expect=3).out
    assert all("max_pixels" in frame["error"] for frame in results.frames(out))


def test_real_frames_keep_the_usual_grid(analyze: Analyze, shared: Path) -> None:
    out = analyze(shared / "data" / "frames", "--no-overlays").out
    assert {frame["magnification"] for frame in results.frames(out)} == {1}
