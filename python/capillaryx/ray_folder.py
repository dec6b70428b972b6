# SPDX-License-Identifier: Apache-2.0
"""The folder of a Ray of our own, and the process that sees to it that nothing is left of either.

Ray's processes write into a folder of theirs, some for a moment longer than the program that started them lives, and
none of them removes it. So a small process waits for the end of that program, however it comes: it then ends
what of Ray is left and removes the folder. It runs this file alone, without the package.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PREFIX = "capillaryx-"
LONGEST_BASE = 20
"""Ray's sockets lie five names deeper, and the path of a socket has room for 107 characters."""
CLEAR_TIME_S = 30.0


def processes_of(folder: str, *but: int) -> list[int]:
    """Ray's processes that use the folder, but this one and `but`: those that were told of it, and workers, which
    rename themselves."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in (os.getpid(), *but):
            continue
        try:
            command = (entry / "cmdline").read_bytes()
            named = folder.encode() in command
            if named or (command.startswith(b"ray::") and holds_file_in(entry, folder)):
                found.append(int(entry.name))
        except OSError:  # gone, or somebody else's
            continue
    return found


def holds_file_in(process: Path, folder: str) -> bool:
    """Whether a process has a file of the folder open, removed or not."""
    return any(str(link.readlink()).startswith(folder + "/") for link in (process / "fd").iterdir())


def end_processes(folder: str, *but: int) -> list[int]:
    """Ends processes_of() at once; gives them."""
    found = processes_of(folder, *but)
    for process in found:
        with contextlib.suppress(OSError):
            os.kill(process, signal.SIGKILL)
    return found


def clear(folder: str, but: int) -> bool:
    """Ends what uses the folder (this process and `but` go on) and removes it; whether both succeeded."""
    until = time.monotonic() + CLEAR_TIME_S
    while time.monotonic() < until:
        some = end_processes(folder, but)
        shutil.rmtree(folder, ignore_errors=True)
        # One that was being ended may have made a file after that.
        if not some and not Path(folder).exists():
            return True
        time.sleep(0.05)
    return False


class RayFolder:
    """A folder for one Ray, gone with what uses it at close() or when this process ends, by whatever signal."""

    def __init__(self) -> None:
        base = tempfile.gettempdir()
        self.path = tempfile.mkdtemp(prefix=PREFIX, dir=base if len(base) <= LONGEST_BASE else "/tmp")
        # In its own session: what ends this program's whole group does not end it.
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, self.path, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )

    def end_processes(self) -> None:
        """Ends what uses the folder; this process goes on."""
        for process in end_processes(self.path, self._keeper.pid):
            with contextlib.suppress(ChildProcessError):  # no child of this process
                os.waitpid(process, 0)

    def close(self) -> None:
        """Waits until all is gone."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait()


def keep(folder: str, program: int) -> None:
    """The life of the process that waits: until its standard input ends, or `program`, a process, does."""
    waiting = select.poll()
    waiting.register(sys.stdin.fileno(), select.POLLIN)
    with contextlib.suppress(OSError):  # gone already
        waiting.register(os.pidfd_open(program), select.POLLIN)
        if os.getppid() == program:
            waiting.poll()
    clear(folder, program)


if __name__ == "__main__":
    keep(sys.argv[1], int(sys.argv[2]))
