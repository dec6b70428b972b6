# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes the shipped network on labels of your own (COCO; category 1 is a capillary, iscrowd 1 cannot be told), and
measures on frames that are held out what that buys. `make train LABELS=FILE FRAMES=FOLDER` calls it.

Writes OUTPUT/capillary.onnx for `capillaryx analyze --model`, OUTPUT/card.json and OUTPUT/README.md. Frames are held
out whole, never single regions. What is interrupted goes on with --resume.
"""

import argparse
import hashlib
import json
import platform
import time
from pathlib import Path
from typing import Any

import figures
import fitting
import keras
import network
import numpy as np
import regions as regions_module
from make_model import ROOT, subset
from regions import Regions

HELD_OUT_EVERY = 5  # of the frames in order of their names, where none are named
BATCH = 32
RATE = 3e-4
PAGE = """# A network fine-tuned on labels of your own

Research use only, not for diagnosis. Agreement with these labels is not clinical accuracy.
Made by `training/own_labels.py`.

| | |
|---|---|
| file | `capillary.onnx`, SHA-256 `{sha256}` |
| began as | SHA-256 `{base_sha256}` |
| labels | SHA-256 `{labels_sha256}` |
| trained on | {regions} regions ({capillaries} capillaries) of {frames} frames, seed {seed}, {epochs} epochs |

