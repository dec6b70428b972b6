# SPDX-License-Identifier: Apache-2.0
"""Writes what `capillaryx compare` measured into a page, between its two marks.

usage: compare_table.py COMPARE.json PAGE.md
"""

import datetime
import json
import os
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
FIGURES = ("precision", "recall", "f1", "ap")
LATER_FIGURES = ("hit_precision", "hit_recall", "count_error", "density_error")


def cell(figures: dict[str, Any], intervals: dict[str, Any] | None, figure: str) -> str:
    value = f"{figures[figure]:.3f}"
    if intervals is None:
        return value
    low, high = intervals[figure]
    return f"{value} ({low:.3f}-{high:.3f})"


def agreement_cells(row: dict[str, Any]) -> list[str]:
    """At box IoU 0.3, F1 at 0.5, then hits and errors."""
    (stricter,) = row["others"]
    cells = [cell(row["agreement"], row["intervals"], figure) for figure in FIGURES]
    cells.append(cell(stricter["total"], stricter["intervals"], "f1"))
    return cells + [cell(row["agreement"], row["intervals"], figure) for figure in LATER_FIGURES]


def table(report: dict[str, Any]) -> str:
    machine = report["machine"]
    frames = report["analyzers"][0]["frames"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores; {report['build']}; commit {report['commit']}; "
        f"{datetime.date.today().isoformat()}; {frames} frames, one worker.",
        f"Load average {os.getloadavg()[0]:.1f}: where that is above 1, other work made the times longer.",
        "In brackets: 95 % intervals, bootstrap over frames. Milliseconds: median over frames, reading included.",
        "Matching is COCO's at box IoU 0.3. A hit: the middle of the detected box lies inside the labelled one.",
        "",
        "| Algorithm | ms per frame | count per frame | density, % | precision | recall | F1 | AP | F1 at IoU 0.5 "
        "| hit precision | hit recall | count error | density error |",
        "|---" * 13 + "|",
    ]
    lines += [
        f"| `{row['analyzer']}` | {row['ms_per_frame']:.1f} | {row['mean_count']:.1f} | "
        + " | ".join([f"{100 * row['mean_density']:.2f}", *agreement_cells(row)])
        + " |"
        for row in report["analyzers"]
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    page = Path(sys.argv[2])
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(before + BEGIN + table(report) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
