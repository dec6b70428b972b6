# SPDX-License-Identifier: Apache-2.0
"""Results as values."""

import copy
import gc
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from conftest import skin

import capillaryx

(RESULT,) = capillaryx.analyze("phantom:1", executor="serial", scale_um_per_px=1.5)
RESULT.source = "<skin>.png"


def test_a_result_survives_its_line() -> None:
    line = RESULT.to_json()
    assert capillaryx.FrameResult.from_json(line) == RESULT
    assert capillaryx.FrameResult.from_json(line).to_json() == line
    assert json.loads(line)["density"] == RESULT.density


def test_a_result_survives_pickle() -> None:
    again = pickle.loads(pickle.dumps(RESULT))
    assert again == RESULT
    assert again.timing == RESULT.timing


def test_a_line_that_is_none_is_refused() -> None:
    with pytest.raises(capillaryx.InputError, match=r"not a line of results\.jsonl"):
        capillaryx.FrameResult.from_json("{}")


def test_results_differ_where_a_figure_does() -> None:
    first = RESULT.capillaries[0]
    same = capillaryx.Capillary(list(first.bbox), first.polygon.tolist(), first.area_px, first.score)
    assert same == first
    assert hash(same) == hash(first)
    moved = first.polygon + np.float32(1)
    for other in (
        capillaryx.Capillary((0, 0, 1, 1), first.polygon, first.area_px, first.score),
        capillaryx.Capillary(first.bbox, moved, first.area_px, first.score),
        capillaryx.Capillary(first.bbox, first.polygon, first.area_px + 1, first.score),
        capillaryx.Capillary(first.bbox, first.polygon, first.area_px, first.score / 2),
    ):
        assert other != first
        result = capillaryx.FrameResult.from_json(RESULT.to_json())
        result.capillaries = (other, *result.capillaries[1:])
        assert result != RESULT
    assert RESULT != "a text"
    assert first != "a text"


def test_a_capillary_without_a_box_or_an_outline_is_refused() -> None:
    for bbox, polygon in (((1, 2, 3), [[1, 2]]), ((1, 2, 3, 4), [1, 2, 3]), ((1, 2, 3, 4), "outline")):
        with pytest.raises(ValueError, match=r"bbox must be|polygon must have|could not convert"):
            capillaryx.Capillary(bbox, polygon, 1, 0.5)


def test_a_capillary_says_what_it_is_and_keeps_its_outline() -> None:
    first = RESULT.capillaries[0]
    assert repr(first) == f"<Capillary bbox={first.bbox} area_px={first.area_px} score={first.score:.4f}>"
    with pytest.raises(AttributeError):
        first.score = 1.0  # type: ignore[misc]
    polygon = capillaryx.Capillary((0, 0, 4, 4), [[0, 0], [4, 0], [4, 4]], 8, 0.5).polygon
    gc.collect()
    assert polygon.tolist() == [[0, 0], [4, 0], [4, 4]]
    assert copy.deepcopy(RESULT) == RESULT


def test_outlines_are_read_only_points_inside_their_boxes() -> None:
    assert RESULT.count
    for capillary in RESULT.capillaries:
        assert capillary.polygon.dtype == np.float32
        assert capillary.polygon.shape[1:] == (2,)
        assert not capillary.polygon.flags.writeable
        x, y, width, height = capillary.bbox
        assert capillary.polygon.min(axis=0).tolist() >= [x, y]
        assert capillary.polygon.max(axis=0).tolist() <= [x + width, y + height]


def test_the_count_form_needs_a_scale() -> None:
    assert RESULT.count is not None
    assert RESULT.valid_px is not None
    assert RESULT.count_per_mm2 == pytest.approx(RESULT.count / (RESULT.valid_px * 1.5**2 / 1e6))
    assert capillaryx.analyze_frame(skin()).count_per_mm2 is None


def test_coco_is_that_of_the_command(analysed: Path) -> None:
    ours = capillaryx.to_coco(capillaryx.read_results(analysed))
    theirs = json.loads((analysed / "coco.json").read_text())
    names = {image["id"]: image["file_name"] for image in theirs["images"]}
    assert len(ours) == len(theirs["annotations"]) > 0
    for mine, its in zip(ours, theirs["annotations"], strict=True):
        assert mine["file_name"] == names[its["image_id"]]
        for name in ("image_id", "category_id", "bbox", "area", "score"):
            assert mine[name] == its[name]


def test_a_table_has_a_row_a_frame(analysed: Path) -> None:
    pytest.importorskip("pandas")
    table = capillaryx.to_pandas(capillaryx.read_results(analysed))
    assert list(table["source"]) == [result.source for result in capillaryx.read_results(analysed)]
    assert table["count"].sum() == sum(result.count or 0 for result in capillaryx.read_results(analysed))
    assert len(RESULT.to_pandas()) == RESULT.count


def test_a_notebook_shows_outlines_and_no_foreign_markup() -> None:
    page = RESULT._repr_html_()
    assert page.count("<polygon") == RESULT.count
    assert "&lt;skin&gt;.png" in page
    assert "<skin>" not in page
    assert "Research use only" in page
    assert f"{RESULT.count_per_mm2:.3g} a mm²" in page
    assert "src=" not in page


def test_a_plot_has_a_box_and_an_outline_a_capillary() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    axes = RESULT.plot(skin())
    assert RESULT.count is not None
    assert len(axes.patches) == 2 * RESULT.count


def test_a_failed_frame_shows_why() -> None:
    failed = capillaryx.FrameResult(status="failed", error="it is black")
    assert "it is black" in repr(failed)
    assert "it is black" in failed._repr_html_()
    assert failed.count is None
