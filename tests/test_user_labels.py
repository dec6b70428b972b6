# SPDX-License-Identifier: Apache-2.0
"""Labels of a user's own, as fine-tuning takes them: areas that nobody has labelled, fragments, recall of proposals."""

import csv
import importlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run

sys.path.insert(0, str(ROOT / "training"))
user_labels: Any = importlib.import_module("user_labels")


def coco_of(*annotations: dict[str, Any], categories: dict[int, str]) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "a.png"}],
        "categories": [{"id": number, "name": name} for number, name in categories.items()],
        "annotations": [{"id": i, "image_id": 1, **each} for i, each in enumerate(annotations, 1)],
    }


@pytest.mark.parametrize("name", ["unlabelled", "Unlabeled", "IGNORE"])
def test_unlabelled_areas_become_ambiguous_regions(name: str) -> None:
    box = [0, 0, 9, 9]
    categories = {3: "capillary", 5: name, 6: "hair"}
    labels = coco_of(
        {"category_id": 3, "bbox": box},
        {"category_id": 5, "bbox": box},
        {"category_id": 6, "bbox": box},
        categories=categories,
    )
    said = user_labels.without_unlabelled(labels)
    assert [(each["category_id"], each.get("iscrowd", 0)) for each in said["annotations"]] == [(3, 0), (3, 1), (6, 0)]
    assert [each["id"] for each in said["categories"]] == [3, 6]


def test_labels_without_such_areas_stay_as_they_are(tmp_path: Path) -> None:
    labels = coco_of({"category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1}, categories={1: "capillary"})
    assert user_labels.without_unlabelled(labels) == labels
    broken = tmp_path / "broken.json"
    broken.write_text("[]")
    assert user_labels.prepare(broken, tmp_path / "work").read_text() == "[]"  # the program says what is wrong


def crop_labels(capillaryx: Run, folder: Path, coco: dict[str, Any]) -> tuple["Counter[str]", list[dict[str, str]]]:
    (folder / "labels.json").write_text(json.dumps(coco))
    prepared = user_labels.prepare(folder / "labels.json", folder / "work")
    capillaryx("model", "crops", folder / "frames", "--labels", prepared, "-o", folder / "crops")
    with (folder / "crops/regions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Counter(row["label"] for row in rows), rows


def test_regions_in_unlabelled_areas_teach_nothing(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    coco = json.loads((tmp_path / "frames/truth.coco.json").read_text())
    with_all, rows = crop_labels(capillaryx, tmp_path, coco)
    proposals = user_labels.proposals(rows, coco)
    assert proposals.found == with_all["1"] > 3
    assert 0.5 < proposals.recall <= 1

    right = [each for each in coco["annotations"] if each["bbox"][0] >= 320]
    area = {"id": 999, "image_id": coco["images"][0]["id"], "category_id": 9, "bbox": [0, 0, 320, 480]}
    unlabelled = {
        **coco,
        "categories": [*coco["categories"], {"id": 9, "name": "unlabelled"}],
        "annotations": [*right, area],
    }
    _, rows = crop_labels(capillaryx, tmp_path, unlabelled)
    inside = [row for row in rows if int(row["x"]) + int(row["width"]) / 2 < 300]
    assert len(inside) > 3
    assert {row["label"] for row in inside} == {"-1"}


def test_fragments_of_a_capillary_without_a_region_are_no_negatives(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    coco = json.loads((tmp_path / "frames/truth.coco.json").read_text())
    # One label over the whole frame: every region is a fragment of it.
    label = {**coco["annotations"][0], "bbox": [0, 0, 640, 480], "iscrowd": 0}
    counted, rows = crop_labels(capillaryx, tmp_path, {**coco, "annotations": [label]})
    assert set(counted) == {"-3"}
    said = user_labels.proposals(rows, {**coco, "annotations": [label]}).sentences()
    assert "a region for 0 of 1 labelled capillaries" in said
    assert "This is the limit here" in said
