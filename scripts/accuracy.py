#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: accuracy.py PROGRAM SHARED OUT.md [--other-frames FOLDER] [--short]

Runs the program on the labelled frames in SHARED/data/frames (if present) and on synthetic frames, and writes the
figures as a page, with its plots beside it. Every figure of the page comes from these runs. With --short few frames are
drawn: for trying these scripts. FOLDER: what other_frames.py made.
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from typing import Any

import accuracy_other_frames
import accuracy_regions
import accuracy_worst
import line_plot
from accuracy_sweeps import sweep
from line_plot import Line, Plot

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEED = 20261127  # training uses another, and so does whoever chooses a number of the analysis (docs/analysis.md)


@dataclass(frozen=True)
class Sizes:
    """How many frames are drawn."""

    synthetic: int
    empty: int
    hairy: int
    per_sweep_value: int


FULL = Sizes(synthetic=1024, empty=200, hairy=20, per_sweep_value=12)
SHORT = Sizes(synthetic=12, empty=4, hairy=2, per_sweep_value=2)


def run(*arguments: str | pathlib.Path) -> str:
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout


def frames_of(folder: pathlib.Path) -> list[dict[str, Any]]:
    with (folder / "results.jsonl").open(encoding="utf-8") as lines:
        return [frame for frame in map(json.loads, lines) if frame["type"] == "frame"]


def with_interval(scores: dict[str, Any], name: str) -> str:
    low, high = scores["intervals"][name]
    digits = 4 if name.endswith("error") else 3  # errors are a few hundredths, and held against 0.05
    return f"{scores['total'][name]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def figures(scores: dict[str, Any]) -> list[str]:
    """Tables: by boxes at IoU 0.3 and 0.5 and by hits side by side, then the errors."""
    (stricter,) = scores["others"]
    page = ["| | box IoU 0.3 | box IoU 0.5 | hits |", "|---|---|---|---|"]
    for name in ("precision", "recall", "f1", "ap"):
        hits = "" if name == "ap" else with_interval(scores, f"hit_{name}")
        page.append(f"| {name} | {with_interval(scores, name)} | {with_interval(stricter, name)} | {hits} |")
    page += ["", "| | |", "|---|---|"]
    names = ("count_error", "density_error", "density_scale", "scaled_density_error")
    return page + [f"| {name.replace('_', ' ')} | {with_interval(scores, name)} |" for name in names]


def variation(values: list[float]) -> float:
    return statistics.stdev(values) / statistics.mean(values)


