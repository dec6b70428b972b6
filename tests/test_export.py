# SPDX-License-Identifier: Apache-2.0
"""coco.json and `capillaryx export`: other programs' readers take what they write, and find the same capillaries."""

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import geojson
import numpy as np
import pytest
import results
import roifile
from conftest import Run
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from shapely.geometry import Polygon, shape


@pytest.fixture(scope="module")
def synthetic(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic")
    capillaryx("phantom", 3, "-o", folder, "--seed", 9)
    (folder / "truth.coco.json").rename(folder.parent / "truth.coco.json")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


@pytest.fixture(scope="module")
def truth(synthetic: Path) -> Path:
    return synthetic.parent / "truth.coco.json"


@pytest.fixture(scope="module")
def analysed(capillaryx: Run, synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("analysed") / "out"
    capillaryx("analyze", synthetic, "-o", out, "--no-overlays", "--quiet", expect=3)
    return out


def ok_frames(folder: Path) -> list[dict[str, Any]]:
    frames = [frame for frame in results.frames(folder) if frame["status"] == "ok"]
    assert len(frames) == 3
    return frames


def test_coco_json_is_a_dataset_of_every_analysed_frame(analysed: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(analysed / "coco.json"))
    frames = ok_frames(analysed)
    assert coco.loadCats(coco.getCatIds()) == [{"id": 1, "name": "capillary", "supercategory": ""}]
    assert [image["file_name"] for image in coco.dataset["images"]] == [frame["source"] for frame in frames]
    assert sorted(coco.anns) == list(range(1, 1 + sum(frame["count"] for frame in frames)))
    for frame in frames:
        image = frame["index"] + 1
        (about,) = coco.loadImgs(image)
        assert (about["width"], about["height"]) == (frame["width"], frame["height"])
        found = coco.loadAnns(coco.getAnnIds(image))
        for annotation, capillary in zip(found, frame["capillaries"], strict=True):
            assert annotation["bbox"] == capillary["bbox"]
            assert annotation["segmentation"] == [capillary["polygon"]]
            assert annotation["score"] == capillary["score"]
            assert annotation["iscrowd"] == 0
            assert int(coco.annToMask(annotation).sum()) == pytest.approx(annotation["area"], rel=0.1, abs=10)


def test_coco_results_are_taken_by_loadres_with_the_labels_ids(capillaryx: Run, analysed: Path, truth: Path) -> None:
    labels = json.loads(truth.read_text())
    for image in labels["images"]:  # as a labelling tool may number them
        image["id"] = 100 - image["id"]
    for annotation in labels["annotations"]:
        annotation["image_id"] = 100 - annotation["image_id"]
        annotation["category_id"] = 7 if annotation["category_id"] == 1 else 8
    labels["categories"] = [{"id": 7, "name": "capillary"}, {"id": 8, "name": "not_capillary"}]
    renumbered = truth.with_name("renumbered.json")
    renumbered.write_text(json.dumps(labels))
    capillaryx("export", analysed, "--format", "coco-results", "--labels", renumbered)
    file = analysed / "export/coco-results/coco_results.json"
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(str(renumbered))
        found = loaded.loadRes(str(file))
        scoring = COCOeval(loaded, found, "bbox")
        scoring.params.iouThrs, scoring.params.maxDets = np.array([0.3]), [1000]
        scoring.params.catIds = [7]
        scoring.params.areaRng, scoring.params.areaRngLbl = [[0, 1e10]], ["all"]
        scoring.evaluate()
        scoring.accumulate()
    ours = json.loads(capillaryx("evaluate", analysed, "--labels", renumbered, "--json").stdout)
    assert float(np.mean(scoring.eval["precision"])) == pytest.approx(ours["total"]["ap"], abs=1e-12)
    assert ours["total"]["ap"] > 0.8
    again = json.loads(capillaryx("evaluate", file, "--labels", renumbered, "--json").stdout)
    assert again["total"] == ours["total"]


def test_geojson_is_a_collection_of_valid_polygons_per_frame(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    capillaryx("export", analysed / "results.jsonl", "--format", "geojson", "-o", tmp_path / "out")
    frames = ok_frames(analysed)
    files = sorted((tmp_path / "out").iterdir())
    assert [file.suffix for file in files] == [".geojson"] * len(frames)
    for file, frame in zip(files, frames, strict=True):
        collection = geojson.loads(file.read_text())
        assert collection.is_valid, collection.errors()
        assert len(collection["features"]) == frame["count"]
        for feature, capillary in zip(collection["features"], frame["capillaries"], strict=True):
            polygon = shape(feature["geometry"])
            assert polygon.is_valid
            corners = np.array(capillary["polygon"]).reshape(-1, 2)
            assert polygon.area == pytest.approx(Polygon(corners).area)
            assert feature["properties"]["measurements"]["score"] == capillary["score"]
            assert feature["properties"]["classification"]["name"] == "capillary"


def test_imagej_reads_a_roi_set_per_frame(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    capillaryx("export", analysed, "--format", "imagej-roi", "-o", tmp_path / "out")
    frames = ok_frames(analysed)
    for file, frame in zip(sorted((tmp_path / "out").iterdir()), frames, strict=True):
        rois = roifile.roiread(file)
        assert isinstance(rois, list)
        assert len(rois) == frame["count"]
        for roi, capillary in zip(rois, frame["capillaries"], strict=True):
            corners = np.array(capillary["polygon"]).reshape(-1, 2)
            assert roi.roitype == roifile.ROI_TYPE.POLYGON
            np.testing.assert_array_equal(roi.coordinates(), corners)  # exact: eighths of a pixel as floats
            assert (roi.left, roi.top) == tuple(np.floor(corners.min(axis=0)))
            assert (roi.right, roi.bottom) == tuple(np.ceil(corners.max(axis=0)))
            assert roi.name.endswith(f"_{capillary['score']:.3f}")


def test_labelme_files_name_their_picture_and_its_size(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    capillaryx("export", analysed, "--format", "labelme", "-o", tmp_path / "out")
    for file, frame in zip(sorted((tmp_path / "out").iterdir()), ok_frames(analysed), strict=True):
        page = json.loads(file.read_text())
        assert page["imagePath"] == frame["source"]
        assert (page["imageWidth"], page["imageHeight"]) == (frame["width"], frame["height"])
        assert [np.ravel(each["points"]).tolist() for each in page["shapes"]] == [
            each["polygon"] for each in frame["capillaries"]
        ]
        assert {each["label"] for each in page["shapes"]} == {"capillary"}
        assert {each["shape_type"] for each in page["shapes"]} == {"polygon"}


def test_wrong_use_is_a_clear_error(capillaryx: Run, analysed: Path, truth: Path, tmp_path: Path) -> None:
    capillaryx("export", analysed, expect=2)
    capillaryx("export", analysed, "--format", "pdf", expect=2)
    assert "coco-results" in capillaryx("export", analysed, "--format", "geojson", "--labels", truth, expect=2).stderr
    assert "no such file" in capillaryx("export", tmp_path, "--format", "geojson", expect=1).stderr
    (tmp_path / "results.jsonl").write_text("[]\n")
    said = capillaryx("export", tmp_path, "--format", "geojson", "-o", tmp_path / "out", expect=1).stderr
    assert "first line is not a run line" in said
    others = tmp_path / "labels.json"
    others.write_text('{"images":[{"id":1,"file_name":"other.png"}],"annotations":[]}')
    said = capillaryx("export", analysed, "--format", "coco-results", "--labels", others, expect=1).stderr
    assert "phantom_000.png" in said
    assert "other.png" in said


@pytest.mark.parametrize("seed", [1, 2])
def test_no_polygon_of_a_synthetic_frame_crosses_itself(capillaryx: Run, tmp_path: Path, seed: int) -> None:
    capillaryx("phantom", 8, "-o", tmp_path / "frames", "--seed", seed, "--magnification", 1.5)
    capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--no-overlays", "--quiet")
    polygons = [each for frame in results.frames(tmp_path / "out") for each in frame["capillaries"]]
    assert len(polygons) > 100
    assert [p["polygon"] for p in polygons if not Polygon(np.reshape(p["polygon"], (-1, 2))).is_valid] == []


def test_no_polygon_at_a_border_crosses_itself(capillaryx: Run, shared: Path, tmp_path: Path) -> None:
    for frames in (shared / "cases/border_polygon.png", shared / "data/frames"):
        out = tmp_path / frames.name
        capillaryx("analyze", frames, "-o", out, "--no-overlays", "--quiet")
        polygons = [each for frame in results.frames(out) for each in frame["capillaries"]]
        assert polygons
        assert [p["bbox"] for p in polygons if not Polygon(np.reshape(p["polygon"], (-1, 2))).is_valid] == []
