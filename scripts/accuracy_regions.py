# SPDX-License-Identifier: Apache-2.0
"""Figures of the network on the regions that the program proposes: how often it is right, beside darkness alone, and
how far its probabilities can be believed."""

import csv
import json
import pathlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

ROUNDS = 1000
BINS = 10
MATCH_IOU = 0.3  # as everywhere that boxes are matched with labels
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


def iou(a: Any, b: Any) -> float:
    """Of two boxes [x, y, width, height]."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(wide, 0) * max(high, 0)
    return float(both / (a[2] * a[3] + b[2] * b[3] - both))


def matched(labels: list[Any], regions: list[Any]) -> int:
    """How many labels have a region, one to one, the best overlap first."""
    pairs = [(iou(label, region), i, k) for i, label in enumerate(labels) for k, region in enumerate(regions)]
    of_label: set[int] = set()
    of_region: set[int] = set()
    for _, i, k in sorted((pair for pair in pairs if pair[0] >= MATCH_IOU), reverse=True):
        if i not in of_label and k not in of_region:
            of_label.add(i)
            of_region.add(k)
    return len(of_label)


@dataclass(frozen=True)
class Proposals:
    """Regions as they are proposed, against labels. A number for each frame."""

    labelled: Any
    found: Any
    proposed: Any

    def rows(self) -> list[str]:
        random = np.random.default_rng(1)
        rounds = random.integers(0, len(self.found), (ROUNDS, len(self.found)))
        recalls = self.found[rounds].sum(axis=1) / self.labelled[rounds].sum(axis=1)
        low, high = np.percentile(recalls, [2.5, 97.5])
        recall = self.found.sum() / self.labelled.sum()
        return [
            f"| recall of the proposals (boxes of the regions, one to one) | {recall:.3f} ({low:.3f} to {high:.3f}) |",
            f"| proposals a frame | {self.proposed.mean():.1f} |",
            f"| proposals a capillary | {self.proposed.sum() / self.labelled.sum():.2f} |",
        ]


def boxes_of(labels: pathlib.Path) -> tuple[dict[str, list[Any]], dict[str, list[Any]]]:
    """The boxes of each frame's capillaries, and of what cannot be told."""
    coco = json.loads(labels.read_text(encoding="utf-8"))
    names = {image["id"]: image["file_name"] for image in coco["images"]}
    told: dict[str, list[Any]] = {name: [] for name in names.values()}
    ambiguous: dict[str, list[Any]] = {name: [] for name in names.values()}
    for label in coco["annotations"]:
        if label["category_id"] == 1:
            (ambiguous if label.get("iscrowd") else told)[names[label["image_id"]]].append(label["bbox"])
    return told, ambiguous


@dataclass(frozen=True)
class Proposed:
    """A region as `capillaryx model crops` wrote it."""

    box: list[float]
    darkness: float
    score: float


def regions_of(folder: pathlib.Path, frames: Iterable[str]) -> dict[str, list[Proposed]]:
    """The regions of each frame."""
    found: dict[str, list[Proposed]] = {name: [] for name in frames}
    with (folder / "regions.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            box = [float(row[side]) for side in ("x", "y", "width", "height")]
            found[row["frame"]].append(Proposed(box, float(row["darkness"]), float(row["score"])))
    return found


def proposals(folder: pathlib.Path, labels: pathlib.Path) -> Proposals:
    """From what `capillaryx model crops` wrote, and the labels that it was given."""
    boxes, _ = boxes_of(labels)
    regions = regions_of(folder, boxes)
    return Proposals(
        np.array([len(boxes[name]) for name in boxes]),
        np.array([matched(boxes[name], [region.box for region in regions[name]]) for name in boxes]),
        np.array([len(regions[name]) for name in boxes]),
    )


def ambiguous_cells(folder: pathlib.Path, labels: pathlib.Path) -> list[str]:
    """Of what cannot be told: how many there are for a capillary, how dark the regions are that overlap them, in those
    of the frame's median capillary, and how many of these regions the network takes for one."""
    told, ambiguous = boxes_of(labels)
    regions = regions_of(folder, told)

    def best(name: str, boxes: list[Any]) -> list[Proposed]:
        """The region that overlaps each box most, where one does enough."""
        pairs = [(box, max(regions[name], key=lambda r: iou(box, r.box))) for box in boxes if regions[name]]
        return [region for box, region in pairs if iou(box, region.box) >= MATCH_IOU]

    darkness, taken = [], []
    for name in told:
        usual = [region.darkness for region in best(name, told[name])]
        if not usual:
            continue
        for region in best(name, ambiguous[name]):
            darkness.append(region.darkness / float(np.median(usual)))
            taken.append(region.score >= 0.5)
    count = sum(map(len, ambiguous.values()))
    low, middle, high = np.percentile(darkness, [5, 50, 95])
    return [
        str(count),
        f"{count / sum(map(len, told.values())):.2f}",
        f"{len(darkness) / count:.2f}",
        f"{low:.2f}, {middle:.2f}, {high:.2f}",
        f"{float(np.mean(taken)):.2f}",
    ]
