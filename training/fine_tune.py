# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes the shipped network on your own labels (COCO; category 1 is a capillary, iscrowd 1 is ambiguous), and
measures on frames that are held out what that buys. `make train LABELS=FILE FRAMES=FOLDER` calls it, and so does
`python -m capillaryx.train`.

Writes OUTPUT/capillary.onnx for `capillaryx analyze --model`, OUTPUT/card.json and OUTPUT/README.md. Frames are held
out whole, never single regions. A network that is worse than the one to begin with on the frames held out is not
written. A category "unlabelled" marks areas that nobody has labelled: they teach nothing. --resume resumes an
interrupted run.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Of TensorFlow only what ends the run is of use to who waits for a bar.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import figures
import fitting
import keras
import network
import numpy as np
import onnx
import regions as regions_module
import user_labels
from regions import Regions, subset

ROOT = Path(__file__).resolve().parent.parent
HELD_OUT_EVERY = 5  # of the frames in order of their names, from the last, where none are named
BATCH = 32
RATE = 3e-4
STRICTER_SCORES = ("f1",)  # of `capillaryx evaluate` at IoU 0.5
SCORES = (  # and at IoU 0.3; hits whatever the IoU
    *("precision", "recall", "f1", "ap", "hit_precision", "hit_recall", "count_error", "density_error"),
    "scaled_density_error",
)
PAGE = """# A network fine-tuned on your own labels

Research use only, not for diagnosis. Agreement with these labels is not clinical accuracy.
Made by `make train` or `python -m capillaryx.train`, used by `capillaryx analyze FRAMES -o RESULTS --model FILE`.

| | |
|---|---|
| file | `capillary.onnx`, SHA-256 `{sha256}` |
| began as | SHA-256 `{base_sha256}` |
| labels | SHA-256 `{labels_sha256}` |
| trained on | {regions} regions ({capillaries} capillaries) of {frames} frames, seed {seed}, {epochs} epochs |
| usual share of capillaries | {usual_share} |

{figures}
"""


def name_groups(names: list[str], together: list[str]) -> list[list[int]]:
    """Frames that belong on one side of any split: those whose stems an item of `together` lists; else one each."""
    groups = [[i for i, name in enumerate(names) if Path(name).stem in item.split(",")] for item in together]
    taken = {i for group in groups for i in group}
    return [group for group in groups if group] + [[i] for i in range(len(names)) if i not in taken]


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def write_whole(file: Path, text: str) -> None:
    """The file has the old text or the new, whenever this process ends."""
    part = file.with_name(file.name + ".part")
    part.write_text(text)
    part.replace(file)


def base_model(base: Path) -> keras.Model:
    model = network.build()
    network.read_onnx(base, model)
    return model


def base_notes(base: Path) -> dict[str, Any]:
    """What the network to begin with says of its input: the fine-tuned one is given the same."""
    kept = [each.value for each in onnx.load(str(base)).metadata_props if each.key == network.NOTES_KEY]
    return dict(json.loads(kept[0])) if kept else {"capillary_class": 1, "input": "local_contrast"}


def seed_dropout(model: keras.Model, seed: int, epoch: int) -> None:
    """Dropout of an epoch depends on these numbers alone: Keras keeps none of its state in the file for --resume."""
    states = [each for each in model.variables if each.path.endswith("seed_generator_state")]
    for number, state in enumerate(states):
        state.assign(np.array([(seed * 1000 + epoch) % 2**32, number], np.uint32))


def fine_tune(base: Path, training: Regions, epochs: int, seed: int, work: Path | None, resume: bool) -> keras.Model:
    """The network of `base`, trained further; logits. With `work`, each epoch is kept there for --resume."""
    fitting.fix_random_numbers(seed)
    model = base_model(base)
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
        seed_dropout(model, seed, epoch)
        bar = 0 if work is None else 1 if sys.stdout.isatty() else 2
        model.fit(batches, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=bar)
        if work is not None:
            model.save(work / f"epoch_{epoch % 2}.keras")
            write_whole(work / "epoch.json", json.dumps({"done": epoch + 1, "file": f"epoch_{epoch % 2}.keras"}))
    return model


