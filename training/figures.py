# SPDX-License-Identifier: Apache-2.0
"""Figures of a classifier on regions whose answer is known, with 95 % bootstrap intervals over frames."""

from collections.abc import Callable
from typing import Any

import numpy as np

ROUNDS = 1000


def accuracy(probabilities: Any, labels: Any) -> float:
    return float(np.mean((probabilities >= 0.5) == (labels == 1)))


def area_under_curve(probabilities: Any, labels: Any) -> float:
    """Area under the ROC curve: how often a capillary scores above another region (equal scores count half)."""
    order = np.argsort(probabilities, kind="stable")
    _, first, counts = np.unique(probabilities[order], return_index=True, return_counts=True)
    ranks = np.empty(len(labels))
    ranks[order] = np.repeat(first + (counts + 1) / 2, counts)
    positive = int(np.sum(labels == 1))
    negative = len(labels) - positive
    if positive == 0 or negative == 0:
        return float("nan")
    return float((ranks[labels == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def calibration_error(probabilities: Any, labels: Any, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width of the probability of a capillary."""
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    error = 0.0
    for i in range(bins):
        inside = place == i
        if inside.any():
            error += float(inside.mean() * abs(probabilities[inside].mean() - np.mean(labels[inside] == 1)))
    return error


def best_threshold(values: Any, labels: Any) -> float:
    """The threshold on one number that answers most regions rightly."""
    candidates = np.quantile(values, np.linspace(0, 1, 401))
    return float(max(candidates, key=lambda t: np.mean((values >= t) == (labels == 1))))


def with_interval(measure: Callable[[Any, Any], float], values: Any, labels: Any, frames: Any, seed: int = 1) -> Any:
    """The figure, and the 2.5th and 97.5th percentile over frames drawn with replacement."""
    random = np.random.default_rng(seed)
    where = [np.flatnonzero(frames == frame) for frame in np.unique(frames)]
    found = []
    for _ in range(ROUNDS):
        chosen = np.concatenate([where[i] for i in random.integers(0, len(where), len(where))])
        found.append(measure(values[chosen], labels[chosen]))
    return [measure(values, labels), float(np.nanpercentile(found, 2.5)), float(np.nanpercentile(found, 97.5))]