{figures}
"""


def name_groups(names: list[str], together: list[str]) -> list[list[int]]:
    """Frames that belong on one side of any split: those whose stems an item of `together` lists; else one each."""
    groups = [[i for i, name in enumerate(names) if Path(name).stem in item.split(",")] for item in together]
    taken = {i for group in groups for i in group}
    return [group for group in groups if group] + [[i] for i in range(len(names)) if i not in taken]


def fine_tune(base: Path, training: Regions, epochs: int, seed: int, work: Path | None, resume: bool) -> keras.Model:
    """The network of `base`, trained further; logits. With `work`, each epoch is kept there for --resume."""
    fitting.fix_random_numbers(seed)
    model = network.build()
    network.read_onnx(base, model)
    batches = fitting.Batches(training, min(BATCH, len(training)), seed)
    rate = keras.optimizers.schedules.CosineDecay(RATE, max(1, epochs * len(batches)), alpha=0.05)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=1e-4),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=["accuracy"],
    )
    first = 0
    if work is not None and resume and (work / "epoch.json").exists():
        kept = json.loads((work / "epoch.json").read_text())
        model = keras.models.load_model(work / kept["file"])
        first = kept["done"]
        print(f"going on after epoch {first}", flush=True)
    for epoch in range(first, epochs):
        batches.start(epoch)
        keras.utils.set_random_seed(seed + epoch)  # dropout, too, is as it would have been without the interruption
        model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose="auto" if work else 0)
        if work is not None:
            model.save(work / f"epoch_{epoch % 2}.keras")
            (work / "epoch.json").write_text(json.dumps({"done": epoch + 1, "file": f"epoch_{epoch % 2}.keras"}))
    return model


def accuracy_of(model: keras.Model, regions: Regions) -> tuple[float, float]:
    """Region accuracy and area under the ROC curve, parts of capillaries left out."""
    regions = subset(regions, ~regions.parts)
    found = fitting.probabilities(fitting.logits(model, regions.inputs), 1)
    return figures.accuracy(found, regions.labels), figures.area_under_curve(found, regions.labels)


def base_model(base: Path) -> keras.Model:
    model = network.build()
    network.read_onnx(base, model)
    return model


def leave_one_out(base: Path, regions: Regions, names: list[str], groups: list[list[int]], options: Any) -> list[str]:
    """A table: each group of frames held out in turn, before and after."""
    before = base_model(base)
    rows = ["| held out | regions | accuracy, as shipped | accuracy, fine-tuned |", "|---|---|---|---|"]
    right = np.zeros(2)
    total = 0
    for group in groups:
        inside = np.isin(regions.frames, group)
        held_out = subset(regions, inside & ~regions.parts)
        if len(held_out) == 0:
            continue
        model = fine_tune(base, subset(regions, ~inside), options.epochs, options.seed, None, False)
        both = [accuracy_of(each, held_out)[0] for each in (before, model)]
        right += np.array(both) * len(held_out)
        total += len(held_out)
        rows.append(f"| {', '.join(names[i] for i in group)} | {len(held_out)} | {both[0]:.4f} | {both[1]:.4f} |")
        print(rows[-1], flush=True)
    return [*rows, f"| all | {total} | {right[0] / total:.4f} | {right[1] / total:.4f} |"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, required=True, help="COCO file")
    parser.add_argument("--frames", type=Path, required=True, help="folder that its file names are in")
    parser.add_argument("--output", type=Path, default=ROOT / "out/own_network")
    parser.add_argument("--program", type=Path, default=ROOT / "build/release/capillaryx")
    parser.add_argument("--base", type=Path, default=ROOT / "models/capillary.onnx", help="network to begin with")
    parser.add_argument("--held-out", default="", help="stems of the frames to measure on, comma-separated")
    parser.add_argument("--together", action="append", default=[], help="stems of frames that show one place (a,b,c)")
    parser.add_argument("--leave-one-out", action="store_true", help="also hold out each frame in turn")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on where an earlier run was interrupted")
    options = parser.parse_args()
    began = time.monotonic()
    work = options.output / "work"
    work.mkdir(parents=True, exist_ok=True)

    if not (options.resume and (work / "regions.csv").exists()):
        regions_module.crop(options.program.resolve(), options.frames, options.labels, work)
    regions = regions_module.known(work, -1, 0)
    names = sorted({row["frame"] for row in regions_module.read(work)[1]})
    groups = name_groups(names, options.together)
    if options.held_out:
        held_out = [i for i, name in enumerate(names) if Path(name).stem in options.held_out.split(",")]
    else:
        held_out = [i for group in groups[HELD_OUT_EVERY - 1 :: HELD_OUT_EVERY] for i in group]
    inside = np.isin(regions.frames, held_out)
    training, measured = subset(regions, ~inside), subset(regions, inside)
    if len(training) == 0 or len(np.unique(training.labels)) < 2:
        raise SystemExit("too few labels: both capillaries and other regions are needed in the frames to train on")
    print(f"training on {len(training)} regions, holding out {len(measured)} of {len(held_out)} frames", flush=True)
    model = fine_tune(options.base, training, options.epochs, options.seed, work, options.resume)

    file = options.output / "capillary.onnx"
    notes = {
        "about": f"the shipped network, fine-tuned on {options.labels.name} (seed {options.seed})",
        "capillary_class": 1,
        "input": "local_contrast",
    }
    network.write_onnx(model, file, 1.0, notes)
    table = []
    if len(measured):
        before, after = (accuracy_of(each, measured) for each in (base_model(options.base), model))
        table = [
            f"On {len(measured)} regions of the {len(held_out)} frames held out "
            f"({', '.join(names[i] for i in held_out)}):",
            "",
            "| | as shipped | fine-tuned |",
            "|---|---|---|",
            f"| region accuracy | {before[0]:.4f} | {after[0]:.4f} |",
            f"| area under the ROC curve | {before[1]:.4f} | {after[1]:.4f} |",
        ]
    else:
        table = ["No frame was held out: nothing is known of how good it is."]
    if options.leave_one_out:
        rows = leave_one_out(options.base, regions, names, groups, options)
        table += ["", "Each frame (or place) held out in turn:", "", *rows]
    card = {
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "base_sha256": hashlib.sha256(options.base.read_bytes()).hexdigest(),
        "labels_sha256": hashlib.sha256(options.labels.read_bytes()).hexdigest(),
        "regions": len(training),
        "capillaries": int(training.labels.sum()),
        "frames": len(np.unique(training.frames)),
        "seed": options.seed,
        "epochs": options.epochs,
        "machine": platform.machine(),
    }
    (options.output / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    (options.output / "README.md").write_text(PAGE.format(figures="\n".join(table), **card))
    print("\n".join(table))
    print(f"wrote {file} and its card in {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
