# SPDX-License-Identifier: Apache-2.0
"""Measures where a frame stops being data, and writes the limits of src/quality/limits.h marked `calibrated`.

usage: calibrate_quality.py PROGRAM [--frames N] [--size WxH] [--write] [--check FOLDER]

Synthetic frames are degraded step by step and analysed; the error that each step adds to count and density, against
the undegraded frame itself, is regressed on each measure (isotonic). The limit is where the expected added error
passes 20 %. Refusals of sparse and of full tissue at equal degradation are compared. --check degrades the pictures of
a folder in the same way and reports what the limits do with them; nothing is fitted to those.
"""

import argparse
import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import convolve1d, gaussian_filter

ROOT = Path(__file__).resolve().parent.parent
LIMITS = ROOT / "src" / "quality" / "limits.h"
MOST_ADDED_ERROR = 0.20
NOISE = 0.8  # grey values, of the camera after a blur

Picture = np.ndarray
Degrade = Callable[[Picture, float], Picture]


def blurred(picture: Picture, sigma: float) -> Picture:
    return np.asarray(gaussian_filter(picture, (sigma, sigma, 0))) if sigma > 0 else picture


def smeared(picture: Picture, length: float) -> Picture:
    if length < 2:
        return picture
    return np.asarray(convolve1d(picture, np.full(int(length), 1 / int(length)), axis=1, mode="nearest"))


def darkened(picture: Picture, share: float) -> Picture:
    return picture * (1 - share)


def brightened(picture: Picture, gain: float) -> Picture:
    return picture * (1 + gain)


def flattened(picture: Picture, share: float) -> Picture:
    mean = picture.mean((0, 1), keepdims=True)
    return np.asarray(mean + (picture - mean) * (1 - share))


# measure: how it is provoked, in which steps, and whether more of the measure is better
CALIBRATED: dict[str, tuple[Degrade, tuple[float, ...], bool]] = {
    "focus": (blurred, (0, 1, 2, 2.5, 3, 3.5, 4, 5, 7), True),
    "motion": (smeared, (0, 8, 12, 16, 20, 28, 40), True),
    "level": (darkened, (0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95), True),
    "clipped_bright": (brightened, (0, 0.4, 0.7, 0.9, 1.0, 1.2, 1.6), False),
    "contrast": (flattened, (0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9), True),
}


def write_ppm(path: Path, picture: Picture) -> None:
    values = np.clip(np.round(picture), 0, 255).astype(np.uint8)
    path.write_bytes(b"P6\n%d %d\n255\n" % (values.shape[1], values.shape[0]) + values.tobytes())


def analyse(program: Path, folder: Path) -> dict[str, dict[str, Any]]:
    out = folder / "out"
    subprocess.run(
        [program, "analyze", folder / "in", "-o", out, "--keep-unusable", "--no-overlays", "--quiet", "--force"],
        check=True,
    )
    lines = map(json.loads, (out / "results.jsonl").read_text().splitlines())
    return {line["source"]: line for line in lines if line["type"] == "frame" and line["status"] == "ok"}


