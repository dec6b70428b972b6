#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: prevalence.py PROGRAM PAGE.md [NAME=FOLDER...]

Measures what adjusting scores to a frame's own share of capillaries does (src/analysis/prevalence.h): detections with
it and without (`--prior-regions 1e9`) on synthetic frames and, if named, on pictures in FOLDER with truth.coco.json.
Writes the figures as JSON beside the page (figures/prevalence.json) and as a table into the page, between its marks.
`make prevalence` calls it.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

FRAMES = 60
SEED = 20261130
WITHOUT = "1e9"  # that many regions of the usual share outweigh those of any frame
NOTE = "do not fit two groups"
DISTURBED = ("--folds=2", "--hairs=4", "--glare=2", "--bubbles=2", "--deep-vessels=2", "--specks=3")
SETS: dict[str, tuple[str, ...]] = {
    "empty": ("--capillaries=0",),
    "empty, disturbed": ("--capillaries=0", *DISTURBED),
    "sparse": ("--capillaries=0.1",),
    "sparse, disturbed": ("--capillaries=0.1", *DISTURBED),
    "full": (),
    "pale": ("--contrast=0.6",),
    "grey": (),
}
MARKS = ("<!-- Figures: made by scripts/prevalence.py -->", "<!-- The end of the figures -->")


def run(*arguments: object) -> str:
    return subprocess.run(list(map(str, arguments)), check=True, capture_output=True, text=True).stdout


def make_grey(file: pathlib.Path) -> None:
    """A PPM as a grey camera would have recorded it."""
    magic, width, height, depth = file.read_bytes().split(maxsplit=4)[:4]
    if (magic, depth) != (b"P6", b"255"):
        raise ValueError(f"{file}: not an 8-bit PPM")
    size = int(width) * int(height)
    colours = np.frombuffer(file.read_bytes()[-3 * size :], np.uint8).reshape(size, 3)
    grey = np.rint(colours @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    file.write_bytes(b"P5\n%d %d\n255\n" % (int(width), int(height)) + grey.tobytes())


def measure(program: str, frames: pathlib.Path, work: pathlib.Path, prior: str | None) -> dict[str, Any]:
    """Detections, true ones and notes of a run; `prior`: None is the default."""
    out, truth = work / "out", frames / "truth.coco.json"
    options = [] if prior is None else ["--prior-regions", prior]
    run(program, "analyze", frames, "-o", out, "--quiet", "--force", "--no-overlays", *options)
    with (out / "results.jsonl").open(encoding="utf-8") as lines:
        found = [line for line in map(json.loads, lines) if line["type"] == "frame"]
    total = json.loads(run(program, "evaluate", out, "--labels", truth, "--json"))["total"]
    true = round(total["recall"] * total["capillaries"])
    return {
        "frames": len(found),
        "capillaries": total["capillaries"],
        "found": true,
        "false alarms": round(true / total["precision"]) - true if true else total["detections"],
        "f1": round(total["f1"], 4) if total["capillaries"] else None,
        "skipped": sum(NOTE in note for frame in found for note in frame["notes"]),
    }


def table(figures: dict[str, Any]) -> list[str]:
    rows = [
        MARKS[0],
        "",
        "| frames | | capillaries | found: without, with | false alarms: without, with | F1: without, with | skipped |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in figures.items():
        without, adjusted = found["without"], found["with"]
        f1 = "" if adjusted["f1"] is None else f"{without['f1']:.3f}, {adjusted['f1']:.3f}"
        rows.append(
            f"| {name} | {adjusted['frames']} | {adjusted['capillaries']} | {without['found']}, {adjusted['found']} "
            f"| {without['false alarms']}, {adjusted['false alarms']} | {f1} | {adjusted['skipped']} |"
        )
    return [*rows, "", MARKS[1]]


def main() -> None:
    program, page = sys.argv[1], pathlib.Path(sys.argv[2])
    pictures = dict(argument.split("=", 1) for argument in sys.argv[3:])
    kept = page.parent / "figures/prevalence.json"
    # Pictures that are not at hand keep the figures that they had.
    before = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)

        def add(name: str, frames: pathlib.Path) -> None:
            figures[name] = {
                "without": measure(program, frames, work, WITHOUT),
                "with": measure(program, frames, work, None),
            }
            print(name, json.dumps(figures[name]), flush=True)

        for name, options in SETS.items():
            drawn = work / "frames"
            run(program, "phantom", FRAMES, "-o", drawn, f"--seed={SEED}", "--format=ppm", "--quiet", *options)
            if name == "grey":
                for file in drawn.glob("*.ppm"):
                    make_grey(file)
            add(name, drawn)
            shutil.rmtree(drawn)
        for name, place in pictures.items():
            add(name, pathlib.Path(place))
    figures |= {name: found for name, found in before.items() if name not in figures}
    kept.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    text = page.read_text(encoding="utf-8")
    marked = re.compile(re.escape(MARKS[0]) + ".*?" + re.escape(MARKS[1]), re.DOTALL)
    if not marked.search(text):
        raise SystemExit(f"{page}: no place for the table ({MARKS[0]})")
    page.write_text(marked.sub(lambda _: "\n".join(table(figures)), text), encoding="utf-8")


if __name__ == "__main__":
    main()
