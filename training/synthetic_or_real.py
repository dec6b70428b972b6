# SPDX-License-Identifier: Apache-2.0
"""What tells synthetic capillaries from real ones: a network of the shipped one's shape, trained to tell them apart on
frames other than those it is measured on, and how far each of a few plain measures of a region gets alone. 0.5 is no
better than a guess: the drawing looked like what it draws. `make synthetic-or-real` calls it.

Nothing of what is trained here is kept or shipped: it only says where the drawing should get better.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import figures
import fitting
import numpy as np
import recipe
import regions as regions_module
from fine_tune import name_groups
from regions import Regions, subset

ROOT = Path(__file__).resolve().parent.parent
FOLDS = 3
BATCH = 64
SYNTHETIC_SEED_STEP = 7  # frames that the shipped network has not seen


def measures(inputs: Any) -> dict[str, Any]:
    """Plain measures of inputs [n, px, px, INPUT_PLANES], each [n]. The first planes: darkness, redness, blueness, in
    spreads of the frame.
    """
    dark, red, blue = (inputs[..., plane].astype(np.float64) for plane in range(3))
    px = dark.shape[1]
    middle = slice(px // 2 - 3, px // 2 + 3)
    border = np.ones((px, px), bool)
    border[3:-3, 3:-3] = False
    peak = dark[:, middle, middle].max(axis=(1, 2))
    half = dark > peak[:, None, None] / 2
    steps = np.hypot(np.diff(dark, axis=2)[:, :-1], np.diff(dark, axis=1)[:, :, :-1])
    grain = dark[:, 1:-1, 1:-1] - (dark[:, :-2, 1:-1] + dark[:, 2:, 1:-1] + dark[:, 1:-1, :-2] + dark[:, 1:-1, 2:]) / 4
    y, x = np.mgrid[:px, :px] - (px - 1) / 2
    mass = np.maximum(half.sum(axis=(1, 2)), 1)
    xx, yy, xy = ((half * value).sum(axis=(1, 2)) / mass for value in (x * x, y * y, x * y))
    apart = np.sqrt((xx - yy) ** 2 + 4 * xy**2)
    return {
        "peak darkness": peak,
        "redness where it is dark": (red * half).sum(axis=(1, 2)) / mass / peak,
        "blueness where it is dark": (blue * half).sum(axis=(1, 2)) / mass / peak,
        "area over half of the peak": mass,
        "how long for its width": (xx + yy + apart + 1e-9) / (xx + yy - apart + 1e-9),
        "steepest edge over the peak": steps.max(axis=(1, 2)) / peak,
        "darkness around it": dark[:, border].mean(axis=1),
        "unrest around it": dark[:, border].std(axis=1),
        "fine grain over unrest": grain.std(axis=(1, 2)) / dark.std(axis=(1, 2)),
        "redness around it": red[:, border].mean(axis=1),
        "blueness around it": blue[:, border].mean(axis=1),
    }


def real_regions(program: Path, frames: Path, labels: Path, work: Path) -> tuple[Regions, list[str]]:
    regions_module.crop(program, frames, labels, work)
    _, rows = regions_module.read(work)
    return regions_module.known(work, 1, 0), sorted({row["frame"] for row in rows})


def synthetic_regions(program: Path, frames: int, first_frame: int, work: Path) -> Regions:
    """Of frames as `capillaryx phantom` draws them when nothing is asked, numbered from `first_frame`."""
    place = work / "frames"
    command = [program, "phantom", frames, "-o", place, f"--seed={recipe.SEED + SYNTHETIC_SEED_STEP}", "--format=ppm"]
    subprocess.run(list(map(str, [*command, "--quiet"])), check=True, stdout=subprocess.DEVNULL)
    regions_module.crop(program, place, place / "truth.coco.json", work)
    return regions_module.known(work, 0, first_frame)


def told_apart(both: Regions, folds: Any, epochs: int, seed: int) -> Any:
    """For each region the score of a network that saw none of its fold; higher: more real."""
    as_real = Regions(**{**vars(both), "labels": both.groups, "parts": np.zeros(len(both), bool)})
    scores = np.zeros(len(both))
    for fold in range(FOLDS):
        seen = subset(as_real, folds != fold)
        # As many of each.
        random = np.random.default_rng((seed, fold))
        count = min(int((seen.labels == k).sum()) for k in (0, 1))
        if count == 0:
            raise SystemExit("too few regions to hold some of each kind out: give more frames")
        chosen = np.concatenate([random.permutation(np.flatnonzero(seen.labels == k))[:count] for k in (0, 1)])
        model = fitting.train(subset(seen, np.sort(chosen)), epochs, min(BATCH, len(chosen)), seed + fold)
        scores[folds == fold] = fitting.Calibration().probabilities(
            fitting.logits(model, as_real.inputs[folds == fold])
        )
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/capillaryx")
    parser.add_argument("--frames", type=Path, required=True, help="folder of real frames")
    parser.add_argument("--labels", type=Path, required=True, help="their COCO labels")
    parser.add_argument("--together", action="append", default=[], help="stems of frames that show one place (a,b,c)")
    parser.add_argument("--drawn", type=int, default=33, help="frames to draw")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--figures", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args()
    program = options.program.resolve()
    with tempfile.TemporaryDirectory() as work:
        (Path(work) / "real").mkdir()
        (Path(work) / "synthetic").mkdir()
        real, names = real_regions(program, options.frames, options.labels, Path(work) / "real")
        drawn = synthetic_regions(program, options.drawn, len(names), Path(work) / "synthetic")
    groups = name_groups(names, options.together) + [[len(names) + i] for i in range(options.drawn)]
    fold_of = {frame: number % FOLDS for number, group in enumerate(groups) for frame in group}
    both = regions_module.join([drawn, real])
    folds = np.array([fold_of[frame] for frame in both.frames])
    found: dict[str, Any] = {"epochs": options.epochs, "seed": options.seed, "folds": FOLDS, "kinds": {}}
    for kind, wanted in (("capillaries", 1), ("other regions", 0)):
        keep = (both.labels == wanted) & ~both.parts
        regions, fold = subset(both, keep), folds[keep]
        scores = told_apart(regions, fold, options.epochs, options.seed)

        def area(values: Any, regions: Regions = regions) -> list[float]:
            of = figures.with_interval(figures.area_under_curve, values, regions.groups, regions.frames)
            return [round(x, 4) for x in of]

        found["kinds"][kind] = {
            "synthetic": int((regions.groups == 0).sum()),
            "real": int((regions.groups == 1).sum()),
            "network": area(scores),
            "measures": {name: area(values) for name, values in measures(regions.inputs).items()},
        }
        print(kind, json.dumps(found["kinds"][kind], indent=1), flush=True)
    options.figures.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
