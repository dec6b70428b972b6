# SPDX-License-Identifier: Apache-2.0
"""The scheduler's simulation at full size: millions of frames, 1 to 10,000 workers, random faults."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.soak
def test_the_scheduler_keeps_its_promises_over_millions_of_frames() -> None:
    test = ROOT / "build/dev/executor_test"
    if not test.is_file():
        pytest.fail(f"no {test}: build it first (make soak does)")
    environment = os.environ | {"CAPILLARYX_SIMULATION_FRAMES": "3000000"}
    done = subprocess.run(
        [test, "--gtest_filter=SchedulerSimulation.*"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]
