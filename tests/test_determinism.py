# SPDX-License-Identifier: Apache-2.0
"""The same frames give the same results, whoever does the work."""

from pathlib import Path

import pytest
import results
from conftest import Analyze, Run


@pytest.fixture(scope="module")
def serial(capillaryx: Run, tissue_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("serial") / "out"
    capillaryx("analyze", tissue_folder, "-o", out, "--executor", "serial", "--repeat", 4)
    return out


@pytest.mark.parametrize("way", ["driver thread", "driver process", "router process"])
@pytest.mark.parametrize("workers", [1, 2, 3, 8, 17])
def test_every_executor_gives_what_serial_gives(
    analyze: Analyze, tissue_folder: Path, serial: Path, way: str, workers: int
) -> None:
    executor, kind = way.split()
    flags = ["--executor", executor, "--worker-kind", kind, "--workers", workers]
    out = analyze(tissue_folder, *flags, "--repeat", 4).out
    assert results.comparable(out) == results.comparable(serial)
    assert results.overlays(out) == results.overlays(serial)


def test_the_frames_have_something_to_find(serial: Path) -> None:
    assert sum(frame["count"] for frame in results.frames(serial)) > 0


def test_a_result_does_not_depend_on_its_neighbours(analyze: Analyze, tissue_folder: Path, serial: Path) -> None:
    (alone,) = results.frames(analyze(tissue_folder / "f03.png").out)
    among = results.frames(serial)[3]
    for key in ("capillaries", "count", "density", "valid_px", "sha256", "status"):
        assert alone[key] == among[key]


def test_real_frames_are_the_same_by_all_ways(analyze: Analyze, shared: Path) -> None:
    folder = shared / "data" / "frames"
    flags = ["--frames", 4, "--no-overlays"]
    serial = results.comparable(analyze(folder, *flags, "--executor", "serial").out)
    for workers in (2, 3):
        assert results.comparable(analyze(folder, *flags, "--workers", workers).out) == serial
