# SPDX-License-Identifier: Apache-2.0
"""Runs of the program that something happens to: what they started, how far they are, what they leave behind."""

import os
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

SHARED_MEMORY = Path("/dev/shm")


def start(program: Path, *arguments: object, **more: object) -> subprocess.Popen[bytes]:
    """`capillaryx analyze ARGUMENTS`, its output into pipes."""
    command = [str(program), "analyze", *map(str, arguments)]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **{"stdin": subprocess.DEVNULL, **more}
    )


def wait_for(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def frames_written(out: Path) -> int:
    try:
        whole = (out / "results.jsonl").read_bytes().rpartition(b"\n")[0]
        return sum(line.startswith(b'{"type":"frame"') for line in whole.split(b"\n"))
    except OSError:
        return 0


def children(process: int) -> list[int]:
    """The living children of a process, oldest first."""
    found: list[tuple[int, int]] = []
    for listing in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            ids = [int(word) for word in listing.read_text().split()]
        except OSError:
            continue
        for child in ids:
            try:
                # After the name in brackets: state, parent, ...; the start time is the 22nd field of all.
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                found.append((int(fields[19]), child))
    return [child for _, child in sorted(found)]


def shared_memory_names() -> set[str]:
    return {file.name for file in SHARED_MEMORY.iterdir()} if SHARED_MEMORY.is_dir() else set()


def open_files() -> set[str]:
    """Every file that a living process holds open or mapped, as far as this user may see."""
    held: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            held.update(str(link.readlink()) for link in (process / "fd").iterdir())
            held.update(line.split(maxsplit=5)[-1] for line in (process / "maps").read_text().splitlines())
        except OSError:
            continue
    return held


class Traces:
    """Sees that the programs run with its `environment` leave nothing: no process, shared memory or temporary file.

    with Traces(tmp_path) as traces:
        start(program, ..., env=traces.environment)
    """

    def __init__(self, folder: Path) -> None:
        self.mark = uuid.uuid4().hex
        self.temporary = folder / f"temporary-{self.mark}"
        self.temporary.mkdir()
        self.environment = os.environ | {"CAPILLARYX_TEST": self.mark, "TMPDIR": str(self.temporary)}
        self.shared_memory = shared_memory_names()

    def processes(self) -> list[int]:
        mark = f"CAPILLARYX_TEST={self.mark}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():
                    found.append(int(process.name))
            except OSError:
                continue
        return found

    def check(self) -> None:
        """What is killed is given a moment to be gone."""
        end = time.monotonic() + 10
        while self.processes() and time.monotonic() < end:
            time.sleep(0.02)
        assert not self.processes(), "processes were left behind"
        assert not list(self.temporary.iterdir()), "temporary files were left behind"
        new = {str(SHARED_MEMORY / name) for name in shared_memory_names() - self.shared_memory}
        # Other programs of this machine hold theirs.
        assert not new - open_files(), "shared memory was left behind"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.check()
