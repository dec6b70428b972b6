# SPDX-License-Identifier: Apache-2.0
"""Reads and compares output folders."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest

Line = dict[str, Any]


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def lines(folder: Path) -> list[Line]:
    """Every line of results.jsonl, read strictly."""
    text = (folder / "results.jsonl").read_bytes().decode("utf-8")
    assert text.endswith("\n")
    return [json.loads(line, parse_constant=refuse_constant) for line in text.splitlines()]


def frames(folder: Path) -> list[Line]:
    return [line for line in lines(folder) if line["type"] == "frame"]


def statuses(folder: Path) -> dict[str, str]:
    return {frame["source"]: frame["status"] for frame in frames(folder)}


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def comparable(folder: Path) -> dict[str, str]:
    """The text of every result file without what may differ between two runs of the same work."""
    kept = []
    for line in lines(folder):
        line.pop("timing", None)
        line.pop("host", None)
        kept.append(json.dumps(line))
    table = [{key: value for key, value in row.items() if key != "ms"} for row in rows(folder)]
    return {
        "results.jsonl": "\n".join(kept),
        "results.csv": json.dumps(table),
        "coco.json": (folder / "coco.json").read_text(encoding="utf-8"),
    }


def overlays(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "overlays").iterdir())}


def check(folder: Path, root: Path) -> None:
    """Holds a finished folder to the edges in DESIGN.md, by the tool beside the checkout where there is one."""
    found = lines(folder)
    assert found[0]["type"] == "run"
    assert found[-1]["type"] == "summary"
    others = [line for line in found if line["type"] in ("input", "clip")]
    assert [frame["index"] for frame in frames(folder)] == list(range(len(found) - 2 - len(others)))
    tool = root.parent / "shared" / "tools" / "check_results.py"
    if tool.is_file():
        done = subprocess.run([sys.executable, str(tool), str(folder)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.fail(f"check_results.py {folder}:\n{done.stdout}{done.stderr}")
