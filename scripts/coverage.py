#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the coverage of 95 % intervals into docs/statistics.md, from the simulation in src/study/coverage_test.cc.

usage: scripts/coverage.py BUILD_FOLDER      (after scripts/build.sh PRESET study_test)
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/statistics.md"
START, END = "<!-- Figures: made by scripts/coverage.py -->", "<!-- The end of the figures -->"
NAMES = {
    "visit": "a visit, over n fields",
    "subject": "a subject, over n visits",
    "group": "all subjects, over n subjects",
    "paired_difference": "difference of two visits, n subjects",
    "relative_change": "relative change between two visits, n subjects",
    "relative_change_given": "(share of studies in which the relative change has an interval)",
}


def measure(build: Path) -> dict[str, dict[int, float]]:
    """Share of intervals that hold the true value: name -> n -> share."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(build / "study_test"), "--gtest_filter=*Coverage*", f"--gtest_output=json:{report}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        suites = json.loads(report.read_text())["testsuites"]
    found: dict[str, dict[int, float]] = {}
    for test in (test for suite in suites for test in suite["testsuite"]):
        n = int(test["name"].rpartition("/")[2])
        for name in NAMES:
            if name in test:
                found.setdefault(name, {})[n] = float(test[name])
    return found


def table(found: dict[str, dict[int, float]]) -> str:
    sizes = sorted(next(iter(found.values())))
    lines = ["| 95 % interval of | " + " | ".join(f"n = {n}" for n in sizes) + " |", "|---" * (len(sizes) + 1) + "|"]
    for name, words in NAMES.items():
        lines.append(f"| {words} | " + " | ".join(f"{100 * found[name][n]:.1f} %" for n in sizes) + " |")
    return "\n".join(lines)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = PAGE.read_text()
    pattern = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    figures = f"{START}\n\n{table(measure(Path(sys.argv[1])))}\n\n{END}"
    if not pattern.search(text):
        sys.exit(f"{PAGE} has no place for the figures")
    PAGE.write_text(pattern.sub(lambda _: figures, text))


if __name__ == "__main__":
    main()
