# SPDX-License-Identifier: Apache-2.0
"""What a frame costs in capillaryx.Session with an analyzer that does nothing: rates, memory, cancelling. Prints JSON.

usage: scripts/session_rates.py [FRAMES]    by a Python in which the package is installed
"""

import json
import resource
import sys
import threading
import time
from typing import Any

import numpy as np

import capillaryx

WORKERS = 2


class Empty(capillaryx.Analyzer):
    """Nothing."""

    name = "empty"
    version = "1"

    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:
        """No numbers."""
        return {}


def frames_per_s(count: int, image: Any, kind: Any) -> float:
    """One thread submits, this one takes results."""
    with capillaryx.Session(workers=WORKERS, worker_kind=kind, analyzer=Empty) as session:
        for _ in range(2 * WORKERS):
            session.submit(image)
        for _ in range(2 * WORKERS):
            next(session)
        program = threading.Thread(target=lambda: [session.submit(image) for _ in range(count)])
        start = time.perf_counter()
        program.start()
        for _ in range(count):
            next(session)
        seconds = time.perf_counter() - start
        program.join()
    return count / seconds


def cancel_ms(image: Any) -> float:
    """From cancel() until the workers have ended."""
    with capillaryx.Session(workers=WORKERS, analyzer=Empty) as session:
        for _ in range(4 * WORKERS):
            session.submit(image)
        start = time.perf_counter()
        session.close()
        return 1000 * (time.perf_counter() - start)


def main() -> None:
    """All of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    small, large = np.zeros((64, 64), np.uint8), np.zeros((1080, 1920, 3), np.uint8)
    report: dict[str, Any] = {"frames": count, "workers": WORKERS}
    for kind in ("process", "thread"):
        report[kind] = {
            "small_frames_per_s": round(frames_per_s(count, small, kind)),
            "ms_per_1080p_frame": round(1000 / frames_per_s(max(count // 50, 20), large, kind), 3),
        }
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frames_per_s(count, small, "process")
    report["memory_growth_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    report["close_ms"] = round(cancel_ms(large), 1)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
