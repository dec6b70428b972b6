# SPDX-License-Identifier: Apache-2.0
"""More than one machine: frames over the cores of a Ray cluster (docs/scaling.md). Needs capillaryx[ray] on every node.

The driver, its scheduler, the order of results, retries and time limits are those of the local executor; only where a
worker lives differs: it is a Ray actor that holds one core.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import secrets
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Unpack

# Before Ray is imported: it would tell its makers of its use.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import numpy as np
import ray
from ray.exceptions import RayActorError

from capillaryx import _core, analyzer
from capillaryx.analysis import Inputs, Run, options_json
from capillaryx.errors import KINDS, Error, ExecutorError
from capillaryx.options import OptionKeywords
from capillaryx.ray_folder import RayFolder

START_TIME_S = 300.0
"""How long a Ray of our own is tried to be started. It gives its own node half a minute, which a busy machine may not
keep to."""
CONNECT_TIME_S = 15.0
FETCH_EVERY_S = 0.01
FINGERPRINT_BYTES = 4096
Reply = tuple[str, Any, Any]

LOCAL_SETTINGS = {
    "enable_metrics_collection": False,
    "event_stats": False,
    "memory_monitor_refresh_ms": 0,
    "raylet_report_resources_period_milliseconds": 1000,
    "task_events_report_interval_ms": 0,
    "worker_niceness": 0,  # as the local driver's workers
}
"""Of a Ray of our own, which nobody watches: what its processes do beside the work is work taken from the workers."""


def analyze(inputs: Inputs, address: str | None = None, **options: Unpack[OptionKeywords]) -> Run:
    """As capillaryx.analyze(), on the cores of the cluster at `address` ("auto", "host:6379", "ray://host:10001").

    Without an address, and where this process has not joined a cluster (ray.init) before, a local Ray is started and
    stopped again at the end. `workers`: actors, each holding a core (0: the cluster's cores now); those for which there
    is no core yet wait for one, which makes an autoscaling cluster grow.
    """
    options["executor"] = "ray"
    if address is not None:
        options["ray_address"] = address
    return Run(inputs, **options)


def fingerprint(descriptor: int) -> tuple[int, int, str]:
    """Size, time of change and a hash of the ends of a file: whether two nodes mean the same one."""
    status = os.fstat(descriptor)
    first = os.pread(descriptor, FINGERPRINT_BYTES, 0)
    last = os.pread(descriptor, FINGERPRINT_BYTES, max(0, status.st_size - FINGERPRINT_BYTES))
    return status.st_size, status.st_mtime_ns, hashlib.sha256(first + last).hexdigest()


def read_whole(descriptor: int) -> bytes:
    """The bytes of an open file, wherever it stands."""
    parts = []
    place = 0
    while part := os.pread(descriptor, 1 << 24, place):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


class FrameActor:
    """A worker in an actor. A process below the actor reads, decodes, analyses and draws, sandboxed as a
    local worker is. The actor reports how a frame has ended that process; Ray reports of its actors only that they are
    gone.
    """

    def __init__(self, options_text: str, import_path: list[str]) -> None:
        """`import_path`: the driver's, where an analyzer of the user's own may be found."""
        sys.path += [folder for folder in import_path if folder not in sys.path]
        self._options = options_text
        self._worker: _core.ActorWorker | None = None

    def begin(self) -> Reply:
        """Starts the process, which makes the analyzer; reports the node."""
        if json.loads(self._options)["analyzer"].startswith(analyzer.PREFIX):
            analyzer.set_worker_command()
        try:
            self._worker = _core.ActorWorker(self._options)
        except Error as error:
            return "error", KINDS.index(type(error)), str(error)
        if self._worker.ended:
            return "ended", self._worker.ended, None
        return "ready", ray.get_runtime_context().get_node_id(), self._worker.warning

    def watch(self) -> None:
        """Never returns: fails as soon as the actor is gone."""
        threading.Event().wait()

    def run(self, task: bytes, content: Any = None) -> bytes | Reply:
        """One frame's result, with its overlay and picture if they are wanted; `missing` if this node does not see the
        file; `ended` if the frame has ended the process.

        Bytes alone pass through Ray as they are."""
        assert self._worker is not None
        kind, name, info, overlay, picture, probe = pickle.loads(task)
        content = name if content is None else content
        frame = open_frame(kind, content)
        if frame is None:
            return "missing", None, None
        frame = _core.with_info(frame, info)
        try:
            if probe:
                found = self._worker.probe(frame)
                return ("ended", self._worker.ended, None) if found is None else found
            done = self._worker.run(frame, overlay, picture)
        except Error as error:
            return "error", KINDS.index(type(error)), str(error)
        if done is None:
            return "ended", self._worker.ended, None
        message, *drawn = done
        return ("done", message, tuple(drawn)) if any(drawn) else message


def open_frame(kind: str, content: Any) -> _core.Frame | None:
    """The frame of a message; None if it names a file that is not the same here."""
    if kind == "path":
        path, wanted = content
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        if fingerprint(descriptor) != wanted:
            os.close(descriptor)
            return None
        return _core.frame_of_file(descriptor, "", 0)
    if kind == "bytes":
        return _core.frame_of_bytes(content, "", 0)
    if kind == "pixels":
        return _core.frame_of_array(content, "", 0)
    return _core.unreadable_frame(content, "", 0)


@dataclass
class Worker:
    """An actor as the driver knows it."""

    actor: Any
    node: str = ""
    tasks: dict[int, _core.RayTask] = field(default_factory=dict)
    """By frame, given and not answered."""
    order: deque[int] = field(default_factory=deque)
    """Frames as given: results go on in this order."""
    results: dict[int, tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    """By frame: the message, the overlay, the picture."""


class Actors:
    """The workers of one run. Its methods are the pool's (src/executor/worker_pool.h).

    Messages of Ray are handled in a thread that the executor owns: Ray's threads, which call back, must not call Ray.
    Results are not reported one by one, which would cost more than sending their frames: the thread fetches them when
    half of the awaited ones are there, or after FETCH_EVERY_S. Workers have queued frames meanwhile.
    """

    def __init__(self, events: _core.RayEvents, options_text: str, leave: Callable[[], None]) -> None:
        """`leave`: what is to be done with Ray in the end."""
        self._events = events
        self._leave = leave
        self._lock = threading.RLock()
        self._news: SimpleQueue[Callable[[], None] | tuple[Any, int, int] | None] = SimpleQueue()
        """What to do; or a reply that is to come, its worker and frame; or None, which is the end."""
        self._thread = threading.Thread(target=self._listen, name="capillaryx-ray", daemon=True)
        self._thread.start()
        self._workers: dict[int, Worker] = {}
        self._unshared: set[tuple[str, str]] = set()
        """Nodes and folders of the driver that they do not see."""
        options = json.loads(options_text) | {"executor": "serial", "ray_address": "", "worker_command": ""}
        # Actors stand in another folder than the driver.
        options["analyzer"] = analyzer.absolute(options["analyzer"])
        if options["model"]:
            options["model"] = str(Path(options["model"]).resolve())
        self._options = json.dumps(options)
        groups = {"watch": 1}
        self._kind = ray.remote(
            num_cpus=1,
            max_restarts=0,
            scheduling_strategy="SPREAD",
            concurrency_groups=groups,
            enable_task_events=False,  # a record of each call, which nobody reads
        )(FrameActor)

    def start(self, worker: int, slot: int) -> None:
        """Asks for an actor; it waits for a core where none is free."""
        actor = self._kind.remote(self._options, [str(Path(folder).resolve()) for folder in sys.path])
        with self._lock:
            self._workers[worker] = Worker(actor)
        watched = actor.watch.options(concurrency_group="watch").remote()
        self._when_done(watched, partial(self._on_watch_ended, worker))
        self._when_done(actor.begin.remote(), partial(self._on_begun, worker))

    def assign(self, worker: int, task: _core.RayTask) -> None:
        """Sends a frame: its name where the node sees the same file, else its bytes or pixels."""
        with self._lock:
            known = self._workers.get(worker)
            if known is None:
                return
            known.tasks[task.frame_id] = task
            known.order.append(task.frame_id)
            self._send(worker, known, task)

    def end(self, worker: int) -> None:
        """Ends an actor, whatever it does."""
        self._lost(worker, "ended")

    def close(self) -> None:
        """Ends all; leaves the cluster, or stops the Ray that was started for this run."""
        with self._lock:
            workers = list(self._workers.values())
            self._workers.clear()
        self._news.put(None)
        self._thread.join()
        for worker in workers:
            kill(worker.actor)
        self._leave()

    def _send(self, worker: int, known: Worker, task: _core.RayTask) -> None:
        path = task.path
        name: object = None
        content: list[Any] = []
        if task.error:
            kind, name = "unreadable", task.error
        elif task.descriptor < 0:
            kind, content = "pixels", [np.ascontiguousarray(task.pixels)]
        elif path and (known.node, os.path.dirname(path)) not in self._unshared:  # noqa: PTH120 - a third of the time
            kind, name = "path", (path, fingerprint(task.descriptor))
        else:
            kind, content = "bytes", [read_whole(task.descriptor)]
        # What is small goes as one argument of bytes: Ray's own way with each argument costs more than all of this.
        small = pickle.dumps((kind, name, task.info, task.wants_overlay, task.wants_picture, task.probe))
        self._news.put((known.actor.run.remote(small, *content), worker, task.frame_id))

    def _when_done(self, reference: Any, handle: Callable[[Future[Any]], None]) -> None:
        reference.future().add_done_callback(lambda future: self._news.put(partial(handle, future)))

    def _listen(self) -> None:
        try:
            self._take_news()
        except Exception as error:
            self._events.error(KINDS.index(ExecutorError), f"Ray: {error}")

    def _take_news(self) -> None:
        awaited: dict[Any, tuple[int, int]] = {}
        while True:
            while not awaited or not self._news.empty():
                news = self._news.get()
                if news is None:
                    return
                if isinstance(news, tuple):
                    awaited[news[0]] = news[1], news[2]
                else:
                    news()
            there, rest = ray.wait(list(awaited), num_returns=(len(awaited) + 1) // 2, timeout=FETCH_EVERY_S)
            # What else has come meanwhile is fetched along.
            there += ray.wait(rest, num_returns=len(rest), timeout=0)[0] if rest else []
            for (worker, frame), said in zip([awaited.pop(each) for each in there], fetch(there), strict=True):
                self._on_reply(worker, frame, said)

    def _on_begun(self, worker: int, future: Future[Reply]) -> None:
        if future.exception() is not None:
            self._lost(worker, reason_of(future.exception()))
            return
        what, first, second = future.result()
        with self._lock:
            known = self._workers.get(worker)
            if known is None:
                return
            if what == "ready":
                known.node = first
        if what == "error":
            self._events.error(first, second)
        elif what == "ended":
            self._lost(worker, first)
        else:
            self._events.ready(worker, second)

    def _on_watch_ended(self, worker: int, future: Future[None]) -> None:
        self._lost(worker, reason_of(future.exception()))

    def _on_reply(self, worker: int, frame: int, said: bytes | Reply | Exception) -> None:
        if isinstance(said, Exception):
            self._lost(worker, reason_of(said))
            return
        reply: Reply = ("done", said, (b"", b"")) if isinstance(said, bytes) else said
        what, first, second = reply
        with self._lock:
            known = self._workers.get(worker)
            if known is None:
                return
            if what == "error":
                self._events.error(first, second)
                return
            if what == "ended":
                self._lost(worker, first)
                return
            if what == "missing":
                task = known.tasks[frame]
                self._unshared.add((known.node, os.path.dirname(task.path)))  # noqa: PTH120
                self._send(worker, known, task)
                return
            known.results[frame] = first, *second
            while known.order and known.order[0] in known.results:
                next_frame = known.order.popleft()
                del known.tasks[next_frame]
                self._events.result(worker, next_frame, *known.results.pop(next_frame))

    def _lost(self, worker: int, reason: str) -> None:
        with self._lock:
            known = self._workers.pop(worker, None)
        if known is None:
            return
        kill(known.actor)
        self._events.ended(worker, reason)


def fetch(references: list[Any]) -> list[Any]:
    """The values of replies that are there; an exception in the place of one that has failed."""
    try:
        return list(ray.get(references))
    except Exception:
        values = []
        for each in references:
            try:
                values.append(ray.get(each))
            except Exception as error:
                values.append(error)
        return values


def kill(actor: Any) -> None:
    """Ends an actor that may be gone already."""
    with contextlib.suppress(Exception):
        ray.kill(actor, no_restart=True)


def reason_of(error: BaseException | None) -> str:
    """How an actor went, in a few words; Ray's own text names processes and addresses."""
    if isinstance(error, RayActorError):
        return "the worker was lost: its actor died"
    lines = str(error).strip().splitlines()
    return f"the worker was lost: {lines[-1] if lines else 'its actor ended'}"


class Cluster:
    """Where the actors of one run will live."""

    def __init__(self, options_text: str) -> None:
        self._options = options_text
        options = json.loads(options_text)
        self._address: str = options["ray_address"]
        self._leave: Callable[[], None] = lambda: None
        if self._address and not ray.is_initialized():
            join(self._address)
            self._leave = ray.shutdown
        cores = int(ray.cluster_resources().get("CPU", 1)) if ray.is_initialized() else os.cpu_count() or 1
        self.workers = max(options["workers"] or cores, 1)

    def open(self, events: _core.RayEvents) -> Actors:
        """The actors, in their own Ray where there is none."""
        if not ray.is_initialized():
            self._leave = LocalRay(self.workers).close
        return Actors(events, self._options, self._leave)


class LocalRay:
    """A Ray on this machine for this process alone. Nothing is left of it, neither processes nor files, after close()
    or when this process ends, whatever ends it."""

    def __init__(self, cores: int) -> None:
        """Starts it. Raises what Ray raises where that does not succeed in START_TIME_S."""
        keep_out_of_home()
        self._folder = RayFolder()
        until = time.monotonic() + START_TIME_S
        while True:
            try:
                ray.init(
                    "local",  # even where Ray remembers a cluster of this machine, perhaps one that is gone
                    num_cpus=cores,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    _temp_dir=self._folder.path,
                    _system_config=dict(LOCAL_SETTINGS),  # Ray writes into it, the folder's name too
                )
                return
            except BaseException as error:
                ray.shutdown()
                if not isinstance(error, Exception) or time.monotonic() > until:
                    self._folder.close()
                    raise
                # What has come up would be in the way of the next one.
                self._folder.end_processes()

    def close(self) -> None:
        """Stops it and waits until all of it is gone."""
        ray.shutdown(wait_for_processes=True)
        self._folder.close()


def keep_out_of_home() -> None:
    """Gives this process's Ray a password, which it would else write into the user's home, for every later Ray to take.

    It stays for as long as the process does: Ray remembers the first one."""
    given = any(os.environ.get(name) for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    if not given and not (Path.home() / ".ray/auth_token").exists():
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)


def join(address: str) -> None:
    """Joins a cluster that runs. Raises ExecutorError where none answers."""
    try:
        host, colon, port = address.removeprefix("ray://").rpartition(":")
        if colon and port.isdigit():
            # Ray itself knocks for a quarter of an hour.
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_TIME_S).close()
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:
        raise ExecutorError(
            f"the Ray cluster at {address} cannot be joined ({error}). Is it running, with the same versions of Ray "
            "and Python? Where it has a token (Ray says so at its start) this program needs it too, and "
            "RAY_AUTH_MODE=token"
        ) from error


