# SPDX-License-Identifier: Apache-2.0
"""Pictures of what the program gets most wrong: capillaries that it misses, and what it takes for one, as
`capillaryx evaluate --json` names them."""

import json
import pathlib
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

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


def write_sheets(scores: dict[str, Any], frames: pathlib.Path, labels: pathlib.Path, stem: pathlib.Path) -> str:
    """Writes STEM_missed.jpg and STEM_false.jpg of the worst; says how many there were of each. `scores`: what
    `evaluate --json` says. Worst is a miss where it is darkest (else largest), a false alarm where it is surest."""
    truth = json.loads(labels.read_text(encoding="utf-8"))
    frame_of = {image["id"]: image["file_name"] for image in truth["images"]}
    sizes = {image["file_name"]: (image["width"], image["height"]) for image in truth["images"]}
    darkness = {
        (frame_of[each["image_id"]], *each["bbox"]): each["peak_density"]
        for each in truth["annotations"]
        if "peak_density" in each
    }
    missed: list[Place] = []
    false_alarms: list[Place] = []
    for image in scores["images"]:
        name = image["image"]
        for box in image["missed"]:
            missed.append(Place(darkness.get((name, *box), box[2] * box[3]), name, box))
        for one in image["false_alarms"]:
            false_alarms.append(Place(one["score"], name, one["bbox"]))
    stem.parent.mkdir(parents=True, exist_ok=True)
    for kind, places in (("missed", missed), ("false", false_alarms)):
        sheet = stem.with_name(f"{stem.name}_{kind}.jpg")
        sheet.unlink(missing_ok=True)
        if places:
            write_sheet(worst(places), frames, sizes, sheet)
    return f"{len(missed)} missed, {len(false_alarms)} false alarms"
