# SPDX-License-Identifier: Apache-2.0
"""Carries the README's figures over from the pages that the measuring commands write: none is typed.

usage: readme.py    (at the top of the checkout; `make accuracy` and `make performance` end with it)
"""

import re
from collections.abc import Iterator
from pathlib import Path

README, ACCURACY, PERFORMANCE = Path("README.md"), Path("docs/accuracy.md"), Path("docs/performance.md")
BEGIN = "<!-- Figures: made by scripts/readme.py -->"
END = "<!-- The end of the figures -->"

# What is shown: its words, the page, the section, the first cell and the column of a table's row there.
ACCURACY_ROWS = (
    ("real frames: F1 at box IoU 0.3 (95 % interval)", "Real frames", "f1", 1),
    ("real frames: precision at box IoU 0.3", "Real frames", "precision", 1),
    ("real frames: recall at box IoU 0.3", "Real frames", "recall", 1),
    ("real frames: AP at box IoU 0.3", "Real frames", "ap", 1),
    ("real frames: F1 at box IoU 0.5", "Real frames", "f1", 2),
    ("real frames: hit precision", "Real frames", "precision", 3),
    ("real frames: hit recall", "Real frames", "recall", 3),
    ("real frames: count error", "Real frames", "count error", 1),
    ("real frames: density error", "Real frames", "density error", 1),
    ("real frames: density error up to one common scale", "Real frames", "scaled density error", 1),
    ("synthetic frames: F1 at box IoU 0.3", "Synthetic frames", "f1", 1),
    ("synthetic frames: count error", "Synthetic frames", "count error", 1),
    ("synthetic frames: density error", "Synthetic frames", "density error", 1),
)
SPEED_SECTION = "Serial, router, driver"
SPEED_COLUMN = "ms per frame"


def section(page: str, title: str) -> str:
    """What stands under a heading; nothing where there is none, as a page may be measured in parts."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    return found[1] if found else ""


def rows(text: str) -> Iterator[list[str]]:
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def accuracy_rows(page: str) -> Iterator[tuple[str, str]]:
    for words, title, first, column in ACCURACY_ROWS:
        found = (row for row in rows(section(page, title)) if row[0] == first and len(row) > column)
        value = next((row[column] for row in found), None)
        if value is None:
            raise SystemExit(f"error: {ACCURACY}: no row '{first}' under '{title}'")
        yield words, value


def speed_rows(page: str) -> Iterator[tuple[str, str]]:
    heads: list[str] = []
    for row in rows(section(page, SPEED_SECTION)):
        if SPEED_COLUMN in row:
            heads = row
        elif heads and len(row) == len(heads):
            yield f"ms per frame: {row[0]}", row[heads.index(SPEED_COLUMN)]


def stamp(page: str) -> str:
    """The machine, date and version, as the page says them."""
    lines = [line for line in page.splitlines() if re.search(r"\b20\d\d-\d\d-\d\d\b|^capillaryx \d", line)]
    return " ".join(lines[:2])


def main() -> None:
    made = [BEGIN, ""]
    accuracy = ACCURACY.read_text(encoding="utf-8")
    made += [f"`make accuracy`: {stamp(accuracy)}", "", "| | |", "|---|---|"]
    made += [f"| {words} | {value} |" for words, value in accuracy_rows(accuracy)]
    performance = PERFORMANCE.read_text(encoding="utf-8") if PERFORMANCE.is_file() else ""
    if speeds := [f"| {words} | {value} |" for words, value in speed_rows(performance)]:
        measured = stamp(section(performance, SPEED_SECTION))
        made += ["", f"`make performance`: {measured}", "", "| | |", "|---|---|", *speeds]
    made += ["", END]
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    if not rest:
        raise SystemExit(f"error: {README}: no line {BEGIN}")
    README.write_text(head + "\n".join(made) + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
