# SPDX-License-Identifier: Apache-2.0
"""Clusters on this machine: one that loses a node, an actor, and every worker that tries one of the frames; and such
that grow and shrink."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import analyzers
import pytest
from conftest import COMMAND, children, frame_lines, run

pytest.importorskip("ray")

import ray
from ray.cluster_utils import Cluster

import capillaryx.ray
from capillaryx.ray_folder import RayFolder

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


@contextmanager
def started_by_hand(environment: dict[str, str], *words: object, port: int = 0) -> Iterator[str]:
    """`ray start --head`, as docs/scaling.md has it, in its own folder; its address."""
    folder = RayFolder()
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", port))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        start = [COMMAND.parent / "ray", "start", "--head", f"--port={address.split(':')[1]}", *words]
        start += [f"--temp-dir={folder.path}", "--node-ip-address=127.0.0.1", "--include-dashboard=false"]
        given = [f"{name}={value}" for name, value in environment.items()]
        run("/usr/bin/env", "RAY_USAGE_STATS_ENABLED=0", f"HOME={folder.path}", *given, *start)
        yield address
    finally:
        folder.close()


@pytest.mark.parametrize("mode", ["disabled", "token"])
def test_the_command_joins_a_cluster_that_was_started_by_hand(frames: Path, tmp_path: Path, mode: str) -> None:
    environment = {"RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN": "0123456789abcdef" * 4 if mode == "token" else ""}
    with started_by_hand(environment, "--num-cpus=1") as address:
        given = [f"{name}={value}" for name, value in environment.items()]
        analyze = [COMMAND, "analyze", frames, "-o", tmp_path / "out", "--executor", "ray", "--ray-address", address]
        run("/usr/bin/env", *given, *analyze)
    run(COMMAND, "analyze", frames, "-o", tmp_path / "local")
    assert frame_lines(tmp_path / "out") == frame_lines(tmp_path / "local")


def test_an_autoscaling_cluster_grows_for_the_workers_that_wait(frames: Path, tmp_path: Path) -> None:
    """Ray's own autoscaler, whose machines are processes of this one: none has a core at first."""
    with socket.socket() as head_port:
        if head_port.connect_ex(("127.0.0.1", 6379)) == 0:
            pytest.skip("the port 6379, where Ray's simulated machines look for their head, is taken")
    core = {"resources": {"CPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2}
    head = {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0}
    config: dict[str, object] = {
        "cluster_name": "cores",
        "max_workers": 2,
        "provider": {"type": "fake_multinode", "disable_node_updaters": True, "disable_launch_config_check": True},
        "available_node_types": {"core": core, "ray.head.default": head},
        "head_node_type": "ray.head.default",
        "auth": {},
        "file_mounts": {},
        "idle_timeout_minutes": 5,
        "upscaling_speed": 1.0,
    }
    commands = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    config |= {"cluster_synced_files": []} | {f"{name}_commands": [] for name in commands}
    (tmp_path / "autoscaling.json").write_text(json.dumps(config))
    until = time.monotonic() + 120

    def look(now: capillaryx.Progress) -> None:
        if now.frames_done == 0 and time.monotonic() > until:
            raise TimeoutError("no node has come")

    words = ["--num-cpus=0", f"--autoscaling-config={tmp_path / 'autoscaling.json'}"]
    settings = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_FAKE_CLUSTER": "1", "RAY_AUTH_MODE": "disabled"}
    with started_by_hand(settings, *words, port=6379) as address:
        ray.init(address, log_to_driver=False, logging_level="ERROR")
        try:
            assert ray.cluster_resources().get("CPU", 0) == 0
            options: capillaryx.OptionKeywords = {"executor": "ray", "analyzer": analyzers.Slow, "workers": 2}
            options["repeat"] = 100
            summary = capillaryx.analyze_to(frames, tmp_path / "out", look, **options)
            assert ray.cluster_resources()["CPU"] == 2
        finally:
            ray.shutdown()
    assert summary.ok == 400
    assert {result.timing.worker for result in capillaryx.read_results(tmp_path / "out")} == {0, 1}
