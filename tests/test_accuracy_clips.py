# SPDX-License-Identifier: Apache-2.0
"""How scripts/accuracy_clips.py matches the capillaries of a clip with the true ones."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

from accuracy_clips import Scored, score

FIELD = (0.0, 0.0, 400.0, 400.0)


def found(*bbox: float, at: float = 0.9) -> dict[str, Any]:
    return {"bbox": list(bbox), "score": at}


def true(*bbox: float, ambiguous: bool = False) -> dict[str, Any]:
    return {"bbox": list(bbox), "ambiguous": ambiguous}


def figures(scored: Scored) -> tuple[int, int, int, int]:
    return scored.sought, len(scored.counted), scored.split, scored.merged


def test_what_is_found_on_an_ambiguous_capillary_counts_neither_way() -> None:
    truth = [true(100, 100, 20, 60), true(200, 100, 40, 60, ambiguous=True)]
    scored = score([found(100, 100, 20, 60), found(200, 100, 40, 60), found(210, 120, 10, 10)], truth, FIELD)
    assert figures(scored) == (1, 1, 0, 0)
    assert scored.f1 == 1


def test_a_missed_ambiguous_capillary_is_not_missed() -> None:
    assert score([], [true(200, 100, 40, 60, ambiguous=True)], FIELD).f1 == 1


def test_a_capillary_that_the_field_does_not_hold_whole_is_not_sought_and_may_be_found() -> None:
    scored = score([found(380, 100, 15, 40)], [true(380, 100, 40, 40)], FIELD)
    assert figures(scored) == (0, 0, 0, 0)


def test_an_ambiguous_neighbour_does_not_take_the_place_of_a_definite_capillary() -> None:
    truth = [true(100, 100, 20, 60, ambiguous=True), true(104, 100, 20, 60)]
    scored = score([found(101, 100, 20, 60)], truth, FIELD)
    assert figures(scored) == (1, 1, 0, 0)
    assert scored.f1 == 1


def test_a_false_alarm_counts_in_the_field_alone() -> None:
    scored = score([found(100, 100, 20, 20), found(500, 100, 20, 20)], [], FIELD)
    assert figures(scored) == (0, 1, 0, 0)
    assert scored.f1 == 0


def test_a_capillary_under_two_names_is_split_and_two_under_one_are_merged() -> None:
    whole = true(100, 100, 20, 100)
    scored = score([found(100, 100, 20, 60), found(100, 165, 20, 35, at=0.8)], [whole], FIELD)
    assert figures(scored) == (1, 2, 1, 0)
    beside = [true(100, 100, 40, 60), true(145, 100, 20, 60)]
    scored = score([found(100, 100, 65, 60)], beside, FIELD)
    assert figures(scored) == (2, 1, 0, 1)
