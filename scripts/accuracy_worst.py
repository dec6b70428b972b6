# SPDX-License-Identifier: Apache-2.0
"""Pictures of what the program gets most wrong: capillaries that it misses, and what it takes for one.

Matching is that of `capillaryx evaluate`: box IoU 0.3, the surest detection first; what lies on a capillary that cannot
be told, or half inside one that is labelled, is no false alarm.
"""

import json
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

IOU = 0.3
INSIDE = 0.5  # of a detection's box
ACROSS, DOWN = 10, 2
PICTURE_PX = 150
MOST_OF_A_FRAME = 2  # so that one bad frame does not fill the sheet

Box = list[float]  # x, y, width, height


@dataclass(frozen=True)
class Place:
    """A box in a frame, and how bad it is that it was got wrong."""

    badness: float
    frame: str
    box: Box


def overlap(a: Box, b: Box) -> float:
    """Area that two boxes share."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return max(0.0, width) * max(0.0, height)


def iou(a: Box, b: Box) -> float:
    shared = overlap(a, b)
    return shared / max(1e-9, a[2] * a[3] + b[2] * b[3] - shared)


def errors_of(frame: str, found: list[dict[str, Any]], labels: list[dict[str, Any]]) -> tuple[list[Place], list[Place]]:
    """Missed capillaries, the darkest (else the largest) first, and false alarms, the surest first, of one frame."""
    asked = [each for each in labels if each["category_id"] == 1 and not each.get("iscrowd")]
    unclear = [each for each in labels if each["category_id"] == 1 and each.get("iscrowd")]
    matched: set[int] = set()
    false_alarms = []
    for one in sorted(found, key=lambda each: -float(each["score"])):
        box = one["bbox"]
        free = [i for i in range(len(asked)) if i not in matched]
        best = max(free, key=lambda i: iou(box, asked[i]["bbox"]), default=None)
        if best is not None and iou(box, asked[best]["bbox"]) >= IOU:
            matched.add(best)
        elif all(overlap(box, each["bbox"]) < INSIDE * box[2] * box[3] for each in unclear + asked):
            false_alarms.append(Place(one["score"], frame, box))
    missed = [
        Place(each.get("peak_density", each["bbox"][2] * each["bbox"][3]), frame, each["bbox"])
        for i, each in enumerate(asked)
        if i not in matched
    ]
    return missed, false_alarms


def worst(places: list[Place]) -> list[Place]:
    """The worst of all frames, few of each."""
    taken: list[Place] = []
    for place in sorted(places, key=lambda each: (-each.badness, each.frame, each.box)):
        if sum(each.frame == place.frame for each in taken) < MOST_OF_A_FRAME:
            taken.append(place)
    return taken[: ACROSS * DOWN]


def write_sheet(
    places: list[Place], frames: pathlib.Path, sizes: dict[str, tuple[int, int]], sheet: pathlib.Path
) -> None:
    """One picture of all places, each in its surroundings with its box."""
    with tempfile.TemporaryDirectory() as work:
        for number, place in enumerate(places):
            x, y, width, height = place.box
            frame_width, frame_height = sizes[place.frame]
            side = int(min(max(90, 2 * max(width, height)), frame_width, frame_height))
            left = int(min(max(0, x + width / 2 - side / 2), frame_width - side))
            top = int(min(max(0, y + height / 2 - side / 2), frame_height - side))
            box = f"{x - left:.0f}:{y - top:.0f}:{width:.0f}:{height:.0f}"
            picture = (
                f"format=rgb24,crop={side}:{side}:{left}:{top}:exact=1,drawbox={box}:color=yellow@0.7:t=1,"
                f"scale={PICTURE_PX}:{PICTURE_PX}:flags=lanczos"
            )
            ffmpeg("-i", frames / place.frame, "-vf", picture, pathlib.Path(work) / f"{number:02d}.png")
        tiles = f"tile={ACROSS}x{DOWN}:padding=2"
        ffmpeg("-i", f"{work}/%02d.png", "-vf", tiles, "-frames:v", "1", "-pix_fmt", "yuvj444p", "-q:v", "4", sheet)


def ffmpeg(*words: str | pathlib.Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True)


def write_sheets(results: pathlib.Path, frames: pathlib.Path, labels: pathlib.Path, stem: pathlib.Path) -> str:
    """Writes STEM_missed.jpg and STEM_false.jpg of the worst; says how many there were of each."""
    truth = json.loads(labels.read_text(encoding="utf-8"))
    by_frame: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in truth["images"]}
    for each in truth["annotations"]:
        by_frame[each["image_id"]].append(each)
    found: dict[str, list[dict[str, Any]]] = {}
    with (results / "results.jsonl").open(encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if line["type"] == "frame":
                found[pathlib.Path(line["source"]).stem] = line["capillaries"]
    missed: list[Place] = []
    false_alarms: list[Place] = []
    for image in truth["images"]:
        name = image["file_name"]
        of_frame = errors_of(name, found.get(pathlib.Path(name).stem, []), by_frame[image["id"]])
        missed += of_frame[0]
        false_alarms += of_frame[1]
    sizes = {image["file_name"]: (image["width"], image["height"]) for image in truth["images"]}
    stem.parent.mkdir(parents=True, exist_ok=True)
    for kind, places in (("missed", missed), ("false", false_alarms)):
        sheet = stem.with_name(f"{stem.name}_{kind}.jpg")
        sheet.unlink(missing_ok=True)
        if places:
            write_sheet(worst(places), frames, sizes, sheet)
    return f"{len(missed)} missed, {len(false_alarms)} false alarms"