class Bench:
    def __init__(self, program: str, work: pathlib.Path, sizes: Sizes) -> None:
        self.program, self.work, self.sizes = program, work, sizes

    def analyze(self, name: str, folder: pathlib.Path, *options: str) -> pathlib.Path:
        out = self.work / name
        run(self.program, "analyze", folder, "-o", out, "--quiet", "--force", *options)
        return out

    def evaluate(self, results: pathlib.Path, labels: pathlib.Path) -> dict[str, Any]:
        return dict(json.loads(run(self.program, "evaluate", results, "--labels", labels, "--json")))

    def draw(self, name: str, count: int, *options: str) -> pathlib.Path:
        out = self.work / name
        run(self.program, "phantom", str(count), "-o", out, "--seed", str(SEED), "--quiet", *options)
        return out

    def real_frames(self, shared: pathlib.Path) -> list[str]:
        frames, labels = shared / "data/frames", shared / "data/frames/labels.coco.json"
        page = ["## Real frames", ""]
        if not labels.exists():
            return [*page, "Not measured: no ../shared.", ""]
        out = self.analyze("real", frames, "--executor", "serial")
        scores = self.evaluate(out, labels)
        chosen = self.evaluate(self.analyze("chosen", frames, "--min-score", "0", "--min-depth", "0"), labels)
        page += [
            f"{len(scores['images'])} frames of skin, {scores['total']['capillaries']} labelled capillaries. "
            "95 % bootstrap intervals over frames.",
            "Matching is COCO's (pycocotools): an unmatched detection is a false alarm unless it lies on an ambiguous",
            "region. A hit: the middle of the detected box lies inside the labelled one, whatever the outline.",
            "",
        ]
        page += figures(scores)
        page += accuracy_regions.proposals(self.evaluate, self.crops("crops_real", frames, labels), labels)
        page += [
            "| recall of the contours of one reading of each place (`--min-score 0 --min-depth 0`) "
            f"| {with_interval(chosen, 'recall')} |",
            "",
            "A proposal is a region, which goes down to the foot of its darkness, as the labels' generous outlines do;",
            "reported of it is its contour, at half of its depth. So some that are proposed are counted as missed.",
            "",
        ]
        page += [
            "| frame | labelled | detected | precision | recall | F1 | hit precision | hit recall | count error "
            "| density error | scaled density error |",
            "|---" * 11 + "|",
        ]
        for image in scores["images"]:
            page.append(
                f"| {image['image']} | {image['capillaries']} | {image['detections']} | {image['precision']:.3f} "
                f"| {image['recall']:.3f} | {image['f1']:.3f} | {image['hit_precision']:.3f} "
                f"| {image['hit_recall']:.3f} | {image['count_error']:.3f} | {image['density_error']:.3f} "
                f"| {image['scaled_density_error']:.3f} |"
            )
        same_skin = [f for f in frames_of(out) if pathlib.Path(f["source"]).stem in ("f13", "f14", "f17")]
        page += [
            "",
            "f13, f14 and f17 show one patch of skin: coefficient of variation of density "
            f"{variation([f['density'] for f in same_skin]):.3f}, "
            f"of count {variation([f['count'] for f in same_skin]):.3f}.",
            "",
            "Pictures of what was missed and of what was taken for a capillary go into `build/accuracy/`:",
            "the licence of the frames keeps them out of the repository.",
            "",
            *self.speed(frames),
        ]
        accuracy_worst.write_sheets(scores, frames, labels, ROOT / "build/accuracy/real")
        return page

    def crops(self, name: str, frames: pathlib.Path, labels: pathlib.Path) -> pathlib.Path:
        out = self.work / name
        run(self.program, "model", "crops", frames, "--labels", labels, "-o", out)
        return out

    def regions(self, shared: pathlib.Path, card: dict[str, Any], plots: pathlib.Path) -> list[str]:
        """The network on proposed regions; needs what real_frames() and synthetic_frames() left."""
        sets = {"synthetic": accuracy_regions.read(self.work / "crops_synthetic")}
        frames = shared / "data/frames"
        if (frames / "labels.coco.json").exists():
            sets["real"] = accuracy_regions.read(self.work / "crops_real")
        threshold = card["darkness_threshold"]
        page = [
            "## The network on the regions that the program proposes",
            "",
            "Regions with a known answer; their box against the labels' as above. Darkness alone is one threshold on",
            "that of a region's darkest place, set on the training frames: the mark that a network must beat.",
            "Calibration error: 10 bins.",
            "",
            "| | regions | region accuracy | of darkness alone | calibration error |",
            "|---|---|---|---|---|",
        ]
        lines = []
        for name, answers in sets.items():

            def of_darkness(chosen: accuracy_regions.Answers) -> float:
                return accuracy_regions.accuracy_of_darkness(threshold, chosen)

            page.append(
                f"| {name} | {len(answers.capillary)} "
                f"| {accuracy_regions.with_interval(accuracy_regions.accuracy, answers)} "
                f"| {accuracy_regions.with_interval(of_darkness, answers)} "
                f"| {accuracy_regions.with_interval(accuracy_regions.calibration_error, answers)} |"
            )
            lines.append(Line(name, [(said, true) for said, true, _ in accuracy_regions.bins(answers)]))
        plot = Plot("Capillaries among regions", "probability that the network gives", lines, diagonal=True)
        line_plot.write(plots / "reliability.svg", [plot])
        return [*page, "", "![Reliability](pictures/reliability.svg)", ""]

    def ambiguous(self, shared: pathlib.Path) -> list[str]:
        """Needs what real_frames() and synthetic_frames() left."""
        sets = {"synthetic": (self.work / "synthetic/truth.coco.json", self.work / "synthetic_out")}
        real = shared / "data/frames/labels.coco.json"
        if real.exists():
            sets["real"] = (real, self.work / "real")
        page = [
            "## Ambiguous regions",
            "",
            "Labels and the ground truth of synthetic frames mark ambiguous regions (`iscrowd`): an unmatched",
            "detection there counts in no figure. Columns: how many there are; how many per capillary; the fraction",
            "that matches a proposed region (box IoU 0.3); how dark these regions are relative to the frame's median",
            "capillary (5th, 50th and 95th percentile); the fraction of them that the network takes for a capillary.",
            "",
            "| | ambiguous | per capillary | with a region | darkness | taken for a capillary |",
            "|---|---|---|---|---|---|",
        ]
        strict = []
        for name, (labels, results) in sets.items():
            cells = accuracy_regions.ambiguous_cells(self.evaluate, self.work / f"crops_{name}", labels)
            page.append(f"| {name} | {' | '.join(cells)} |")
            coco = json.loads(labels.read_text(encoding="utf-8"))
            coco["annotations"] = [label for label in coco["annotations"] if not label.get("iscrowd")]
            told = self.work / f"told_{name}.coco.json"
            told.write_text(json.dumps(coco), encoding="utf-8")
            total = self.evaluate(results, told)["total"]
            strict.append(f"| {name} | {total['f1']:.3f} | {total['count_error']:.3f} | {total['density_error']:.3f} |")
        return [
            *page,
            "",
            "If every unmatched detection there were a false alarm:",
            "",
            "| | F1 | count error | density error |",
            "|---|---|---|---|",
            *strict,
            "",
        ]

    def sweeps(self, plots: pathlib.Path) -> list[str]:
        def measure(name: str, frames: int, option: str) -> dict[str, Any]:
            drawn = self.draw(name, frames, "--format", "ppm", option)
            scores = self.evaluate(self.analyze(name + "_out", drawn, "--no-overlays"), drawn / "truth.coco.json")
            shutil.rmtree(drawn)
            return scores

        page, of_rows = sweep(measure, self.sizes.per_sweep_value)
        line_plot.write(plots / "sweeps.svg", of_rows)
        return ["## When frames differ", "", *page, "![Sweeps](pictures/sweeps.svg)", ""]

    @staticmethod
    def fine_tuning(file: pathlib.Path, card: dict[str, Any]) -> list[str]:
        """What fine-tuning measured, where it has been run: make train FRAMES=../shared/data/frames LABELS=(its labels)
        OPTIONS="--together f13,f14,f17 --leave-one-out --figures docs/figures/fine_tuning.json"
        """
        if not file.exists():
            return []
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = kept["leave_one_out"]
        page = [
            "## What fine-tuning buys",
            "",
            f"`make train` on the labels of the real frames: each of the {found['groups']} places (f13, f14, f17: one)",
            "held out in turn, the network fine-tuned on the others "
            f"(seed {kept['seed']}, {kept['epochs']} epochs), and this place analysed by it.",
            "Square brackets: 95 % bootstrap interval over frames. These networks are thrown away, never shipped.",
            "",
        ]
        if kept["base_sha256"] != card["sha256"]:
            page += [f"Measured with an earlier shipped network (SHA-256 {kept['base_sha256'][:12]}...).", ""]
        if kept.get("scoring") != "coco":
            page += [
                "Precision, F1 and AP are by the former scoring rule, which counts fewer false alarms than COCO's.",
                "",
            ]
        page += ["| | as shipped | fine-tuned |", "|---|---|---|"]
        for name in found["as shipped"]:
            cells = [
                f"{value[0]:.3f} [{value[1]:.3f}, {value[2]:.3f}]"
                for value in (found[which][name] for which in ("as shipped", "fine-tuned"))
            ]
            page.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
        return [*page, ""]

    @staticmethod
    def synthetic_or_real(file: pathlib.Path) -> list[str]:
        """What `make synthetic-or-real` measured, where it has been run."""
        if not file.exists():
            return []
        kept = json.loads(file.read_text(encoding="utf-8"))
        kinds = kept["kinds"].values()
        regions = [f"{kind['synthetic']} / {kind['real']}" for kind in kinds]
        page = [
            "## Synthetic or real",
            "",
            "`make synthetic-or-real`: a network of the shipped one's shape learns to tell synthetic regions from",
            "those of the real ones, and is measured on frames that it has not seen",
            f"({kept['folds']} folds, {kept['epochs']} epochs, seed {kept['seed']}).",
            "Area under the curve, real against drawn: 0.5 is a guess. Then what plain measures tell alone, the most",
            "most different first; under 0.5 the synthetic ones have more of it. Square brackets: 95 % bootstrap",
            "intervals over frames. With so few real frames a network learns their looks rather than what real is: its",
            "low figure is weak proof, a measure far from 0.5 is strong proof.",
            "",
            f"| | {' | '.join(kept['kinds'])} |",
            "|---|" + "---|" * len(kinds),
            f"| regions, synthetic / real | {' | '.join(regions)} |",
        ]

        def row(name: str, values: list[list[float]]) -> str:
            return f"| {name} | {' | '.join(f'{v[0]:.2f} [{v[1]:.2f}, {v[2]:.2f}]' for v in values)} |"

        page.append(row("a network", [kind["network"] for kind in kinds]))
        first = next(iter(kinds))["measures"]
        for name in sorted(first, key=lambda name: -abs(first[name][0] - 0.5)):
            page.append(row(name, [kind["measures"][name] for kind in kinds]))
        return [*page, ""]

    def speed(self, frames: pathlib.Path) -> list[str]:
        page = [
            "## Time of a frame",
            "",
            "`--executor serial`, without overlays: ms from reading to result, the least of seven runs of a frame.",
        ]
        best: dict[str, float] = {}
        stages: dict[str, list[float]] = {}
        out = self.analyze("speed", frames, "--executor", "serial", "--no-overlays", "--repeat", "7")
        for frame in frames_of(out):
            best[frame["source"]] = min(best.get(frame["source"], 1e9), frame["timing"]["total_ms"])
            for stage, ms in frame["timing"].get("stages_ms", {}).items():
                stages.setdefault(stage, []).append(ms)
        png = [ms for name, ms in best.items() if name.endswith(".png")]
        jpg = [ms for name, ms in best.items() if name.endswith(".jpg")]
        page += [
            "",
            f"PNG {statistics.mean(png):.1f} ms, JPEG {statistics.mean(jpg):.1f} ms, while {os.getloadavg()[0]:.1f} "
            f"programs wanted the {os.cpu_count()} cores (a quiet machine: 1). Stages, median over frames:",
            "",
            "| stage | ms |",
            "|---|---|",
        ]
        return [*page, *(f"| {stage} | {statistics.median(values):.2f} |" for stage, values in stages.items()), ""]

    def precision(self, shared: pathlib.Path) -> list[str]:
        page = ["## Precision of the network", ""]
        sets = {f"{self.sizes.synthetic} synthetic": (self.work / "synthetic", self.work / "synthetic/truth.coco.json")}
        real = shared / "data/frames"
        if (real / "labels.coco.json").exists():
            count = len(json.loads((real / "labels.coco.json").read_text(encoding="utf-8"))["images"])
            sets = {f"{count} real": (real, real / "labels.coco.json"), **sets}
        if "avx512_bf16" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
            return [*page, "Not measured: this processor has no AVX-512 BF16.", ""]
        page += [
            "`--inference-precision bf16` against f32, the default. The classifier's time is the mean over frames of",
            "the least of three runs (`--executor serial`); it is offered as long as F1 moves by 0.002 at most.",
            "",
            "| frames | F1, f32 | F1, bf16 | F1 moves by | classifier, f32 | classifier, bf16 |",
            "|---|---|---|---|---|---|",
        ]
        for name, (frames, labels) in sets.items():
            f1, ms = [], []
            for precision in ("f32", "bf16"):
                options = ("--executor", "serial", "--no-overlays", "--inference-precision", precision)
                out = self.analyze(f"{name} {precision}", frames, "--repeat", "3", *options)
                best: dict[str, float] = {}
                for frame in frames_of(out):
                    taken = frame["timing"]["stages_ms"]["classifier"]
                    best[frame["source"]] = min(best.get(frame["source"], 1e9), taken)
                ms.append(statistics.mean(best.values()))
                once = self.analyze(f"{name} {precision} once", frames, *options)
                f1.append(self.evaluate(once, labels)["total"]["f1"])
            page.append(
                f"| {name} | {f1[0]:.4f} | {f1[1]:.4f} | {f1[1] - f1[0]:+.4f} | {ms[0]:.2f} ms | {ms[1]:.2f} ms |"
            )
        return [*page, ""]

    def synthetic_frames(self, pictures: pathlib.Path) -> list[str]:
        drawn = self.draw("synthetic", self.sizes.synthetic)
        truth = drawn / "truth.coco.json"
        scores = self.evaluate(self.analyze("synthetic_out", drawn), truth)
        wrong = accuracy_worst.write_sheets(scores, drawn, truth, pictures / "worst")
        empty = frames_of(
            self.analyze("empty_out", self.draw("empty", self.sizes.empty, "--capillaries", "0", "--format", "jpg"))
        )
        found = sum(frame["count"] for frame in empty)
        hairy = self.draw("hairy", self.sizes.hairy, "--capillaries", "0", "--hairs", "3", "--folds", "3")
        on_hairs = [frame["count"] for frame in frames_of(self.analyze("hairy_out", hairy))]
        return [
            "## Synthetic frames",
            "",
            f"{self.sizes.synthetic} phantoms with the default options "
            f"(`capillaryx phantom {self.sizes.synthetic} --seed {SEED}`).",
            "",
            *figures(scores),
            *accuracy_regions.proposals(self.evaluate, self.crops("crops_synthetic", drawn, truth), truth),
            "",
            "None of them was in sight while numbers of the analysis were chosen (docs/analysis.md says which were).",
            "Synthetic capillaries have fewer faint limbs than those of the real frames, so that these figures do not",
            "show how well such limbs are followed (docs/design.md).",
            "",
            f"Of {scores['total']['capillaries']} capillaries and {scores['total']['detections']} detections: {wrong}.",
            "The darkest that were missed, and the surest false alarms, two of a frame at most:",
            "",
            "![Missed](pictures/worst_missed.jpg)",
            "![False alarms](pictures/worst_false.jpg)",
            "",
            f"{self.sizes.empty} phantoms with every disturbance and no capillary: {found} detections in all, "
            f"on {sum(frame['count'] > 0 for frame in empty)} of the frames.",
            "",
            f"{self.sizes.hairy} phantoms with three times as many hairs and folds and no capillary: "
            f"{sum(on_hairs)} detections in all, at most {max(on_hairs)} on one.",
            "",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("shared", type=pathlib.Path)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--short", action="store_true", help="few frames, for trying these scripts")
    parser.add_argument("--other-frames", type=pathlib.Path, default=ROOT / "build/other_frames")
    arguments = parser.parse_args()
    program, shared, page_file = arguments.program, arguments.shared, arguments.page
    with pathlib.Path("/proc/cpuinfo").open(encoding="utf-8") as cpus:
        model = next((line.split(":")[1].strip() for line in cpus if line.startswith("model name")), "unknown")
    page = [
        "# Accuracy",
        "",
        "Research use only. Made by `make accuracy`; no figure is typed.",
        f"{model}, {os.cpu_count()} cores; {datetime.date.today().isoformat()}.",
        "",
        "```",
        run(program, "--version").strip(),
        "```",
        "",
        "The labels are careful visual annotation by two passes, not clinical truth, and generous outlines: areas are",
        "compared up to one common scale. The real frames are for checking only: the network is trained on synthetic",
        "frames.",
        "What counts as the depth of a capillary, what has no say in it included, was settled with the real frames in",
        "sight (`docs/analysis.md`), and so were which rows the background's spread is taken from",
        "(docs/experiments.md), where a region ends (`--foot-ratio`), what the network is shown of a region",
        "besides its surroundings, the light that frames lose towards an edge, and how faint a synthetic capillary",
        "must be not to be asked for (docs/design.md): the figures of the real frames are that much less blind.",
        "",
    ]
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(program, pathlib.Path(work), SHORT if arguments.short else FULL)
        plots = page_file.parent / "pictures"
        plots.mkdir(exist_ok=True)
        page += bench.real_frames(shared) + bench.synthetic_frames(plots)
        page += accuracy_other_frames.section(bench.analyze, bench.evaluate, arguments.other_frames)
        page += bench.ambiguous(shared)
        page += bench.precision(shared)
        card = json.loads((ROOT / "models/card.json").read_text(encoding="utf-8"))
        page += bench.regions(shared, card, plots)
        page += bench.fine_tuning(ROOT / "docs/figures/fine_tuning.json", card)
        page += bench.synthetic_or_real(ROOT / "docs/figures/synthetic_or_real.json")
        page += bench.sweeps(plots)
    page_file.write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
