# SPDX-License-Identifier: Apache-2.0
"""The section of docs/accuracy.md on other cameras and sizes: of the sets that other_frames.py made."""

import json
import pathlib
import statistics
from collections import Counter
from collections.abc import Callable
from typing import Any

KINDS = {
    "real": "the labelled frames, changed",
    "camera": "other cameras",
    "contrast": "nailfold pictures, optical density times",
    "empty": "other cameras, no capillary",
}

Analyze = Callable[..., pathlib.Path]  # name, folder, options
Evaluate = Callable[[pathlib.Path, pathlib.Path], dict[str, Any]]


def frames_of(results: pathlib.Path) -> list[dict[str, Any]]:
    with (results / "results.jsonl").open(encoding="utf-8") as lines:
        return [frame for frame in map(json.loads, lines) if frame["type"] == "frame"]


def magnifications(frames: list[dict[str, Any]]) -> str:
    found = Counter(frame.get("magnification") for frame in frames)
    cells = [
        f"{'-' if value is None else f'{value:.2f}'} ({count})"
        for value, count in sorted(found.items(), key=lambda item: item[0] or 0)
    ]
    return ", ".join(cells)


def row(name: str, scores: dict[str, Any], frames: list[dict[str, Any]]) -> str:
    total = scores["total"]
    notes = sum(bool(frame["notes"]) for frame in frames)
    detected = sum(frame["count"] for frame in frames)
    ratio = f"{detected / total['capillaries']:.2f}" if total["capillaries"] else ""
    if total["capillaries"]:
        cells = [f"{total[key]:.3f}" for key in ("f1", "precision", "recall", "hit_f1", "density_error")]
    else:
        cells = [""] * 5
    counts = statistics.mean(frame["count"] for frame in frames)
    return (
        f"| {name} | {total['capillaries']} | {counts:.1f} | {ratio} | {' | '.join(cells)} "
        f"| {magnifications(frames)} | {notes} of {len(frames)} |"
    )


def section(analyze: Analyze, evaluate: Evaluate, sets: pathlib.Path) -> list[str]:
    page = ["## Other cameras and sizes", ""]
    found = sorted(sets.glob("*/truth.coco.json"))
    if not found:
        return [*page, "Not measured: no ../shared.", ""]
    page += [
        "The labelled frames changed in one way each; where their size changes, the middle is cut out at the old size,",
        "or the picture goes on mirrored to it, so that the size of the file tells nothing. Pictures of other cameras",
        "are drawn by a generator that is not this project's.",
        "",
        "| | capillaries | detected per picture | detected / true | F1 | precision | recall | hit F1 | density error "
        "| magnification (pictures) | with a note |",
        "|---" * 11 + "|",
    ]
    for kind, title in KINDS.items():
        for truth in found:
            name = truth.parent.name
            if not name.startswith(kind + "_"):
                continue
            out = analyze("other " + name, truth.parent, "--no-overlays")
            page.append(row(f"{title}: {name.split('_', 1)[1]}", evaluate(out, truth), frames_of(out)))
    return [*page, ""]