def enable() -> None:
    """Brings the ray executor in."""
    _core.set_ray_cluster(Cluster)


class FrameBatch:
    """For Ray Data: results of encoded pictures, a batch at a time.

    ray.data.read_binary_files(folder, include_paths=True).map_batches(capillaryx.ray.FrameBatch, concurrency=2)
    Needs the column `bytes`, takes `path` for the source. Gives source, status, error, count, density (NaN where the
    frame was not analysed) and `result`, the frame's line of results.jsonl.
    """

    def __init__(self, **options: Unpack[OptionKeywords]) -> None:
        """The options of analyze()."""
        options["executor"] = "serial"
        self._analyzer = _core.FrameAnalyzer(options_json(options))

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """A row a picture."""
        pictures = list(batch["bytes"])
        sources = [str(path) for path in batch.get("path", [""] * len(pictures))]
        found = [
            self._analyzer.analyze(_core.frame_of_bytes(bytes(picture), source, 0))
            for picture, source in zip(pictures, sources, strict=True)
        ]
        return {
            "source": np.array(sources),
            "status": np.array([result.status for result in found]),
            "error": np.array([result.error or "" for result in found]),
            "count": np.array([-1 if result.count is None else result.count for result in found]),
            "density": np.array([np.nan if result.density is None else result.density for result in found]),
            "result": np.array([result.to_json() for result in found]),
        }
