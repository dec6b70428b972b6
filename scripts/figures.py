# SPDX-License-Identifier: Apache-2.0
"""Draws the paper's figures 5, 6 and 7 from the JSON of `capillaryx bench`, as SVG and PNG.

usage: figures.py BENCH.json FOLDER
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
matplotlib.rcParams["svg.hashsalt"] = "capillaryx"  # the same file for the same figures
from matplotlib import pyplot as plt  # noqa: E402

COLOURS = {
    "serial": "#7f7f7f",
    "side by side": "#7f7f7f",
    "router": "#d1803b",
    "driver": "#2f6f9f",
    "threads": "#6fa8c9",
    "peer": "#b0b0b0",
}
Row = dict[str, Any]


def colour(row: Row) -> str:
    return COLOURS["peer"] if row["peer"] else COLOURS[row["architecture"]]


def label(bench: Row) -> str:
    machine = bench["machine"]
    counts = f"{machine['cores']} cores; {bench['frames']} frames, {bench['rounds']} rounds"
    return f"{machine['processor']}, {counts}; commit {bench['commit']}"


def save(figure: Any, folder: Path, name: str, bench: Row) -> None:
    figure.text(0.01, 0.01, label(bench), fontsize=6, color="#555555")
    figure.tight_layout(rect=(0, 0.03, 1, 1))
    for suffix in ("svg", "png"):
        figure.savefig(folder / f"{name}.{suffix}", dpi=150, metadata={"Date": None} if suffix == "svg" else None)
    plt.close(figure)


def execution_time(bench: Row, folder: Path) -> None:
    """Fig. 5: execution time of a frame by each architecture."""
    rows = bench["rows"]
    figure, axes = plt.subplots(figsize=(7, 0.42 * len(rows) + 1.4))
    places = range(len(rows))
    axes.barh(places, [row["ms_per_frame"] for row in rows], color=[colour(row) for row in rows], height=0.7)
    for place, row in zip(places, rows, strict=True):
        axes.plot(row["rounds_ms"], [place] * len(row["rounds_ms"]), "|", color="black", markersize=7)
        axes.annotate(
            f"{row['ms_per_frame']:.1f} ms",
            (max(row["rounds_ms"]), place),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(places, [row["name"] + (" *" if row["paper_default"] else "") for row in rows], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(max(row["rounds_ms"]) for row in rows))
    axes.set_xlabel("execution time, ms per frame (bar: median of the rounds; strokes: each round)", fontsize=8)
    axes.set_title("Execution time (paper, Fig. 5). * two cores held back, as in the paper", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, folder, "fig5_execution_time", bench)


def speed_up(bench: Row, folder: Path) -> None:
    """Fig. 6: speed-up against workers; what is simulated is drawn and labelled as such."""
    own = [row for row in bench["rows"] if not row["peer"]]
    figure, axes = plt.subplots(figsize=(6, 4))
    simulated = (bench.get("simulation") or {}).get("points", [])
    beyond = [point for point in simulated if not point["measured_here"]]
    serial_ms = own[0]["ms_per_frame"]
    most = max([row["workers"] for row in own] + [point["workers"] for point in beyond])
    axes.plot([1, most], [1, most], ":", color="#bbbbbb", linewidth=1, label="ideal")
    axes.plot([1, most], [1, 1], color=COLOURS["serial"], linewidth=1, label="serial")
    for architecture in ("router", "driver"):
        rows = [row for row in own if row["architecture"] == architecture]
        workers = [row["workers"] for row in rows]
        axes.plot(
            workers,
            [row["speed_up"] for row in rows],
            "o-",
            color=COLOURS[architecture],
            label=f"{architecture}, measured",
        )
    if beyond:
        axes.plot(
            [point["workers"] for point in beyond],
            [serial_ms / point["ms_per_frame"] for point in beyond],
            "s--",
            color=COLOURS["driver"],
            markerfacecolor="white",
            label="driver, simulated (its scheduler, the measured costs)",
        )
        axes.set_xscale("log", base=2)
        axes.set_yscale("log", base=2)
        ticks = [2**power for power in range(most.bit_length())]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.set_yticks(ticks, [str(tick) for tick in ticks])
    axes.set_xlabel("workers", fontsize=8)
    axes.set_ylabel("speed-up against serial", fontsize=8)
    axes.set_title("Speed-up (paper, Fig. 6)", fontsize=9)
    axes.legend(fontsize=7, frameon=False, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, folder, "fig6_speed_up", bench)


def cpu_use(bench: Row, folder: Path) -> None:
    """Fig. 7: cores in use over time."""
    own = [row for row in bench["rows"] if not row["peer"] and row["architecture"] in ("serial", "router", "driver")]
    most = max(row["workers"] for row in own)
    figure, axes = plt.subplots(figsize=(6, 3.6))
    for row in own:
        if row["architecture"] != "serial" and row["workers"] != most and not row["paper_default"]:
            continue
        samples = row["cpu_over_time"]
        style = "--" if row["paper_default"] and row["workers"] != most else "-"
        name = row["name"] + (" *" if row["paper_default"] else "")
        axes.plot(
            [0, *(time for time, _ in samples)],
            [0, *(cores for _, cores in samples)],
            style,
            color=colour(row),
            linewidth=1,
            label=name,
        )
    axes.axhline(bench["machine"]["cores"], color="#bbbbbb", linewidth=1, linestyle=":")
    axes.set_ylim(0, bench["machine"]["cores"] * 1.15)
    axes.set_xlabel("seconds since the first measured frame", fontsize=8)
    axes.set_ylabel("cores in use, all processes", fontsize=8)
    axes.set_title("CPU use (paper, Fig. 7). * two cores held back, as in the paper", fontsize=9)
    axes.legend(fontsize=7, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    save(figure, folder, "fig7_cpu_use", bench)


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(str(__doc__))
    bench = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    execution_time(bench, folder)
    speed_up(bench, folder)
    cpu_use(bench, folder)
    print(f"written: {', '.join(sorted(str(file) for file in folder.glob('fig[567]_*')))}")


if __name__ == "__main__":
    main()
