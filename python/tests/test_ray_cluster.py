# SPDX-License-Identifier: Apache-2.0
"""Clusters on this machine: one that loses a node, an actor, and every worker that tries one of the frames; and such
that grow and shrink."""

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


def test_workers_come_and_go_with_the_nodes(frames: Path) -> None:
    """More workers than cores wait for a node; those of a node that goes are asked for again."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    import capillaryx.ray

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    options: capillaryx.OptionKeywords = {"analyzer": analyzers.Slow, "repeat": 100, "workers": 3}
    workers = []
    try:
        second = None
        for result in capillaryx.ray.analyze(frames, address=cluster.address, **options):
            assert result.ok, result.error
            workers.append(result.timing.worker)
            if len(workers) == 20:
                assert len(set(workers)) == 1, "one core, one worker"
                second = cluster.add_node(num_cpus=2)
            if len(workers) == 250:
                assert second is not None
                cluster.remove_node(second, allow_graceful=False)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert len(workers) == 400
    assert len(set(workers[150:250])) == 3, "all three once there are cores for them"
    assert len(set(workers[350:])) == 1, "and one again"


def test_an_autoscaling_cluster_grows_for_the_workers_that_wait(frames: Path) -> None:
    """Ray's own autoscaler, whose machines are processes of this one: none has a core at first."""
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import AutoscalingCluster

    import capillaryx.ray

    kinds = {"core": {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2}}
    cluster = AutoscalingCluster(head_resources={"CPU": 0}, worker_node_types=kinds)
    cluster.start()
    try:
        ray.init("auto", log_to_driver=False, logging_level="ERROR")
        assert ray.cluster_resources().get("CPU", 0) == 0
        results = list(capillaryx.ray.analyze(frames, analyzer=analyzers.Slow, repeat=100, workers=2))
        assert ray.cluster_resources()["CPU"] == 2
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert all(result.ok for result in results)
    assert {result.timing.worker for result in results} == {0, 1}
