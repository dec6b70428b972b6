# SPDX-License-Identifier: Apache-2.0
"""What the tests of the installed Python package share. They run where the wheel is installed, not from python/."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).parent / "capillaryx"
sys.path.insert(0, str(Path(__file__).parent))


def run(*words: object, expect: int = 0, cwd: Path | None = None, timeout: float = 120) -> str:
    """Runs a command to its end; gives what it printed."""
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, timeout=timeout, cwd=cwd
    )
    assert done.returncode == expect, f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def comparable(lines: list[str]) -> list[str]:
    """Lines of results.jsonl without what may differ between two runs of the same work."""
    kept = []
    for line in lines:
        row = json.loads(line)
        row.pop("timing", None)
        row.pop("host", None)
        kept.append(json.dumps(row))
    return kept


def frame_lines(folder: Path) -> list[str]:
    """The frame lines of a results folder, comparable."""
    lines = (folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
    return comparable([line for line in lines if json.loads(line)["type"] == "frame"])


def skin(height: int = 480, width: int = 640, seed: int = 1) -> npt.NDArray[np.uint8]:
    """Something like skin with dark spots, RGB."""
    random = np.random.default_rng(seed)
    image = np.array([190, 140, 120]) + random.normal(0, 3, (height, width, 3))
    rows, columns = np.mgrid[0:height, 0:width]
    for _ in range(12):
        y, x = random.integers(40, height - 40), random.integers(40, width - 40)
        spot = np.exp(-(((rows - y) / 14) ** 2) - ((columns - x) / 6) ** 2)
        image -= spot[..., None] * np.array([25, 60, 45])
    return np.clip(image, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four synthetic frames."""
    folder = tmp_path_factory.mktemp("synthetic") / "frames"
    run(COMMAND, "phantom", 4, "-o", folder)
    return folder


@pytest.fixture(scope="session")
def analysed(frames: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the command on them."""
    folder = tmp_path_factory.mktemp("analysed") / "results"
    run(COMMAND, "analyze", frames, "-o", folder)
    return folder


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real frames; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("CAPILLARYX_SHARED", ROOT.parent / "shared"))
    if not (folder / "data" / "frames").is_dir():
        pytest.skip("no ../shared")
    return folder


def children() -> set[int]:
    """Processes below this one."""
    found: set[int] = set()
    todo = [os.getpid()]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").iterdir():
            try:
                below = [int(child) for child in (task / "children").read_text().split()]
            except OSError:
                continue
            found.update(below)
            todo += below
    return found
