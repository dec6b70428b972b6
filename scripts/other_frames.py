#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: other_frames.py SHARED OUT [--pictures N]

Makes sets of pictures on which the accuracy away from the usual frames is measured, each a folder in OUT with
truth.coco.json: the labelled frames of SHARED/data/frames changed in one way each (real_*), and pictures that
SHARED/tools/cameras.py draws, a generator that is not this project's (camera_*, contrast_*, empty_*). A set that is
there already stays as it is: drawing takes long. Needs requirements/other_frames.txt; scripts/accuracy.sh runs it.
"""

import argparse
import json
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
SEED = 1  # of pictures of other cameras and of noise
CAMERAS = ("nailfold", "lowmag", "mucosa")
CONTRASTS = (0.6, 0.85, 1.1)
SIZES = (0.5, 0.7, 1.4, 2.0)
MOSTLY_INSIDE = 0.5  # a capillary of which less is in the picture is for nobody to tell
ON_A_SEAM_PX = 2  # so near to a mirror's edge a capillary meets its own picture


def rounded(values: npt.NDArray[np.float64]) -> Picture:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def as_jpeg(picture: Picture) -> Picture:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def sharpened(picture: Picture) -> Picture:
    values = picture.astype(np.float64)
    return rounded(values + 1.5 * (values - cv2.GaussianBlur(values, (0, 0), 2)))


def noisy(picture: Picture) -> Picture:
    return rounded(picture + np.random.default_rng(SEED).normal(0, 8, picture.shape))


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "plain": lambda picture: picture,
    "grey": lambda picture: np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8),
    "green": lambda picture: picture[:, :, 1],
    "contrast 0.5": lambda picture: rounded(picture.mean(axis=(0, 1)) + 0.5 * (picture - picture.mean(axis=(0, 1)))),
    "sharpened": sharpened,
    "jpeg 30": as_jpeg,
    "noise 8": noisy,
    "gamma 0.6": lambda picture: rounded(255 * (picture / 255.0) ** 0.6),
    "gamma 1.6": lambda picture: rounded(255 * (picture / 255.0) ** 1.6),
}


def placed(label: dict[str, Any], factor: float, shift: tuple[float, float], size: tuple[int, int]) -> dict[str, Any]:
    """A label after a change of size (negative: mirrored) and a shift, cut at the picture's edges."""
    x_factor, y_factor = factor * (-1 if label["mirrored"][0] else 1), factor * (-1 if label["mirrored"][1] else 1)
    moved = []
    for ring in label["segmentation"]:
        points = np.asarray(ring, float).reshape(-1, 2) * (x_factor, y_factor) + shift
        moved.append(np.clip(points, 0, size).ravel().tolist())
    x, y, width, height = label["bbox"]
    corners = np.asarray([(x, y), (x + width, y + height)], float) * (x_factor, y_factor) + shift
    low, high = corners.min(0), corners.max(0)
    inside_low, inside_high = np.clip(low, 0, size), np.clip(high, 0, size)
    share = float(np.prod(inside_high - inside_low) / np.prod(high - low))
    copy = {key: value for key, value in label.items() if key != "mirrored"}
    copy |= {"segmentation": moved, "bbox": [*inside_low.tolist(), *(inside_high - inside_low).tolist()]}
    copy["area"] = label["area"] * factor**2 * share
    if share < MOSTLY_INSIDE:
        copy["iscrowd"] = 1
    return copy if share > 0 else {}


def resized(picture: Picture, labels: list[dict[str, Any]], factor: float) -> tuple[Picture, list[dict[str, Any]]]:
    """The picture at another size, its middle cut out, or itself mirrored beyond its edges, at the old size."""
    height, width = picture.shape[:2]
    changed = cv2.resize(
        picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    )
    new_height, new_width = changed.shape[:2]
    if factor > 1:
        left, top = (new_width - width) // 2, (new_height - height) // 2
        plain = [{**label, "mirrored": (False, False)} for label in labels]
        moved = [placed(label, factor, (-left, -top), (width, height)) for label in plain]
        return changed[top : top + height, left : left + width], [label for label in moved if label]
    beyond = cv2.copyMakeBorder(changed, 0, height - new_height, 0, width - new_width, cv2.BORDER_REFLECT)
    moved = []
    for right in (False, True):
        for below in (False, True):
            for label in labels:
                x, y, w, h = label["bbox"]
                on_seam = picture.shape[1] - x - w < ON_A_SEAM_PX or picture.shape[0] - y - h < ON_A_SEAM_PX
                shift = (2 * new_width if right else 0, 2 * new_height if below else 0)
                copy = {**label, "mirrored": (right, below)}
                if on_seam:
                    copy["iscrowd"] = 1
                moved.append(placed(copy, factor, shift, (width, height)))
    return np.asarray(beyond, np.uint8), [label for label in moved if label]


def write_set(folder: pathlib.Path, coco: dict[str, Any], pictures: dict[int, Picture]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    images = []
    for image in coco["images"]:
        name = pathlib.Path(image["file_name"]).stem + ".png"
        cv2.imwrite(str(folder / name), pictures[image["id"]], [cv2.IMWRITE_PNG_COMPRESSION, 1])
        images.append({**image, "file_name": name})
    annotations = [{**label, "id": number} for number, label in enumerate(coco["annotations"], 1)]
    text = json.dumps({"images": images, "annotations": annotations, "categories": coco["categories"]})
    (folder / "truth.coco.json").write_text(text, encoding="utf-8")  # last: with it the set is whole


def change_real_frames(frames: pathlib.Path, out: pathlib.Path) -> None:
    coco = json.loads((frames / "labels.coco.json").read_text(encoding="utf-8"))
    pictures = {i["id"]: np.asarray(cv2.imread(str(frames / i["file_name"])), np.uint8) for i in coco["images"]}
    for name, change in CHANGES.items():
        folder = out / f"real_{name}"
        if not (folder / "truth.coco.json").exists():
            write_set(folder, coco, {number: change(picture) for number, picture in pictures.items()})
    for factor in SIZES:
        folder = out / f"real_size {factor}"
        if (folder / "truth.coco.json").exists():
            continue
        changed: dict[int, Picture] = {}
        annotations: list[dict[str, Any]] = []
        for number, picture in pictures.items():
            labels = [label for label in coco["annotations"] if label["image_id"] == number]
            changed[number], moved = resized(picture, labels, factor)
            annotations += moved
        write_set(folder, {**coco, "annotations": annotations}, changed)


def draw_cameras(generator: pathlib.Path, out: pathlib.Path, count: int) -> None:
    def draw(name: str, camera: str, number: int, *options: str) -> None:
        folder = out / name
        if (folder / "truth.coco.json").exists():
            return
        command = [
            sys.executable,
            str(generator),
            camera,
            str(number),
            "-o",
            str(folder),
            "--seed",
            str(SEED),
            *options,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    for camera in CAMERAS:
        draw(f"camera_{camera}", camera, count)
        draw(f"empty_{camera}", camera, max(1, count // 4), "--empty")
    for contrast in CONTRASTS:
        draw(f"contrast_{contrast}", "nailfold", max(1, count // 2), "--contrast", str(contrast))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=8, help="of each camera")
    arguments = parser.parse_args()
    if (arguments.shared / "data/frames/labels.coco.json").exists():
        change_real_frames(arguments.shared / "data/frames", arguments.out)
    if (arguments.shared / "tools/cameras.py").exists():
        draw_cameras(arguments.shared / "tools/cameras.py", arguments.out, arguments.pictures)


if __name__ == "__main__":
    main()
