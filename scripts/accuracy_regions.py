# SPDX-License-Identifier: Apache-2.0
"""Figures of the network on the regions that the program proposes: how often it is right, beside darkness alone, and
how far its probabilities can be believed."""

import csv
import pathlib
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
