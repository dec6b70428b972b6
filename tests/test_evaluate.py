# SPDX-License-Identifier: Apache-2.0
"""`capillaryx evaluate` gives the figures of ../shared/tools/score.py, on drawn detections and on real output."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

FIGURES = ["precision", "recall", "f1", "count_error", "density_error", "scaled_density_error"]
TOTALS = [*FIGURES, "ap", "density_scale"]


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


def random_box(random_: random.Random) -> list[int]:
    return [random_.randrange(300), random_.randrange(300), random_.randrange(4, 40), random_.randrange(4, 40)]


def near(box: list[int], random_: random.Random) -> list[float]:
    x, y, w, h = (value + random_.choice([0, 0, 1, -2, 5, 0.5]) for value in box)
    return [max(0, x), max(0, y), max(1, w), max(1, h)]


def draw(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Labels and detections of a few frames, with ties of score and overlap, double detections, empty frames."""
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
    return {"images": images, "annotations": annotations}, detections


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
    for results in (out, out / "results.jsonl", out / "coco.json"):
        ours = json.loads(capillaryx("evaluate", results, "--labels", labels, "--json").stdout)
        assert_same(ours, theirs, 1e-5)  # outlines are floats in results.jsonl


def test_text_says_what_the_figures_are(capillaryx: Run, tmp_path: Path) -> None:
    truth, detections = draw(3)
    (tmp_path / "labels.json").write_text(json.dumps(truth))
    (tmp_path / "found.json").write_text(json.dumps(detections))
    text = capillaryx("evaluate", tmp_path / "found.json", "--labels", tmp_path / "labels.json").stdout
    for part in ("not clinical accuracy", "B = 2000", "box IoU >= 0.3", "box IoU >= 0.5", "Research use only"):
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