def share_of_capillaries(training: Regions) -> float:
    """As the loss weighs the regions: what the network's probabilities are calibrated to."""
    share = float(np.average(training.labels, weights=fitting.weights(training)))
    return min(max(round(share, 4), 1e-4), 1 - 1e-4)


def write_network(model: keras.Model, file: Path, training: Regions, options: argparse.Namespace) -> None:
    """As the program takes it."""
    own = {
        "about": f"the shipped network, fine-tuned on {options.labels.name} (seed {options.seed})",
        "usual_share": share_of_capillaries(training),
    }
    network.write_onnx(model, file, 1.0, 0.0, {**base_notes(options.base), **own})


def reason_to_refuse(compared: dict[str, dict[str, Any]]) -> str:
    """Why the fine-tuned network must not take the place of the one that it began as; empty if it may."""
    before, after = (compared[name].get("f1", [0.0])[0] for name in ("as shipped", "fine-tuned"))
    if after >= before and after > 0:
        return ""
    return (
        f"the fine-tuned network is not written: on the frames held out its F1 is {after:.4f}, that of the network "
        f"that it began as {before:.4f}. More labelled frames, fewer --epochs or another --held-out may help"
    )


@dataclass
class Detector:
    """What the whole program finds, with one network or another, against the labels."""

    program: Path
    frames: Path
    labels: Path
    work: Path

    def find(self, names: Sequence[str], model: Path | None) -> dict[str, Any]:
        """A COCO dataset of what is found on these frames; `model`: None is the shipped network."""
        out = self.work / "detected"
        with_model = ["--model", model] if model else []
        files = [self.frames / name for name in names]
        run_program(self.program, "analyze", *files, "-o", out, "--force", "--no-overlays", "--quiet", *with_model)
        coco: dict[str, Any] = json.loads((out / "coco.json").read_text())
        # Frames that failed are not in it, and have to count as missed.
        return {**coco, "images": [{"id": i + 1, "file_name": name} for i, name in enumerate(names)]}

    def score(self, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Figures over the frames of these datasets, each [figure, low, high] (95 % interval), or [figure] of one."""
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for coco in found:
            first = len(images)
            images += [{**image, "id": first + image["id"]} for image in coco["images"]]
            annotations += [{**each, "image_id": first + each["image_id"]} for each in coco["annotations"]]
        file = self.work / "found.json"
        file.write_text(json.dumps({**found[0], "images": images, "annotations": annotations}))
        said = json.loads(run_program(self.program, "evaluate", file, "--labels", self.labels, "--subset", "--json"))
        (stricter,) = said["others"]

        def figure(of: dict[str, Any], name: str) -> list[float]:
            intervals = of["intervals"] or {}
            return [round(x, 5) for x in (of["total"][name], *(intervals.get(name) or ()))]

        scores = {name: figure(said, name) for name in SCORES}
        return scores | {f"{name} at box IoU 0.5": figure(stricter, name) for name in STRICTER_SCORES}


def run_program(program: Path, *words: object) -> str:
    """What the program prints; what it complains of ends this program too."""
    done = subprocess.run([str(word) for word in (program, *words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip() or f"{program} ended with code {done.returncode}")
    return done.stdout


def found_by(model: keras.Model, regions: Regions) -> Any:
    """Probability of a capillary of each region."""
    return fitting.Calibration().probabilities(fitting.logits(model, regions.inputs))


def compare(regions: Regions, before: Any, after: Any) -> dict[str, dict[str, Any]]:
    """Region accuracy and area under the ROC curve of both networks' probabilities, with intervals."""

    def both(found: Any) -> dict[str, Any]:
        measures = {"region accuracy": figures.accuracy, "area under the ROC curve": figures.area_under_curve}
        kept = 3 if len(np.unique(regions.frames)) > 1 else 1
        return {
            name: [round(x, 5) for x in figures.with_interval(measure, found, regions.labels, regions.frames)[:kept]]
            for name, measure in measures.items()
        }

    return {"as shipped": both(before), "fine-tuned": both(after)}


def cell(value: list[float]) -> str:
    """A figure as the page shows it."""
    return f"{value[0]:.4f}" + (f" [{value[1]:.4f}, {value[2]:.4f}]" if len(value) == 3 else "")


def table(compared: dict[str, dict[str, Any]]) -> list[str]:
    """Both networks side by side; square brackets: 95 % bootstrap interval over frames."""
    rows = ["| | as shipped | fine-tuned |", "|---|---|---|"]
    for name in compared["as shipped"]:
        cells = [cell(of[name]) for of in compared.values()]
        rows.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return rows


def leave_one_out(regions: Regions, names: list[str], groups: list[list[int]], detector: Detector, options: Any) -> Any:
    """Each group of frames held out in turn: every frame is answered by a network that has not seen it."""
    shipped = base_model(options.base)
    network_file = detector.work / "leave_one_out.onnx"
    measured, before, after = [], [], []
    found_before: list[dict[str, Any]] = []  # a dataset per group
    found_after: list[dict[str, Any]] = []
    for group in groups:
        inside = np.isin(regions.frames, group)
        held_out = subset(regions, inside & ~regions.parts)
        training = subset(regions, ~inside & ~regions.fragments)
        model = fine_tune(options.base, training, options.epochs, options.seed, None, False)
        write_network(model, network_file, training, options)
        left_out = [names[i] for i in group]
        found_before.append(detector.find(left_out, options.base))
        found_after.append(detector.find(left_out, network_file))
        if len(held_out) == 0:
            continue
        measured.append(held_out)
        before.append(found_by(shipped, held_out))
        after.append(found_by(model, held_out))
        said = [figures.accuracy(found[-1], held_out.labels) for found in (before, after)]
        print(f"{', '.join(left_out)}: {len(held_out)} regions, {said[0]:.4f} -> {said[1]:.4f}", flush=True)
    compared = compare(regions_module.join(measured), np.concatenate(before), np.concatenate(after))
    compared["as shipped"] |= detector.score(found_before)
    compared["fine-tuned"] |= detector.score(found_after)
    return compared


def parse(arguments: Sequence[str] | None, program: Path, base: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, required=True, help="COCO file")
    parser.add_argument("--frames", type=Path, required=True, help="folder that its file names are in")
    parser.add_argument("--output", type=Path, default=Path("out/own_network"))
    parser.add_argument("--program", type=Path, default=program)
    parser.add_argument("--base", type=Path, default=base, help="network to begin with")
    parser.add_argument("--held-out", default="", help="stems of the frames to measure on, comma-separated")
    parser.add_argument("--together", action="append", default=[], help="stems of frames that show one place (a,b,c)")
    parser.add_argument("--leave-one-out", action="store_true", help="also hold out each frame (or place) in turn")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on where an earlier run was interrupted")
    parser.add_argument("--figures", type=Path, help="file that the figures of --leave-one-out go into, too")
    options = parser.parse_args(arguments)
    if options.epochs < 1:
        parser.error("--epochs must be 1 or more")
    for file in (options.labels, options.base, options.program):
        if not file.is_file():
            parser.error(f"{file}: no such file")
    if not options.frames.is_dir():
        parser.error(f"{options.frames}: no such folder")
    return options


def identity_of(options: argparse.Namespace) -> dict[str, Any]:
    """What must be the same for --resume to go on."""
    return {
        "labels": sha256(options.labels),
        "base": sha256(options.base),
        "frames": str(options.frames.resolve()),
        "held_out": options.held_out,
        "together": options.together,
        "epochs": options.epochs,
        "seed": options.seed,
    }


def cut_regions(work: Path, options: argparse.Namespace) -> bool:
    """The regions of the frames into `work`; where --resume finds the same work begun, they are there: true."""
    identity = identity_of(options)
    kept = work / "run.json"
    if options.resume and kept.exists():
        before = json.loads(kept.read_text())
        other = [name for name, value in identity.items() if before.get(name) != value]
        if other:
            raise SystemExit(
                f"--resume: not as in the interrupted run: {', '.join(other)}. Without --resume it begins again"
            )
        return True
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        labels = user_labels.prepare(options.labels, work / "labels")
        regions_module.crop(options.program.resolve(), options.frames, labels, work)
    except subprocess.CalledProcessError as error:
        raise SystemExit(error.returncode) from None  # the program has said why
    write_whole(kept, json.dumps(identity))
    return False


def main(
    arguments: Sequence[str] | None = None,
    program: Path = ROOT / "build/release/capillaryx",
    base: Path = ROOT / "models/capillary.onnx",
) -> None:
    options = parse(arguments, program, base)
    began = time.monotonic()
    work = options.output / "work"
    resumes = cut_regions(work, options)
    labels = work / "labels" / options.labels.name
    detector = Detector(options.program.resolve(), options.frames, labels, work)
    regions = regions_module.known(work, -1, 0)
    rows = regions_module.read(work)[1]
    names = sorted({row["frame"] for row in rows})
    proposals = user_labels.proposals(rows, json.loads(labels.read_text(encoding="utf-8")))
    print(proposals.sentences(), flush=True)
    groups = name_groups(names, options.together)
    if options.held_out:
        held_out = [i for i, name in enumerate(names) if Path(name).stem in options.held_out.split(",")]
    else:
        held_out = [i for group in groups[:0:-HELD_OUT_EVERY] for i in group]
    inside = np.isin(regions.frames, held_out)
    # A fragment of a capillary without a region is no proof of anything: the whole may look like it.
    training, measured = subset(regions, ~inside & ~regions.fragments), subset(regions, inside & ~regions.parts)
    if len(training) == 0 or len(np.unique(training.labels)) < 2:
        raise SystemExit("too few labels: both capillaries and other regions are needed in the frames to train on")
    print(f"training on {len(training)} regions, holding out {len(measured)} of {len(held_out)} frames", flush=True)
    model = fine_tune(options.base, training, options.epochs, options.seed, work, resumes)

    file = work / "capillary.onnx"
    write_network(model, file, training, options)
    refused = ""
    card: dict[str, Any] = {
        "sha256": sha256(file),
        "base_sha256": sha256(options.base),
        "labels_sha256": sha256(options.labels),
        "regions": len(training),
        "capillaries": int(training.labels.sum()),
        "frames": len(np.unique(training.frames)),
        "usual_share": share_of_capillaries(training),
        "proposals": {"found": proposals.found, "labelled": proposals.labelled},
        "seed": options.seed,
        "epochs": options.epochs,
        "machine": platform.machine(),
    }
    page = [proposals.sentences(), ""]
    if not len(measured):
        page.append("No frame was held out: nothing is known of how good it is.")
    if len(measured):
        left_out = [names[i] for i in held_out]
        compared = compare(measured, found_by(base_model(options.base), measured), found_by(model, measured))
        compared["as shipped"] |= detector.score([detector.find(left_out, options.base)])
        compared["fine-tuned"] |= detector.score([detector.find(left_out, file)])
        card["held_out"] = {"names": left_out, "regions": len(measured), **compared}
        refused = reason_to_refuse(compared)
        page += [
            f"On {len(measured)} regions of the {len(held_out)} frames held out ({', '.join(left_out)}), and by the "
            "whole program on these frames (box IoU 0.3 if no other is named). "
            "Square brackets: 95 % bootstrap interval over frames.",
            "",
            *table(compared),
        ]
    if options.leave_one_out:
        compared = leave_one_out(regions, names, groups, detector, options)
        card["leave_one_out"] = {"groups": len(groups), "frames": len(names), **compared}
        page += ["", f"Each of the {len(groups)} frames (or places) held out in turn:", "", *table(compared)]
        if options.figures:
            kept = ("base_sha256", "seed", "epochs", "leave_one_out")
            write_whole(options.figures, json.dumps({name: card[name] for name in kept}, indent=1) + "\n")
    print("\n".join(page))
    if refused:
        raise SystemExit(refused)
    write_whole(options.output / "card.json", json.dumps(card, indent=1) + "\n")
    write_whole(options.output / "README.md", PAGE.format(figures="\n".join(page), **card))
    file = file.replace(options.output / file.name)
    print(f"wrote {file} and its card in {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
