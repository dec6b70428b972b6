# SPDX-License-Identifier: Apache-2.0
"""How the figures move on synthetic frames when one thing about them changes."""

from collections.abc import Callable
from typing import Any

from line_plot import Line, Plot

SWEEPS = (
    ("contrast", "contrast", (0.5, 0.7, 1.0, 1.4, 2.0)),
    ("blur", "blur", (0.5, 1.0, 1.5, 2.0, 2.5)),
    ("noise", "noise", (0.0, 1.0, 2.0, 4.0, 6.0)),
    ("tilt of light", "gradients", (0.0, 1.0, 2.0, 3.0, 4.0)),
    ("scale", "magnification", (0.6, 0.8, 1.0, 1.25, 1.6)),
)
FIGURES = ("f1", "recall", "precision", "count_error", "density_error")

Measure = Callable[[str, int, str], dict[str, Any]]  # name, frames, option -> what `evaluate --json` gives


def sweep(measure: Measure, frames: int) -> tuple[list[str], list[Plot]]:
    """Lines of the page, and a plot per row. `frames` per value: the same capillaries in the same places at each."""
    page = [
        f"{frames} frames per value, the option of `capillaryx phantom` in brackets; 1 is as on ordinary ones.",
        "",
        "| | value | F1 | recall | precision | count error | density error | density, detected / drawn |",
        "|---|---|---|---|---|---|---|---|",
    ]
    plots = []
    for title, option, values in SWEEPS:
        found = [measure(f"sweep_{option}_{value:g}", frames, f"--{option}={value:g}") for value in values]
        for value, scores in zip(values, found, strict=True):
            total = scores["total"]
            cells = " | ".join(f"{total[figure]:.3f}" for figure in FIGURES)
            page.append(f"| {title} (`--{option}`) | {value:g} | {cells} | {total['density_scale']:.3f} |")
        lines = [
            Line(
                figure.replace("_", " "),
                [(value, scores["total"][figure]) for value, scores in zip(values, found, strict=True)],
                [tuple(scores["intervals"][figure]) for scores in found],
            )
            for figure in ("f1", "count_error", "density_error")
        ]
        plots.append(Plot(title, f"--{option}", lines))
    return [*page, ""], plots
