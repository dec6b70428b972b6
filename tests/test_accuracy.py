# SPDX-License-Identifier: Apache-2.0
"""What the shipped network and the stages before it must reach on synthetic frames, whose truth is known. The figures
themselves are in docs/accuracy.md; here a few frames guard them."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

FRAMES = 10
SEED = 31


def analyzed(capillaryx: Run, work: Path, *drawn_with: object) -> list[dict[str, Any]]:
    """Draws frames, analyses them and gives the lines of the results."""
    frames = work / "frames"
    capillaryx("phantom", FRAMES, "-o", frames, "--seed", SEED, "--format", "ppm", "--quiet", *drawn_with)
    capillaryx("analyze", frames, "-o", work / "out", "--no-overlays", "--quiet")
    lines = [json.loads(line) for line in (work / "out" / "results.jsonl").read_text().splitlines()]
    return [line for line in lines if line["type"] == "frame"]


def test_many_hairs_and_folds_are_no_capillaries(capillaryx: Run, tmp_path: Path) -> None:
    frames = analyzed(capillaryx, tmp_path, "--capillaries", 0, "--hairs", 3, "--folds", 3)
    assert len(frames) == FRAMES
    assert [frame["source"] for frame in frames if frame["count"] > 1] == []


def test_count_and_density_of_synthetic_frames_are_within_a_tenth(capillaryx: Run, tmp_path: Path) -> None:
    analyzed(capillaryx, tmp_path)
    truth = tmp_path / "frames" / "truth.coco.json"
    total = json.loads(capillaryx("evaluate", tmp_path / "out", "--labels", truth, "--json").stdout)["total"]
    assert total["count_error"] <= 0.10
    assert total["density_error"] <= 0.10
    assert total["f1"] >= 0.90


@pytest.mark.parametrize("magnification", [0.7, 1.0, 1.4])
def test_areas_are_right_on_average_whatever_a_camera_magnifies(
    capillaryx: Run, tmp_path: Path, magnification: float
) -> None:
    analyzed(capillaryx, tmp_path, "--magnification", magnification)
    truth = tmp_path / "frames" / "truth.coco.json"
    total = json.loads(capillaryx("evaluate", tmp_path / "out", "--labels", truth, "--json").stdout)["total"]
    assert total["density_scale"] == pytest.approx(1, abs=0.06)
