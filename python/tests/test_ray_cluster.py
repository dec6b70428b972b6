# SPDX-License-Identifier: Apache-2.0
"""A cluster of two nodes on this machine that loses a node, an actor, and every actor that tries one of the frames."""

import os
import signal
import time
from pathlib import Path

import analyzers
import pytest
from conftest import children

pytestmark = pytest.mark.soak

FRAMES = int(os.environ.get("FRAMES", "200"))


def actor_processes() -> list[int]:
    """Processes of this machine that are our actors, oldest first."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "cmdline").read_bytes().startswith(b"ray::FrameActor"):
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


def test_two_nodes_lose_a_node_an_actor_and_those_of_a_deadly_frame(frames: Path) -> None:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    import capillaryx.ray

    options: capillaryx.OptionKeywords = {"analyzer": analyzers.Shipped, "repeat": FRAMES // 4, "workers": 2}
    expected = list(capillaryx.analyze(frames, **options))
    before = children()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        second = cluster.add_node(num_cpus=1)
        start = time.monotonic()
        results = []
        nodes_lost = 0
        for result in capillaryx.ray.analyze(frames, address=cluster.address, **options):
            results.append(result)
            if len(results) == 40:
                os.kill(actor_processes()[0], signal.SIGKILL)
            if len(results) == FRAMES // 2:
                cluster.remove_node(second, allow_graceful=False)
                nodes_lost += 1
        print(f"{len(results)} frames in {time.monotonic() - start:.1f} s")
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert nodes_lost == 1
    assert [result.index for result in results] == list(range(FRAMES))
    deadly = analyzers.Shipped.deadly
    for ours, theirs in zip(results, expected, strict=True):
        if ours.index == deadly:
            assert (ours.status, theirs.status) == ("failed", "failed")
            assert ours.timing.attempt == theirs.timing.attempt == 3
            assert ours.error is not None
            assert theirs.error is not None
            assert ours.error.split(":")[0] == theirs.error.split(":")[0]
        else:
            assert ours == theirs
    assert max(result.timing.attempt for result in results if result.ok) > 1
    deadline = time.monotonic() + 30
    while children() - before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not children() - before
    assert not actor_processes()
