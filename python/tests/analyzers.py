# SPDX-License-Identifier: Apache-2.0
"""Analyzers that tests run in worker processes."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import capillaryx


class Mean(capillaryx.Analyzer):
    """Mean of the pixels."""

    name = "mean"
    version = "3"

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """One number."""
        return {"mean": float(frame.pixels.mean()), "process": 0.0}


class Second(Mean):
    """Does something at the second frame."""

    name = "second"

    def deed(self) -> None:
        """What it does."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """As Mean."""
        if frame.index == 1:
            self.deed()
        return super().analyze(frame)


class Raises(Second):
    """Raises."""

    def deed(self) -> None:
        """Raises with a message of two lines; the last is the one to keep."""
        raise ValueError("no skin\nin sight")


class Dies(Second):
    """Takes its process along."""

    def deed(self) -> None:
        """Ends the process."""
        os._exit(7)


class Aborts(Second):
    """Takes its process along by a signal."""

    def deed(self) -> None:
        """Ends the process as a crash does."""
        os.abort()


class Hangs(Second):
    """Takes too long."""

    def deed(self) -> None:
        """Sleeps."""
        time.sleep(3600)


class Slow(Mean):
    """Takes its time."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """As Mean, 50 ms later."""
        time.sleep(0.05)
        return super().analyze(frame)


class NoNumbers(Second):
    """Gives what is no result."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """A text."""
        return "twelve"  # type: ignore[return-value]


class CannotStart(Mean):
    """Cannot be made."""

    def __init__(self) -> None:
        """Raises."""
        raise RuntimeError("no weights here")


class Boxes(capillaryx.Analyzer):
    """Gives a whole FrameResult."""

    def analyze(self, frame: capillaryx.Frame) -> capillaryx.FrameResult:
        """One capillary, the same in each frame."""
        import numpy as np

        outline = np.array([[10, 10], [20, 10], [20, 20], [10, 20]], dtype=np.float32)
        found = capillaryx.Capillary((10, 10, 10, 10), outline, 100, 0.5)
        size = frame.width * frame.height
        return capillaryx.FrameResult(capillaries=(found,), density=100 / size, valid_px=size)


class Busy(capillaryx.Analyzer):
    """Computes in pure Python, for measuring how workers share the cores."""

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """About 150 ms."""
        total = 0
        for number in range(2_000_000):
            total += number & 7
        return {"total": float(total)}


class Shipped(capillaryx.Analyzer):
    """The shipped algorithm, but for one frame that ends the process."""

    name = "shipped"
    deadly = 77

    def analyze(self, frame: capillaryx.Frame) -> capillaryx.FrameResult:
        """As analyze_frame."""
        if frame.index == self.deadly:
            os._exit(9)
        return capillaryx.analyze_frame(frame.pixels)


def refused(deed: Callable[[], object]) -> float:
    """1 where the kernel forbids it, else 0."""
    try:
        deed()
    except PermissionError:
        return 1.0
    return 0.0


class Locked(capillaryx.Analyzer):
    """Tries what a worker that is sandboxed may not do, and what it may."""

    name = "locked"

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """What was refused: 1."""
        return {
            "write": refused(lambda: Path("made.txt").write_text("")),
            "read": refused(lambda: Path(__file__).read_text()),
            "connect": refused(lambda: socket.create_connection(("127.0.0.1", 9))),
            "start": refused(lambda: subprocess.run(["/bin/true"], check=False)),
        }


LOCKED = {"write": 1, "read": 0, "connect": 1, "start": 1}
