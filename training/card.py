# SPDX-License-Identifier: Apache-2.0
"""Writes the model card from the figures of a training run."""

from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("card.md")

ROWS = (
    ("frames", "frames"),
    ("regions (capillaries)", "regions"),
    ("region accuracy", "accuracy"),
    ("region accuracy of darkness alone", "accuracy_of_darkness_alone"),
    ("area under the ROC curve", "auc"),
    ("calibration error (10 bins)", "calibration_error"),
    ("second regions on one capillary", "parts"),
    ("of them refused", "parts_refused"),
)


def _cell(figures: dict[str, Any], key: str) -> str:
    value = figures[key]
    if isinstance(value, list):
        return f"{value[0]:.4f} [{value[1]:.4f}, {value[2]:.4f}]"
    return f"{value} ({figures['capillaries']})" if key == "regions" else str(value)


def write_card(file: Path, card: dict[str, Any]) -> None:
    sets = [(title, card[key]) for title, key in (("drawn, held out", "synthetic"), ("real", "real")) if key in card]
    note = (
        "The real frames were looked at when the drawing was made to resemble them, when it was decided that parts of\n"
        "capillaries count in training, and what the network is shown of a region; no weight was fitted to them.\n\n"
        if "real" in card
        else ""
    )
    text = PAGE.read_text().format(
        **{key: value for key, value in card.items() if key not in ("synthetic", "real")},
        columns=" | ".join(title for title, _ in sets),
        rules="|".join("---" for _ in sets),
        rows="\n".join(f"| {name} | " + " | ".join(_cell(of, key) for _, of in sets) + " |" for name, key in ROWS),
        real_note=note,
        groups="\n".join(f"| {name} | {value:.4f} |" for name, value in card["synthetic"]["accuracy_by_group"].items()),
    )
    file.write_text(text)
