#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: bench_compare.py BASE_FOLDER HEAD_FOLDER [--rounds N] [--filter REGEX]

Runs the benchmarks (*_benchmark) that two builds have in common, in turns, and says which moved beyond noise. A round
gives each benchmark a ratio of processor times, HEAD / BASE, measured one right after the other, so that what else the
machine does meets both. Moved is what has all but an outlying ratio on one side of 1 (with 7 rounds or more the two
outermost ratios on either side of the median are a 95 % interval of it or wider) and a median 2 % or more from it.
"""

import argparse
import json
import pathlib
import re
import statistics
import subprocess

LEAST_CHANGE = 0.02


def times(program: pathlib.Path, pattern: str) -> dict[str, float]:
    """Processor time of each benchmark, ns."""
    text = subprocess.run(
        [program, f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_min_time=0.2"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    unit = {"ns": 1.0, "us": 1e3, "ms": 1e6, "s": 1e9}
    return {
        run["name"]: run["cpu_time"] * unit[run["time_unit"]]
        for run in json.loads(text[text.index("{") :])["benchmarks"]
        if run["run_type"] == "iteration"
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("head", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--filter", default=".")
    given = parser.parse_args()
    names = sorted(
        program.name
        for program in given.base.glob("*_benchmark")
        if (given.head / program.name).exists() and re.search(r"_benchmark$", program.name)
    )
    if not names:
        raise SystemExit("error: the two builds have no benchmark in common")
    print(f"{'':44} {'base ms':>9} {'now ms':>9} {'change':>8}   interval")
    for name in names:
        ratios: dict[str, list[float]] = {}
        least: dict[str, list[float]] = {}
        for turn in range(given.rounds):
            pair: dict[str, dict[str, float]] = {}
            for side in ("base", "head") if turn % 2 == 0 else ("head", "base"):
                pair[side] = times((given.base if side == "base" else given.head) / name, given.filter)
            for benchmark in sorted(pair["base"].keys() & pair["head"].keys()):
                base, head = pair["base"][benchmark], pair["head"][benchmark]
                ratios.setdefault(benchmark, []).append(head / base)
                kept = least.setdefault(benchmark, [base, head])
                least[benchmark] = [min(kept[0], base), min(kept[1], head)]
        for benchmark, values in ratios.items():
            ordered = sorted(values)
            outliers = 1 if len(ordered) >= 7 else 0
            low, high = ordered[outliers], ordered[-1 - outliers]
            middle = statistics.median(ordered)
            moved = abs(middle - 1) >= LEAST_CHANGE and (low > 1 or high < 1)
            verdict = ("slower" if middle > 1 else "faster") if moved else "as before, within noise"
            print(
                f"{benchmark[:44]:44} {least[benchmark][0] / 1e6:9.3f} {least[benchmark][1] / 1e6:9.3f} "
                f"{100 * (middle - 1):+7.1f} %  {100 * (low - 1):+.1f} to {100 * (high - 1):+.1f} %: {verdict}"
            )


if __name__ == "__main__":
    main()
