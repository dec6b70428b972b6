# SPDX-License-Identifier: Apache-2.0
"""Regions of synthetic frames: drawn, proposed and cut by the program itself, so that the network learns from the very
numbers that it will be given."""

import csv
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from network import INPUT_PX
from recipe import Group

PROPOSE_MORE = ("--min-darkness=2", "--min-structure=1.75")
OTHER, CAPILLARY, PART, FRAGMENT = "0", "1", "-2", "-3"  # `label` in regions.csv; "-1" has no answer
FRAMES_A_TASK = 10  # drawn, cut and removed together: 10 frames are some 40 MB


@dataclass
class Regions:
    """Regions with a known answer. `inputs` [n, INPUT_PX, INPUT_PX, INPUT_PLANES], the rest [n]."""

    inputs: Any
    labels: Any  # 1: capillary
    parts: Any  # a part of a capillary: labelled 0
    fragments: Any  # of the parts, those that no region holds which matches the capillary
    darkness: Any  # darkness of the darkest place over the background: what one threshold would look at
    frames: Any  # number of the frame
    groups: Any  # index of the group

    def __len__(self) -> int:
        return len(self.labels)


def crop(program: Path, frames: Path, labels: Path, folder: Path, options: tuple[str, ...] = ()) -> None:
    """Has the program propose, match and cut the regions of the frames into `folder`."""
    command = [program, "model", "crops", frames, "--labels", labels, "-o", folder, f"--size={INPUT_PX}", *options]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)


def read(folder: Path) -> tuple[Any, list[dict[str, str]]]:
    """What `crop` wrote: inputs [n, INPUT_PLANES, INPUT_PX, INPUT_PX] and a row each."""
    with (folder / "regions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.load(folder / "inputs.npy"), rows


def known(folder: Path, group: int, first_frame: int) -> Regions:
    """The regions of a folder whose answer is known."""
    inputs, rows = read(folder)
    keep = [i for i, row in enumerate(rows) if row["label"] in (OTHER, CAPILLARY, PART, FRAGMENT)]
    names = {name: i for i, name in enumerate(sorted({row["frame"] for row in rows}))}
    return Regions(
        inputs=np.ascontiguousarray(inputs[keep].transpose(0, 2, 3, 1)),
        labels=np.array([rows[i]["label"] == CAPILLARY for i in keep], np.int64),
        parts=np.array([rows[i]["label"] in (PART, FRAGMENT) for i in keep], bool),
        fragments=np.array([rows[i]["label"] == FRAGMENT for i in keep], bool),
        darkness=np.array([float(rows[i]["darkness"]) for i in keep], np.float64),
        frames=np.array([first_frame + names[rows[i]["frame"]] for i in keep], np.int64),
        groups=np.full(len(keep), group, np.int64),
    )


def join(parts: list[Regions]) -> Regions:
    """All regions one after the other."""
    return Regions(*(np.concatenate([getattr(part, name) for part in parts]) for name in Regions.__dataclass_fields__))


def subset(regions: Regions, keep: Any) -> Regions:
    """Those that `keep` (a mask or indices) chooses."""
    return Regions(*(getattr(regions, name)[keep] for name in Regions.__dataclass_fields__))


def draw(
    program: Path,
    groups: tuple[Group, ...],
    frames: int,
    seed: int,
    folder: Path,
    jobs: int,
    *,
    more: bool,
    again: bool,
) -> Regions:
    """Draws `frames` frames over the groups and gives their regions; the frames themselves are removed.

    `again`: what an earlier run left in `folder` is drawn again, else taken as it is. `more`: the program proposes more
    than it does by default, so that there are more regions to learn from.
    """
    tasks: list[tuple[int, Group, int, int]] = []
    number = 0
    for index, group in enumerate(groups):
        left = max(1, round(group.share * frames))
        while left > 0:
            count = min(left, FRAMES_A_TASK)
            tasks.append((index, group, number, count))
            number += count
            left -= count

    def run(task: tuple[int, Group, int, int]) -> Regions:
        index, group, first_frame, count = task
        place = folder / f"{first_frame:05d}"
        if not again and (place / "regions.csv").exists() and not (place / "frames").exists():
            return known(place, index, first_frame)
        shutil.rmtree(place, ignore_errors=True)
        options = [f"--{name}={value}" for name, value in group.options.items()]
        command = [program, "phantom", count, "-o", place / "frames", f"--seed={seed}", f"--first={first_frame}"]
        command += ["--format=ppm", "--threads=1", "--quiet"]
        subprocess.run(list(map(str, command + options)), check=True, stdout=subprocess.DEVNULL)
        crop(program, place / "frames", place / "frames" / "truth.coco.json", place, PROPOSE_MORE if more else ())
        shutil.rmtree(place / "frames")
        return known(place, index, first_frame)

    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    with ThreadPoolExecutor(jobs) as pool:
        for done, part in enumerate(pool.map(run, tasks), 1):
            parts.append(part)
            print(f"  {done}/{len(tasks)}: {sum(map(len, parts))} regions", flush=True)
    return join(parts)
