# SPDX-License-Identifier: Apache-2.0
"""What the tests of the whole program share."""

import itertools
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pictures
import pytest
import results

ROOT = Path(__file__).resolve().parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def program() -> Path:
    """The program under test: CAPILLARYX_PROGRAM, else what the release or dev preset built."""
    given = os.environ.get("CAPILLARYX_PROGRAM")
    candidates = [Path(given)] if given else [ROOT / f"build/{preset}/capillaryx" for preset in ("release", "dev")]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    pytest.fail(f"no program at {' or '.join(map(str, candidates))}: build it first (make test)")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real frames and tools; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("CAPILLARYX_SHARED", ROOT.parent / "shared"))
    if not (folder / "tools").is_dir():
        pytest.skip("no ../shared")
    return folder


@pytest.fixture(scope="session")
def capillaryx(program: Path) -> Run:
    """Runs the program: capillaryx("analyze", folder, "-o", out) -> CompletedProcess with text output.

    Fails the test where the exit code is another than `expect` (None: any).
    """

    def run(
        *arguments: object, expect: int | None = 0, timeout: float = 300, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, cwd=cwd, stdin=subprocess.DEVNULL, check=False
        )
        if expect is not None and done.returncode != expect:
            said = f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
            pytest.fail(f"exit {done.returncode}, not {expect}: {' '.join(command)}\n{said}")
        return done

    return run


@dataclass
class Analysis:
    """A run of `capillaryx analyze` that has ended."""

    out: Path
    returncode: int
    stdout: str
    stderr: str


Analyze = Callable[..., Analysis]


@pytest.fixture
def analyze(capillaryx: Run, tmp_path: Path) -> Analyze:
    """analyze(inputs..., flags..., expect=0) -> the run, a finished one with its folder checked.

    `to` names the output folder (default: a new one under tmp_path).
    """
    made = itertools.count()

    def run(*arguments: object, to: Path | None = None, expect: int | None = 0, timeout: float = 120) -> Analysis:
        out = to or tmp_path / f"out{next(made)}"
        done = capillaryx("analyze", *arguments, "-o", out, expect=expect, timeout=timeout)
        if done.returncode in (0, 3):
            results.check(out, ROOT)
        return Analysis(out, done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def tissue_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six small synthetic frames."""
    folder = tmp_path_factory.mktemp("frames")
    for index in range(6):
        (folder / f"f{index:02}.png").write_bytes(pictures.png(pictures.tissue(seed=index)))
    return folder