def steps(
    program: Path, pictures: list[Picture], degrade: Degrade, values: tuple[float, ...]
) -> Iterator[dict[str, Any]]:
    """One record per picture and step: measures, and the error added to count and density."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for i, picture in enumerate(pictures):
            for k, value in enumerate(values):
                noise = np.random.default_rng([i, k]).normal(0, NOISE, picture.shape) if k else 0
                write_ppm(folder / "in" / f"{i:03}_{k:02}.ppm", degrade(picture, value) + noise)
        found = analyse(program, folder)
    for i in range(len(pictures)):
        whole = found[f"{i:03}_00.ppm"]
        for k, value in enumerate(values):
            frame = found[f"{i:03}_{k:02}.ppm"]
            count = abs(frame["count"] - whole["count"]) / max(1, whole["count"])
            density = abs(frame["density"] - whole["density"]) / max(1e-4, whole["density"])
            yield {
                "picture": i,
                "step": value,
                "added": min(1.0, (count + density) / 2),
                "quality": frame["quality"],
            }


def isotonic(x: np.ndarray, y: np.ndarray, rising: bool) -> tuple[np.ndarray, np.ndarray]:
    """Pool adjacent violators: the monotone curve nearest to the points."""
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order] if rising else -y[order]
    blocks: list[list[float]] = []
    for value in y:
        blocks.append([float(value), 1])
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            last = blocks.pop()
            weight = blocks[-1][1] + last[1]
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + last[0] * last[1]) / weight, weight]
    fitted = np.concatenate([np.full(int(n), mean) for mean, n in blocks])
    return x, fitted if rising else -fitted


def limit_of(records: list[dict[str, Any]], measure: str, better_high: bool) -> float | None:
    points = [(r["quality"][measure], r["added"]) for r in records if measure in r["quality"]]
    x, fitted = isotonic(np.array([p[0] for p in points]), np.array([p[1] for p in points]), not better_high)
    bad = fitted > MOST_ADDED_ERROR
    if not bad.any():
        return None
    return float(x[bad].max() if better_high else x[bad].min())


def phantoms(program: Path, count: int, size: str, *options: str) -> list[Picture]:
    width, height = size.split("x")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [program, "phantom", str(count), "-o", folder, "--format", "ppm", "--quiet", "--seed", "77",
             "--width", width, "--height", height, *options],
            check=True,
        )  # fmt: skip
        files = sorted(Path(folder).glob("*.ppm"))
        return [np.asarray(Image.open(file)).astype(np.float32) for file in files]


def refused(records: list[dict[str, Any]]) -> float:
    return float(np.mean([not r["quality"]["usable"] for r in records]))


def check_density(program: Path, count: int, size: str) -> None:
    for measure, (degrade, values, _) in CALIBRATED.items():
        shares = []
        for capillaries in ("0.4", "1.6"):
            pictures = phantoms(program, count, size, "--capillaries", capillaries)
            shares.append(refused(list(steps(program, pictures, degrade, values))))
        print(f"{measure}: refused {shares[0]:.3f} of sparse, {shares[1]:.3f} of full tissue")


def check_folder(program: Path, folder: Path) -> None:
    files = [file for file in sorted(folder.iterdir()) if file.suffix in (".png", ".jpg")]
    pictures = [np.asarray(Image.open(file).convert("RGB")).astype(np.float32) for file in files]
    for measure, (degrade, values, _) in CALIBRATED.items():
        records = list(steps(program, pictures, degrade, values))
        for value in values:
            at = [r for r in records if r["step"] == value]
            added = np.mean([r["added"] for r in at])
            print(f"{measure} {value}: refused {refused(at):.2f}, added error {added:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=Path)
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--density", action="store_true", help="compare refusals of sparse and full tissue")
    parser.add_argument("--check", type=Path)
    arguments = parser.parse_args()
    program = arguments.program.resolve()
    if arguments.check:
        check_folder(program, arguments.check)
        return
    if arguments.density:
        check_density(program, arguments.frames, arguments.size)
        return
    pictures = phantoms(program, arguments.frames, arguments.size)
    text = LIMITS.read_text()
    for measure, (degrade, values, better_high) in CALIBRATED.items():
        records = list(steps(program, pictures, degrade, values))
        limit = limit_of(records, measure, better_high)
        curve = {v: round(float(np.mean([r["added"] for r in records if r["step"] == v])), 3) for v in values}
        print(f"{measure}: limit {limit}, added error by step {curve}")
        if limit is not None:
            pattern = rf'(QualityLimit{{"{measure}", (?:true|false), )[0-9.]+'
            text = re.sub(pattern, rf"\g<1>{limit:.3g}", text)
    if arguments.write:
        LIMITS.write_text(text)


if __name__ == "__main__":
    main()
