# SPDX-License-Identifier: Apache-2.0
"""`capillaryx evaluate` gives the figures of pycocotools and of ../shared/tools/score.py, on random detections and on
real output."""

import contextlib
import io
import json
import random
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import results
from conftest import Run
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

FIGURES = ["precision", "recall", "f1", "count_error", "density_error", "scaled_density_error"]
TOTALS = [*FIGURES, "ap", "density_scale", "hit_precision", "hit_recall"]
IOUS = (0.3, 0.5)


def score(shared: Path, labels: Path, detections: Path, iou: float) -> dict[str, Any]:
    command = [
        sys.executable,
        str(shared / "tools/score.py"),
        str(labels),
        str(detections),
        "--iou",
        str(iou),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def assert_same(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> None:
    for figure in TOTALS:
        assert ours["total"][figure] == pytest.approx(theirs["total"][figure], abs=tolerance), figure
    assert [x["image"] for x in ours["images"]] == [x["image"] for x in theirs["images"]]
    for mine, other in zip(ours["images"], theirs["images"], strict=True):
        assert (mine["capillaries"], mine["detections"]) == (other["capillaries"], other["detections"])
        for figure in FIGURES:
            assert mine[figure] == pytest.approx(other[figure], abs=tolerance), (mine["image"], figure)


def pycocotools_figures(labels: Path, detections: list[dict[str, Any]]) -> dict[float, dict[str, float]]:
    """Precision, recall and AP at each of IOUS. Every detection has an image_id, a category_id and a score."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(labels))
        scoring = COCOeval(truth, truth.loadRes(detections), "bbox")
        scoring.params.iouThrs = np.array(IOUS)
        scoring.params.maxDets = [10**6]
        scoring.params.areaRng, scoring.params.areaRngLbl = [[0, 1e10]], ["all"]
        scoring.params.catIds = [1]
        scoring.evaluate()
        scoring.accumulate()
    figures = {}
    for i, iou in enumerate(IOUS):
        right = wrong = labelled = 0
        for image in filter(None, scoring.evalImgs):
            kept = ~image["dtIgnore"][i].astype(bool)
            right += int(np.sum((image["dtMatches"][i] > 0) & kept))
            wrong += int(np.sum((image["dtMatches"][i] == 0) & kept))
            labelled += int(np.sum(image["gtIgnore"] == 0))
        average = max(0.0, float(np.mean(scoring.eval["precision"][i])))  # -1 where nothing is labelled
        figures[iou] = {
            "precision": right / max(1, right + wrong),
            "recall": right / max(1, labelled),
            "ap": average,
        }
    return figures


def assert_as_pycocotools(ours: dict[str, Any], theirs: dict[float, dict[str, float]]) -> None:
    at = {ours["iou"]: ours["total"]} | {other["iou"]: other["total"] for other in ours["others"]}
    for iou in IOUS:
        for figure, value in theirs[iou].items():
            assert at[iou][figure] == pytest.approx(value, abs=1e-12), (iou, figure)


def random_box(random_: random.Random) -> list[int]:
    return [random_.randrange(300), random_.randrange(300), random_.randrange(4, 40), random_.randrange(4, 40)]


def near(box: list[int], random_: random.Random) -> list[float]:
    x, y, w, h = (value + random_.choice([0, 0, 1, -2, 5, 0.5]) for value in box)
    return [max(0, x), max(0, y), max(1, w), max(1, h)]


def draw(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Labels and detections of a few frames: ties of score and overlap, duplicates, ambiguous regions, empty frames."""
    random_ = random.Random(seed)
    images = [{"id": i * 3 + 1, "file_name": f"sub.d/f{i:02}.png"} for i in range(random_.randrange(1, 9))]
    random_.shuffle(images)
    annotations: list[dict[str, Any]] = []
    detections: list[dict[str, Any]] = []
    for image in images:
        for _ in range(random_.choice([0, 1, 5, 20])):
            box = random_box(random_)
            kind = random_.choice([1, 1, 1, 2])
            annotations.append(
                {"image_id": image["id"], "category_id": kind, "bbox": box, "iscrowd": int(random_.random() < 0.2)}
            )
            if random_.random() < 0.5:
                annotations[-1]["area"] = random_.randrange(1, 500)
            for _ in range(random_.choice([0, 1, 1, 1, 2])):
                detections.append({"bbox": near(box, random_)})
                if random_.random() < 0.1:
                    detections.append({"bbox": list(detections[-1]["bbox"])})
            if random_.random() < 0.1:  # two labels on one box
                annotations.append({**annotations[-1], "iscrowd": 0})
        detections += [{"bbox": random_box(random_)} for _ in range(random_.choice([0, 1, 4]))]
        for detection in detections:
            if "image_id" in detection or "file_name" in detection:
                continue
            if random_.random() < 0.5:
                detection["image_id"] = image["id"]
            else:
                detection["file_name"] = "elsewhere/" + str(image["file_name"]).split("/")[1].replace("png", "jpg")
            if random_.random() < 0.9:
                detection["score"] = random_.choice([0.5, 0.75, 0.9, round(random_.random(), 3)])
            x, y, w, h = detection["bbox"]
            if random_.random() < 0.7:
                detection["segmentation"] = [[x, y, x + w, y + 0.3, x + w, y + h, x + w / 3, y + h]]
            elif random_.random() < 0.5:
                detection["area"] = random_.choice([0, 17, 200.5])
    random_.shuffle(detections)
    if annotations:  # labels of which every one is iscrowd are refused
        annotations[0] |= {"category_id": 1, "iscrowd": 0}
    annotations = [{"id": i + 1, "area": 0, **annotation} for i, annotation in enumerate(annotations)]
    return {"images": images, "annotations": annotations}, detections


def test_figures_are_those_of_pycocotools_on_random_detections(capillaryx: Run, tmp_path: Path) -> None:
    labels, found = tmp_path / "labels.json", tmp_path / "found.json"
    kinds = {"ambiguous": 0, "ties": 0, "duplicates": 0}
    for seed in range(300):
        truth, detections = draw(seed)
        of_stem = {Path(str(image["file_name"])).stem: image["id"] for image in truth["images"]}
        for detection in detections:
            detection.setdefault("category_id", 1)
            detection.setdefault("score", 1.0)
            detection.pop("segmentation", None)
            if "file_name" in detection:
                detection["image_id"] = of_stem[Path(detection.pop("file_name")).stem]
        if not detections:
            continue  # loadRes takes no empty list
        kinds["ambiguous"] += any(each["iscrowd"] for each in truth["annotations"])
        kinds["ties"] += len({each["score"] for each in detections}) < len(detections)
        kinds["duplicates"] += len({(each["image_id"], *each["bbox"]) for each in detections}) < len(detections)
        labels.write_text(json.dumps(truth | {"categories": [{"id": 1, "name": "capillary"}, {"id": 2, "name": "no"}]}))
        found.write_text(json.dumps(detections))
        ours = json.loads(capillaryx("evaluate", found, "--labels", labels, "--json").stdout)
        assert_as_pycocotools(ours, pycocotools_figures(labels, detections))
    assert min(kinds.values()) > 100, kinds


def test_figures_are_those_of_score_py_on_random_detections(capillaryx: Run, shared: Path, tmp_path: Path) -> None:
    labels, found = tmp_path / "labels.json", tmp_path / "found.json"
    for seed in range(40):
        truth, detections = draw(seed)
        labels.write_text(json.dumps(truth))
        found.write_text(json.dumps(detections))
        for iou in (0.3, 0.5):
            ours = json.loads(capillaryx("evaluate", found, "--labels", labels, "--iou", iou, "--json").stdout)
            assert_same(ours, score(shared, labels, found, iou), 1e-12)


def test_figures_are_those_of_score_py_on_the_real_frames(capillaryx: Run, shared: Path, tmp_path: Path) -> None:
    labels = shared / "data/frames/labels.coco.json"
    truth = json.loads(labels.read_text())
    random_ = random.Random(1)
    detections = [
        {**{k: a[k] for k in ("image_id", "bbox", "segmentation")}, "score": round(random_.random(), 2)}
        for a in truth["annotations"]
        if random_.random() < 0.7
    ]
    found = tmp_path / "found.json"
    found.write_text(json.dumps(detections))
    ours = json.loads(capillaryx("evaluate", found, "--labels", labels, "--json").stdout)
    assert_same(ours, score(shared, labels, found, 0.3), 1e-12)
    assert ours["others"][0]["iou"] == 0.5
    low, high = ours["intervals"]["f1"]
    assert low < ours["total"]["f1"] < high


def test_figures_are_those_of_score_py_on_an_output_folder(capillaryx: Run, shared: Path, tmp_path: Path) -> None:
    frames, out = shared / "data/frames", tmp_path / "out"
    labels = frames / "labels.coco.json"
    capillaryx("analyze", frames, "-o", out, "--executor", "serial", "--no-overlays", "--quiet")
    theirs = score(shared, labels, out / "coco.json", 0.3)
    assert theirs["total"]["f1"] > 0.9
    for given in (out, out / "results.jsonl", out / "coco.json"):
        ours = json.loads(capillaryx("evaluate", given, "--labels", labels, "--json").stdout)
        assert_same(ours, theirs, 1e-5)  # outlines are floats in results.jsonl
        ids = {image["file_name"]: image["id"] for image in json.loads(labels.read_text())["images"]}
        found = [
            {"image_id": ids[frame["source"]], "category_id": 1, "bbox": each["bbox"], "score": each["score"]}
            for frame in results.frames(out)
            for each in frame["capillaries"]
        ]
        assert_as_pycocotools(ours, pycocotools_figures(labels, found))


@pytest.fixture(scope="module")
def analysed(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run over two synthetic frames of a subfolder, with their labels beside it."""
    folder = tmp_path_factory.mktemp("analysed")
    capillaryx("phantom", 2, "-o", folder / "frames/été", "--seed", 5)
    (folder / "frames/été/truth.coco.json").rename(folder / "truth.coco.json")
    capillaryx("analyze", folder / "frames", "-o", folder / "out", "--no-overlays", "--quiet")
    return folder


def evaluated(capillaryx: Run, results: Path, labels: dict[str, Any], file: Path, *options: object) -> dict[str, Any]:
    file.write_text(json.dumps(labels))
    answer: dict[str, Any] = json.loads(capillaryx("evaluate", results, "--labels", file, "--json", *options).stdout)
    return answer


def test_labels_of_other_tools_give_the_same_figures(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    truth = json.loads((analysed / "truth.coco.json").read_text())
    usual = evaluated(capillaryx, analysed / "out", truth, tmp_path / "l.json")
    assert usual["total"]["f1"] > 0.8
    masks = COCO(str(analysed / "truth.coco.json"))
    other: dict[str, Any] = json.loads(json.dumps(truth))
    other["categories"] = [{"id": 0, "name": "Vessel"}, {"id": 1, "name": "hair"}]
    for image in other["images"]:
        image["id"] -= 1
        image["file_name"] = unicodedata.normalize("NFD", "C:\\data\\été\\" + image["file_name"])
    for i, annotation in enumerate(other["annotations"]):
        mask = masks.annToRLE(truth["annotations"][i])
        if i % 2:
            mask["counts"] = mask["counts"].decode()
        else:  # not compressed
            flat = masks.annToMask(truth["annotations"][i]).ravel(order="F")
            edges = np.flatnonzero(np.diff(flat, prepend=0))  # where runs of 1 and of 0 begin in turn
            mask["counts"] = np.diff(np.concatenate([[0], edges, [len(flat)]])).tolist()
        del annotation["area"], annotation["id"]
        annotation |= {"image_id": annotation["image_id"] - 1, "category_id": 0, "segmentation": mask}
    ours = evaluated(capillaryx, analysed / "out", other, tmp_path / "l.json", "--category", "vessel")
    for figure in ("precision", "recall", "ap", "hit_recall", "count_error"):
        assert ours["total"][figure] == usual["total"][figure]
    assert ours["total"]["density_scale"] == pytest.approx(usual["total"]["density_scale"], rel=0.01)
    said = capillaryx("evaluate", analysed / "out", "--labels", tmp_path / "l.json", expect=1).stderr
    assert "no category 'capillary'" in said
    assert f"Vessel ({len(other['annotations'])} labels), hair (0 labels)" in said


def test_every_decomposed_name_is_the_composed_one(capillaryx: Run, tmp_path: Path) -> None:
    composed = [chr(code) for code in (*range(0xC0, 0x3100), *range(0xAC00, 0xD7A4, 97))]
    composed = [c for c in composed if unicodedata.normalize("NFC", c) == c != unicodedata.normalize("NFD", c)]
    assert len(composed) > 1000
    images = [{"id": i, "file_name": f"{i}{c}.png"} for i, c in enumerate(composed)]
    found = [
        {"file_name": unicodedata.normalize("NFD", str(image["file_name"])), "bbox": [image["id"], 0, 1, 1]}
        for image in images
    ]
    (tmp_path / "found.json").write_text(json.dumps(found))
    labels = [{"image_id": i, "category_id": 1, "bbox": [i, 0, 1, 1]} for i in range(len(images))]
    total = evaluated(capillaryx, tmp_path / "found.json", {"images": images, "annotations": labels}, tmp_path / "l")
    assert total["total"]["f1"] == 1


def test_a_labelled_frame_that_failed_counts_as_missed(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    shutil.copytree(analysed / "frames", frames)
    truth = json.loads((analysed / "truth.coco.json").read_text())
    (frames / "été" / truth["images"][0]["file_name"]).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    capillaryx("analyze", frames, "-o", tmp_path / "out", "--no-overlays", "--quiet", expect=3)
    images = evaluated(capillaryx, tmp_path / "out", truth, tmp_path / "l.json")["images"]
    assert images[0]["recall"] == 0 < images[0]["capillaries"]
    assert images[1]["recall"] > 0.8


def test_a_labelled_frame_that_is_not_in_the_run_is_an_error(capillaryx: Run, analysed: Path, tmp_path: Path) -> None:
    truth = json.loads((analysed / "truth.coco.json").read_text())
    both = evaluated(capillaryx, analysed / "out", truth, tmp_path / "l.json")
    truth["images"].append({"id": 77, "file_name": "elsewhere.png"})
    (tmp_path / "l.json").write_text(json.dumps(truth))
    said = capillaryx("evaluate", analysed / "out", "--labels", tmp_path / "l.json", expect=1).stderr
    for part in ("does not have the labelled frames elsewhere.png", "The run has: été/phantom_000.png", "--subset"):
        assert part in said
    subset = evaluated(capillaryx, analysed / "out", truth, tmp_path / "l.json", "--subset")
    assert subset["total"] == both["total"]
    assert subset["left_out"] == 1
    text = capillaryx("evaluate", analysed / "out", "--labels", tmp_path / "l.json", "--subset").stdout
    assert "1 of 3 labelled frames are not in the run and were left out" in text


def test_a_turned_or_resized_picture_is_an_error_that_says_which(
    capillaryx: Run, analysed: Path, tmp_path: Path
) -> None:
    truth = json.loads((analysed / "truth.coco.json").read_text())
    image = truth["images"][0]
    for width, height, word in ((image["height"], image["width"], "turned"), (960, 540, "resized")):
        image["width"], image["height"] = width, height
        (tmp_path / "l.json").write_text(json.dumps(truth))
        assert word in capillaryx("evaluate", analysed / "out", "--labels", tmp_path / "l.json", expect=1).stderr


def test_text_says_what_the_figures_are(capillaryx: Run, tmp_path: Path) -> None:
    truth, detections = draw(3)
    (tmp_path / "labels.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(detections))
    text = capillaryx("evaluate", tmp_path / "found.json", "--labels", tmp_path / "labels.json").stdout
    for part in ("not clinical accuracy", "B = 2000", "box IoU >= 0.3", "box IoU >= 0.5", "hits", "Research use only"):
        assert part in text


def test_wrong_input_is_a_clear_error(capillaryx: Run, tmp_path: Path) -> None:
    labels, found = tmp_path / "labels.json", tmp_path / "found.json"
    labels.write_text(json.dumps({"images": [{"id": 1, "file_name": "a.png"}], "annotations": []}))
    found.write_text('[{"file_name":"b.png","bbox":[0,0,1,1]}]')
    assert "b.png" in capillaryx("evaluate", found, "--labels", labels, expect=1).stderr
    assert "no such file" in capillaryx("evaluate", found, "--labels", tmp_path / "none", expect=1).stderr
    found.write_text("[]")
    assert "IoU" in capillaryx("evaluate", found, "--labels", labels, "--iou", 7, expect=2).stderr
    capillaryx("evaluate", found, expect=2)
