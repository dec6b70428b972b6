#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: bench_compare.py BASE_PROGRAM HEAD_PROGRAM FRAMES [--rounds N] [--repeat N]

Runs two builds of capillaryx in turns over a folder of frames, on one core, and says which stages moved beyond noise.
A round runs both, one right after the other, so that what else the machine does meets both; of every stage of a frame
the least time of its repeats counts. Moved is what moved by 2 % or more both in the median of the rounds' ratios and in
the least times of all rounds, with all rounds but an outlying one to each side in agreement. Standard library only.
"""

import argparse
import dataclasses
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from typing import Any

LEAST_CHANGE = 0.02
# From 9 rounds on, all but the lowest and the highest ratio hold the median with 96 % (binomial).
LEAST_ROUNDS = 9
WHOLE = "whole frame"

Times = dict[str, float]  # ms of each stage, mean over frames
Result = dict[str, Any]


@dataclasses.dataclass
class Change:
    """What the rounds say of one stage. `middle`, `low` and `high` are changes: 0.1 is 10 % slower."""

    stage: str
    base_ms: float
    head_ms: float
    middle: float
    low: float
    high: float
    moved: bool


def stage_times(frames: list[Result]) -> Times:
    """Of each stage the mean over frames of the least time among a frame's repeats."""
    least: dict[str, dict[str, float]] = {}
    for frame in frames:
        if frame["status"] != "ok":
            continue
        kind = pathlib.Path(frame["source"].partition("#")[0]).suffix.lower()
        times = {
            f"read, {kind}" if stage == "read" else stage: ms for stage, ms in frame["timing"]["stages_ms"].items()
        }
        times[WHOLE] = frame["timing"]["total_ms"]
        for stage, ms in times.items():
            of_frame = least.setdefault(stage, {})
            of_frame[frame["source"]] = min(ms, of_frame.get(frame["source"], math.inf))
    return {stage: statistics.mean(of_frame.values()) for stage, of_frame in least.items()}


def changes(rounds: list[tuple[Times, Times]]) -> list[Change]:
    """One for each stage that both builds have: reading first, the whole frame last."""
    found = []
    for stage in sorted(rounds[0][0], key=lambda name: (name == WHOLE, not name.startswith("read"), name)):
        pairs = [
            (base[stage], head[stage]) for base, head in rounds if base.get(stage, 0) > 0 and head.get(stage, 0) > 0
        ]
        if len(pairs) < len(rounds):
            continue
        ratios = sorted(head / base - 1 for base, head in pairs)
        outliers = 1 if len(ratios) >= LEAST_ROUNDS else 0
        low, middle, high = ratios[outliers], statistics.median(ratios), ratios[-1 - outliers]
        base_ms, head_ms = (min(side) for side in zip(*pairs, strict=True))
        least = head_ms / base_ms - 1
        slower = low > 0 and min(middle, least) >= LEAST_CHANGE
        faster = high < 0 and max(middle, least) <= -LEAST_CHANGE
        found.append(Change(stage, base_ms, head_ms, middle, low, high, slower or faster))
    return found


def table(found: list[Change]) -> list[str]:
    lines = [f"{'stage':14} {'base ms':>8} {'now ms':>8} {'change':>8}   rounds"]
    for each in found:
        verdict = ("slower" if each.middle > 0 else "FASTER") if each.moved else "as before, within noise"
        interval = f"{100 * each.low:+.1f} to {100 * each.high:+.1f} %"
        change = f"{100 * each.middle:+.1f} %"
        lines.append(f"{each.stage:14} {each.base_ms:8.3f} {each.head_ms:8.3f} {change:>8}   {interval:18} {verdict}")
    return lines


def without_times(frames: list[Result]) -> list[Result]:
    return [{name: value for name, value in frame.items() if name != "timing"} for frame in frames]


def differing(base: list[Result], head: list[Result]) -> int:
    """How many frames have another result."""
    pairs = zip(without_times(base), without_times(head), strict=False)
    return sum(one != other for one, other in pairs) + abs(len(base) - len(head))


def analyze(program: pathlib.Path, frames: pathlib.Path, repeat: int) -> list[Result]:
    with tempfile.TemporaryDirectory() as work:
        command = [program, "analyze", frames, "-o", work, "--force", "--quiet", "--executor", "serial"]
        done = subprocess.run(
            [*map(str, command), "--repeat", str(repeat)], capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, 3):  # 3: some frames failed
            sys.exit(f"error: {program} ended with exit code {done.returncode}: {done.stderr.strip()}")
        lines = (pathlib.Path(work) / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return [frame for frame in map(json.loads, lines) if frame["type"] == "frame"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=pathlib.Path)
    parser.add_argument("head", type=pathlib.Path)
    parser.add_argument("frames", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS)
    parser.add_argument("--repeat", type=int, default=4, help="times that a round goes through the frames")
    given = parser.parse_args()
    if given.rounds < 1 or given.repeat < 1:
        parser.error("rounds and repeat are 1 or more")
    rounds: list[tuple[Times, Times]] = []
    for turn in range(given.rounds):
        sides: dict[str, list[Result]] = {}
        for side in ("base", "head") if turn % 2 == 0 else ("head", "base"):
            sides[side] = analyze(given.base if side == "base" else given.head, given.frames, given.repeat)
        rounds.append((stage_times(sides["base"]), stage_times(sides["head"])))
        if turn == 0:
            total, others = len(sides["base"]), differing(sides["base"], sides["head"])
    if not rounds[0][0] or not rounds[0][1]:
        sys.exit("error: no frame could be analysed")
    how_often = f"{given.repeat} times a round, {given.rounds} rounds"
    print(f"{total // given.repeat} frames, {how_often}; load {os.getloadavg()[0]:.1f}")
    print("\n".join(table(changes(rounds))))
    if given.rounds < LEAST_ROUNDS:
        print(f"fewer than {LEAST_ROUNDS} rounds: what noise alone does may be called a change")
    print("results: the same" if others == 0 else f"results: {others} of {total} frames differ")


if __name__ == "__main__":
    main()
