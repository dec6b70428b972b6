# SPDX-License-Identifier: Apache-2.0
"""Figures of the network on the regions that the program proposes: how often it is right, beside darkness alone, and
how far its probabilities can be believed."""

import csv
import json
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROUNDS = 1000
BINS = 10
CAPILLARY, OTHER = "1", "0"  # `label` in regions.csv; the others have no answer


@dataclass(frozen=True)
class Answers:
    """Regions with a known answer."""

    frames: Any  # name of each one's frame
    capillary: Any
    probability: Any
    darkness: Any  # of the region's darkest place over the background's level

    def chosen(self, keep: Any) -> "Answers":
        return Answers(self.frames[keep], self.capillary[keep], self.probability[keep], self.darkness[keep])


def read(folder: pathlib.Path) -> Answers:
    with (folder / "regions.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["label"] in (CAPILLARY, OTHER)]
    return Answers(
        np.array([row["frame"] for row in rows]),
        np.array([row["label"] == CAPILLARY for row in rows]),
        np.array([float(row["score"]) for row in rows]),
        np.array([float(row["darkness"]) for row in rows]),
    )


def accuracy(answers: Answers) -> float:
    return float(np.mean((answers.probability >= 0.5) == answers.capillary))


def accuracy_of_darkness(threshold: float, answers: Answers) -> float:
    return float(np.mean((answers.darkness >= threshold) == answers.capillary))


def bins(answers: Answers) -> list[tuple[float, float, int]]:
    """Mean probability, share of capillaries and number of the regions of each bin of probability that has some."""
    place = np.minimum((answers.probability * BINS).astype(int), BINS - 1)
    found = []
    for i in range(BINS):
        inside = place == i
        if inside.any():
            found.append(
                (float(answers.probability[inside].mean()), float(answers.capillary[inside].mean()), int(inside.sum()))
            )
    return found


def calibration_error(answers: Answers) -> float:
    """Expected calibration error."""
    return sum(abs(said - true) * count for said, true, count in bins(answers)) / len(answers.capillary)


def with_interval(measure: Any, answers: Answers) -> str:
    """The figure with its 95 % interval, a bootstrap over frames."""
    random = np.random.default_rng(1)
    where = [np.flatnonzero(answers.frames == name) for name in np.unique(answers.frames)]
    found = [
        measure(answers.chosen(np.concatenate([where[i] for i in random.integers(0, len(where), len(where))])))
        for _ in range(ROUNDS)
    ]
    low, high = np.percentile(found, [2.5, 97.5])
    return f"{measure(answers):.4f} ({low:.4f} to {high:.4f})"


Evaluate = Callable[[pathlib.Path, pathlib.Path], dict[str, Any]]  # results, labels -> `evaluate --json`


@dataclass(frozen=True)
class Proposed:
    """A region as `capillaryx model crops` wrote it."""

    frame: str
    box: list[float]
    darkness: float
    score: float


def regions_of(folder: pathlib.Path) -> list[Proposed]:
    with (folder / "regions.csv").open(newline="", encoding="utf-8") as file:
        return [
            Proposed(
                row["frame"],
                [float(row[side]) for side in ("x", "y", "width", "height")],
                float(row["darkness"]),
                float(row["score"]),
            )
            for row in csv.DictReader(file)
        ]


def write_results(regions: list[Proposed], file: pathlib.Path) -> pathlib.Path:
    """The regions as COCO results, so that `evaluate` matches them as it matches detections."""
    rows = [{"file_name": one.frame, "category_id": 1, "bbox": one.box, "score": one.score} for one in regions]
    file.write_text(json.dumps(rows), encoding="utf-8")
    return file


def proposals(evaluate: Evaluate, folder: pathlib.Path, labels: pathlib.Path) -> list[str]:
    """Regions as they are proposed, against labels: rows of a table. From what `capillaryx model crops` wrote, and the
    labels that it was given."""
    found = evaluate(write_results(regions_of(folder), folder / "proposed.json"), labels)
    total, intervals = found["total"], found["intervals"]

    def figure(name: str) -> str:
        low, high = intervals[name]
        return f"{total[name]:.3f} ({low:.3f} to {high:.3f})"

    return [
        f"| recall of the proposals (boxes of the regions, box IoU 0.3) | {figure('recall')} |",
        f"| hit recall of the proposals | {figure('hit_recall')} |",
        f"| proposals per frame | {total['detections'] / len(found['images']):.1f} |",
        f"| proposals per capillary | {total['detections'] / total['capillaries']:.2f} |",
    ]


def ambiguous_cells(evaluate: Evaluate, folder: pathlib.Path, labels: pathlib.Path) -> list[str]:
    """Of the ambiguous regions of the labels: how many there are per capillary, how dark the proposed regions are that
    match them, in those of the frame's median capillary, and how many of these the network takes for one."""
    coco = json.loads(labels.read_text(encoding="utf-8"))
    turned = [
        {**label, "iscrowd": 0 if label.get("iscrowd") else 1}
        for label in coco["annotations"]
        if label["category_id"] == 1
    ]
    ambiguous_file = folder / "ambiguous.json"
    ambiguous_file.write_text(json.dumps({**coco, "annotations": turned}), encoding="utf-8")
    regions = regions_of(folder)
    results = write_results(regions, folder / "proposed.json")
    of_box = {(one.frame, *one.box): one for one in regions}

    def matched(image: dict[str, Any]) -> list[Proposed]:
        return [of_box[(image["image"], *match["detected"])] for match in image["matches"]]

    of_capillaries, of_ambiguous = evaluate(results, labels), evaluate(results, ambiguous_file)
    darkness, taken = [], []
    for told, ambiguous in zip(of_capillaries["images"], of_ambiguous["images"], strict=True):
        usual = [region.darkness for region in matched(told)]
        if not usual:
            continue
        for region in matched(ambiguous):
            darkness.append(region.darkness / float(np.median(usual)))
            taken.append(region.score >= 0.5)
    count = of_ambiguous["total"]["capillaries"]
    low, middle, high = np.percentile(darkness, [5, 50, 95])
    return [
        str(count),
        f"{count / of_capillaries['total']['capillaries']:.2f}",
        f"{len(darkness) / count:.2f}",
        f"{low:.2f}, {middle:.2f}, {high:.2f}",
        f"{float(np.mean(taken)):.2f}",
    ]
