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
FIGURES = ("precision", "recall", "f1", "ap", "count_error")


def cell(row: dict[str, Any], figure: str) -> str:
    value = f"{row['agreement'][figure]:.3f}"
    if row["intervals"] is None:
        return value
    low, high = row["intervals"][figure]
    return f"{value} ({low:.3f}-{high:.3f})"


def table(report: dict[str, Any]) -> str:
    machine = report["machine"]
    frames = report["analyzers"][0]["frames"]
    lines = [
        f"{machine['processor']}, {machine['cores']} cores; {report['build']}; commit {report['commit']}; "
        f"{datetime.date.today().isoformat()}; {frames} frames, one worker.",
        f"Load average {os.getloadavg()[0]:.1f}: where that is above 1, other work made the times longer.",
        "In brackets: 95 % intervals, bootstrap over frames. Milliseconds: median over frames, reading included.",
        "",
        "| Algorithm | ms a frame | count a frame | density, % | precision | recall | F1 | AP | count error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row['analyzer']}` | {row['ms_per_frame']:.1f} | {row['mean_count']:.1f} | "
        + " | ".join([f"{100 * row['mean_density']:.2f}", *(cell(row, figure) for figure in FIGURES)])
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
