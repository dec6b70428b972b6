# SPDX-License-Identifier: Apache-2.0
"""What scripts/bench_compare.py makes of the times of two builds."""

import importlib.util
import random
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).resolve().parent.parent / "scripts/bench_compare.py"
_spec = importlib.util.spec_from_file_location("bench_compare", SCRIPT)
assert _spec is not None
assert _spec.loader is not None
bench_compare = importlib.util.module_from_spec(_spec)
sys.modules["bench_compare"] = bench_compare  # its dataclass asks for its module
_spec.loader.exec_module(bench_compare)


def frame(source: str, total_ms: float, **stages_ms: float) -> dict[str, Any]:
    timing = {"stages_ms": stages_ms, "total_ms": total_ms}
    return {"type": "frame", "source": source, "status": "ok", "count": 3, "timing": timing}


def rounds(change: float, count: int = 9, noise: float = 0.1) -> list[tuple[dict[str, float], dict[str, float]]]:
    """Noise only ever adds, and now and then much."""
    draw = random.Random(7)

    def time(ms: float) -> float:
        return ms * (1 + noise * draw.random() ** 3)

    return [({"rois": time(2.0)}, {"rois": time(2.0 * (1 + change))}) for _ in range(count)]


def test_the_least_time_of_each_frame_counts() -> None:
    frames = [
        frame("a.png", 9.0, read=5.0, rois=2.0),
        frame("a.png", 8.0, read=6.0, rois=1.0),
        frame("b.JPG", 20.0, read=7.0, rois=3.0),
        {**frame("c.png", 1.0, read=0.1), "status": "failed"},
    ]
    assert bench_compare.stage_times(frames) == {"read, .png": 5.0, "read, .jpg": 7.0, "rois": 2.0, "whole frame": 14.0}


def test_equal_builds_are_within_noise() -> None:
    assert not any(change.moved for change in bench_compare.changes(rounds(0.0)))


def test_a_change_beyond_noise_is_told_either_way() -> None:
    for change, verdict in ((0.1, "slower"), (-0.1, "FASTER")):
        found = bench_compare.changes(rounds(change, noise=0.02))
        assert found[0].moved
        assert bench_compare.table(found)[1].endswith(verdict)


def test_a_change_of_less_than_two_percent_is_none() -> None:
    assert not bench_compare.changes(rounds(0.015, noise=0.0))[0].moved


def test_one_round_that_was_disturbed_decides_nothing() -> None:
    some = rounds(-0.1, noise=0.02)
    some[4] = ({"rois": 2.0}, {"rois": 40.0})
    assert bench_compare.changes(some)[0].moved
    some[5] = ({"rois": 2.0}, {"rois": 40.0})
    assert not bench_compare.changes(some)[0].moved


def test_reading_stands_first_and_the_whole_frame_last() -> None:
    times = {"whole frame": 9.0, "background": 1.0, "read, .png": 5.0, "only here": 1.0}
    other = {name: ms for name, ms in times.items() if name != "only here"}
    found = bench_compare.changes([(times, other)] * 9)
    assert [change.stage for change in found] == ["read, .png", "background", "whole frame"]
    first = bench_compare.table(found)[1]
    assert first.split()[:6] == ["read,", ".png", "5.000", "5.000", "+0.0", "%"]
    assert first.endswith("as before, within noise")


def test_frames_with_another_result_are_counted() -> None:
    base = [frame("a.png", 1.0), frame("b.png", 1.0), frame("c.png", 1.0)]
    head = [frame("a.png", 2.0), {**frame("b.png", 1.0), "count": 4}]
    assert bench_compare.differing(base, head[:1] + base[1:]) == 0
    assert bench_compare.differing(base, head) == 2
