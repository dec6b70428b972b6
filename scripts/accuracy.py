#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: accuracy.py PROGRAM SHARED OUT.md

Runs the program on the labelled frames in SHARED/data/frames (where they are there) and on drawn frames, and writes the
figures as a page. Standard library only; every figure of the page comes from these runs.
"""

import datetime
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import Any

DRAWN_FRAMES = 24
EMPTY_FRAMES = 200
SEED = 20261123  # not a seed that training uses


def run(*arguments: str | pathlib.Path) -> str:
    return subprocess.run([str(a) for a in arguments], check=True, capture_output=True, text=True).stdout


def frames_of(folder: pathlib.Path) -> list[dict[str, Any]]:
    with (folder / "results.jsonl").open(encoding="utf-8") as lines:
        return [frame for frame in map(json.loads, lines) if frame["type"] == "frame"]


def with_interval(scores: dict[str, Any], name: str) -> str:
    low, high = scores["intervals"][name]
    return f"{scores['total'][name]:.3f} ({low:.3f} to {high:.3f})"


def figures(scores: dict[str, Any]) -> list[str]:
    names = ["precision", "recall", "f1", "ap", "count_error", "density_error", "density_scale", "scaled_density_error"]
    return [f"| {name.replace('_', ' ')} | {with_interval(scores, name)} |" for name in names]


def variation(values: list[float]) -> float:
    return statistics.stdev(values) / statistics.mean(values)


class Bench:
    def __init__(self, program: str, work: pathlib.Path) -> None:
        self.program, self.work = program, work

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
        proposals = self.evaluate(self.analyze("proposals", frames, "--min-score", "0"), labels)
        count = proposals["total"]["detections"] / len(proposals["images"])
        page += [
            "11 frames of skin, 523 labelled capillaries; box IoU 0.3. 95 % bootstrap intervals over frames.",
            "",
            "| | |",
            "|---|---|",
        ]
        page += figures(scores)
        page += [f"| recall of the proposals (`--min-score 0`) | {with_interval(proposals, 'recall')} |"]
        page += [f"| proposals a frame | {count:.1f} |", ""]
        page += [
            "| frame | labelled | detected | precision | recall | F1 | count error | scaled density error |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for image in scores["images"]:
            page.append(
                f"| {image['image']} | {image['capillaries']} | {image['detections']} | {image['precision']:.3f} "
                f"| {image['recall']:.3f} | {image['f1']:.3f} | {image['count_error']:.3f} "
                f"| {image['scaled_density_error']:.3f} |"
            )
        same_skin = [f for f in frames_of(out) if pathlib.Path(f["source"]).stem in ("f13", "f14", "f17")]
        page += [
            "",
            "f13, f14 and f17 show one patch of skin: coefficient of variation of density "
            f"{variation([f['density'] for f in same_skin]):.3f}, "
            f"of count {variation([f['count'] for f in same_skin]):.3f}.",
            "",
            *self.speed(frames),
        ]
        return page

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
            f"PNG {statistics.mean(png):.1f} ms, JPEG {statistics.mean(jpg):.1f} ms. Stages, median over frames:",
            "",
            "| stage | ms |",
            "|---|---|",
        ]
        return [*page, *(f"| {stage} | {statistics.median(values):.2f} |" for stage, values in stages.items()), ""]

    def drawn_frames(self) -> list[str]:
        drawn = self.draw("drawn", DRAWN_FRAMES)
        scores = self.evaluate(self.analyze("drawn_out", drawn), drawn / "truth.coco.json")
        empty = frames_of(
            self.analyze("empty_out", self.draw("empty", EMPTY_FRAMES, "--capillaries", "0", "--format", "jpg"))
        )
        found = sum(frame["count"] for frame in empty)
        return [
            "## Drawn frames",
            "",
            f"{DRAWN_FRAMES} phantoms as they come (`capillaryx phantom {DRAWN_FRAMES} --seed {SEED}`).",
            "",
            "| | |",
            "|---|---|",
            *figures(scores),
            "",
            f"{EMPTY_FRAMES} phantoms with every disturbance and no capillary: {found} detections in all, "
            f"on {sum(frame['count'] > 0 for frame in empty)} of the frames.",
            "",
        ]


def main() -> None:
    program, shared, page_file = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
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
        "compared up to one common scale. The real frames are for checking only: the network is trained on drawn ones.",
        "How boxes and contours are drawn from a region was chosen with the real frames in sight (`docs/analysis.md`).",
        "",
    ]
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(program, pathlib.Path(work))
        page += bench.real_frames(shared) + bench.drawn_frames()
    page_file.write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
    print("\n".join(page))


if __name__ == "__main__":
    main()
