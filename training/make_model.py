# SPDX-License-Identifier: Apache-2.0
"""Makes the shipped network from a seed: draws frames, has the program cut their regions, trains, calibrates, writes
models/capillary.onnx and the figures of its card. `make model` calls it."""

import argparse
import hashlib
import json
import os
import platform
import time
from pathlib import Path
from typing import Any

import figures
import fitting
import network
import numpy as np
import recipe
import regions as regions_module
from card import write_card
from regions import Regions, subset

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT_SEED_STEP = 1  # held-out frames are drawn from another seed
CALIBRATION_EVERY = 8  # of the training frames, every 8th is for the calibration instead of training


def measure(
    model: Any, calibration: fitting.Calibration, darkness_threshold: float, regions: Regions
) -> dict[str, Any]:
    """Figures on regions, each as [value, low, high]; parts of capillaries are counted apart."""
    parts = subset(regions, regions.parts)
    regions = subset(regions, ~regions.parts)
    found = calibration.probabilities(fitting.logits(model, regions.inputs))
    by_darkness = (regions.darkness >= darkness_threshold).astype(float)

    def figure(of: Any, values: Any) -> list[float]:
        return [round(x, 5) for x in figures.with_interval(of, values, regions.labels, regions.frames)]

    def of_group(group: int) -> float:
        inside = regions.groups == group
        return round(figures.accuracy(found[inside], regions.labels[inside]), 4)

    return {
        "frames": len(np.unique(regions.frames)),
        "regions": len(regions),
        "capillaries": int(regions.labels.sum()),
        "accuracy": figure(figures.accuracy, found),
        "auc": figure(figures.area_under_curve, found),
        "calibration_error": figure(figures.calibration_error, found),
        "accuracy_of_darkness_alone": figure(figures.accuracy, by_darkness),
        "parts": len(parts),
        "parts_refused": int((calibration.probabilities(fitting.logits(model, parts.inputs)) < 0.5).sum()),
        "accuracy_by_group": {recipe.GROUPS[g].name: of_group(g) for g in np.unique(regions.groups) if g >= 0},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/capillaryx")
    parser.add_argument("--output", type=Path, default=ROOT / "models", help="folder of the network and its card")
    parser.add_argument("--work", type=Path, default=ROOT / "build/training", help="folder for what is made on the way")
    parser.add_argument("--seed", type=int, default=recipe.SEED)
    parser.add_argument("--frames", type=int, default=recipe.FRAMES)
    parser.add_argument("--held-out-frames", type=int, default=recipe.HELD_OUT_FRAMES)
    parser.add_argument("--epochs", type=int, default=recipe.EPOCHS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="programs that draw at a time")
    parser.add_argument("--check", type=Path, help="folder of real frames with labels.coco.json: measured, never used")
    parser.add_argument("--reuse", action="store_true", help="take the regions that an earlier run left in --work")
    options = parser.parse_args()
    program = options.program.resolve()
    began = time.monotonic()

    print(f"drawing {options.frames} frames to train on", flush=True)
    drawn = regions_module.draw(
        program,
        recipe.GROUPS,
        options.frames,
        options.seed,
        options.work / "train",
        options.jobs,
        more=True,
        again=not options.reuse,
    )
    print(f"drawing {options.held_out_frames} frames to measure on", flush=True)
    held_out = regions_module.draw(
        program,
        recipe.GROUPS,
        options.held_out_frames,
        options.seed + HELD_OUT_SEED_STEP,
        options.work / "held_out",
        options.jobs,
        more=False,
        again=not options.reuse,
    )

    calibrates = drawn.frames % CALIBRATION_EVERY == CALIBRATION_EVERY - 1
    training, kept = subset(drawn, ~calibrates), subset(drawn, calibrates)
    print(f"training on {len(training)} regions, {int(training.labels.sum())} of them capillaries", flush=True)
    model = fitting.train(training, options.epochs, recipe.BATCH, options.seed)
    # Parts and other readings have no answer.
    whole = ~kept.parts
    calibration = fitting.calibrate(fitting.logits(model, kept.inputs[whole]), kept.labels[whole])
    usual_share = float(np.mean(kept.labels[whole]))
    whole = ~training.parts
    darkness_threshold = figures.best_threshold(training.darkness[whole], training.labels[whole])

    notes = {
        "about": "the paper's network, trained on synthetic tissue alone "
        f"(seed {options.seed}, {options.frames} frames)",
        "capillary_class": 1,
        "input": "local_contrast",
        "usual_share": round(usual_share, 4),
    }
    file = options.output / "capillary.onnx"
    network.write_onnx(model, file, calibration.temperature, calibration.shift, notes)
    card: dict[str, Any] = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "input_px": network.INPUT_PX,
        "seed": options.seed,
        "frames": options.frames,
        "regions": len(training),
        "capillaries": int(training.labels.sum()),
        "epochs": options.epochs,
        "temperature": round(calibration.temperature, 4),
        "shift": round(calibration.shift, 4),
        "usual_share": round(usual_share, 4),
        "darkness_threshold": round(darkness_threshold, 4),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "synthetic": measure(model, calibration, darkness_threshold, held_out),
    }
    if options.check:
        regions_module.crop(program, options.check, options.check / "labels.coco.json", options.work / "check")
        check = regions_module.known(options.work / "check", -1, 0)
        card["real"] = measure(model, calibration, darkness_threshold, check)
    (options.output / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    write_card(options.output / "README.md", card)
    print(json.dumps(card, indent=1))
    print(f"wrote {file} and its card in {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
