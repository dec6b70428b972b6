# SPDX-License-Identifier: Apache-2.0
"""`capillaryx bench`: what it measures hangs together. No figure is held to a value here."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run


@pytest.fixture(scope="module")
def bench(capillaryx: Run, tissue_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("bench") / "bench.json"
    done = capillaryx("bench", tissue_folder, "--frames", 12, "--rounds", 1, "--most-workers", 2, "-o", out)
    report: dict[str, Any] = json.loads(out.read_text())
    for row in report["rows"]:
        assert row["name"] in done.stdout
    return report


def test_every_architecture_is_measured_in_every_round(bench: dict[str, Any]) -> None:
    rows = {(row["architecture"], row["workers"]) for row in bench["rows"]}
    assert rows >= {("serial", 1), ("driver", 1), ("driver", 2), ("router", 1), ("router", 2), ("side by side", 2)}
    assert all(len(row["rounds_ms"]) == 1 and row["ms_per_frame"] > 0 for row in bench["rows"])
    assert bench["frames"] == 12
    assert len(bench["results_digest"]) == 64


def test_figures_follow_from_the_times(bench: dict[str, Any]) -> None:
    times = {row["name"]: row["ms_per_frame"] for row in bench["rows"]}
    for row in bench["rows"]:
        assert row["speed_up"] == pytest.approx(times["serial"] / row["ms_per_frame"])
        assert row["efficiency"] == pytest.approx(row["speed_up"] / row["workers"])
        frame = row["frame_ms"]
        assert 0 < frame["p50"] <= frame["p95"] <= frame["p99"]
        assert row["cpu_s_per_frame"] > 0
        assert row["driver_peak_mb"] > 1
    for pair in bench["faster"]:
        fast, slow = times[pair["faster"]], times[pair["slower"]]
        assert pair["percent"] == pytest.approx(100 * (slow - fast) / slow)


def test_the_driver_is_held_against_serial_programs_side_by_side(bench: dict[str, Any]) -> None:
    rows = {(row["architecture"], row["workers"]): row for row in bench["rows"]}
    against = bench["against_programs"]
    assert against["workers"] == 2
    faster = rows["side by side", 2]["ms_per_frame"] / rows["driver", 2]["ms_per_frame"]
    assert against["part"] == pytest.approx(faster)
    assert 0 < against["driver_cores"] < 1


def test_points_beyond_this_machine_are_named_as_simulated(bench: dict[str, Any]) -> None:
    points = bench["simulation"]["points"]
    assert all(point["simulated"] for point in points)
    assert [point["workers"] for point in points] == [1, 2, 4, 8, 16, 32, 64]
    assert points[-1]["ms_per_frame"] < points[0]["ms_per_frame"]


def test_a_peer_that_is_not_there_is_a_clear_error(capillaryx: Run, tissue_folder: Path, tmp_path: Path) -> None:
    done = capillaryx("bench", tissue_folder, "--peer", "--peer-python", "nowhere", cwd=tmp_path, expect=1)
    assert "peer.sh" in done.stderr
