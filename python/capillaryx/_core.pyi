# SPDX-License-Identifier: Apache-2.0
# Made by scripts/python_api.py.
"""What capillaryx (Python) has of libcapillaryx. Not for direct use."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
import numpy.typing

import capillaryx.results

def option_fields() -> list[dict[str, Any]]: ...
def check_options(options_json: str) -> str:
    """
    The whole options of the given ones, as JSON; raises where one is wrong.
    """

class Frame:
    """One picture of a run, as an Analyzer gets it. Immutable."""

    @property
    def index(self) -> int:
        """Place in the run's order, from 0."""

    @property
    def source(self) -> str:
        """
        For display: the shortest unambiguous path, `clip.avi#12` of a page of a file.
        """

    @property
    def file(self) -> str:
        """Path relative to the folder given, or the file as given."""

    @property
    def page(self) -> int | None:
        """Place in the file, from 0; None for a file that is one picture."""

    @property
    def input(self) -> capillaryx.results.InputInfo | None:
        """What is known of the file; None for a file that is one picture."""

    @property
    def time_s(self) -> float | None:
        """Place in the video, seconds; None for stills."""

    @property
    def width(self) -> int:
        """px"""

    @property
    def height(self) -> int:
        """px"""

    @property
    def pixels(self) -> numpy.typing.NDArray[numpy.uint8]:
        """
        Read-only uint8 array, (height, width) or (height, width, 3) in the order red, green, blue. It lies over the frame's own memory (no copy) and keeps it alive.
        """

def frame_of_array(array: numpy.typing.ArrayLike, source: str, index: int) -> Frame:
    """
    A frame over the memory of an array that is a picture; another is copied. Raises ValueError where it is none.
    """

def frame_of_bytes(bytes: bytes, source: str, index: int) -> Frame:
    """A frame of an encoded picture."""

def frame_of_file(descriptor: int, source: str, index: int) -> Frame:
    """A frame of an open file, which it takes over."""

def with_info(frame: Frame, info: bytes) -> Frame:
    """The frame under the name that RayTask.info gives."""

def unreadable_frame(reason: str, source: str, index: int) -> Frame: ...

class Capillary:
    """
    One accepted capillary. Immutable. Coordinates are those of pixel corners: the pixel (3, 5) has the box (3, 5, 1, 1).
    """

    def __init__(self, bbox: Sequence[int], polygon: numpy.typing.ArrayLike, area_px: int, score: float) -> None: ...
    @property
    def bbox(self) -> tuple[int, int, int, int]:
        """(min x, min y, width, height), px."""

    @property
    def polygon(self) -> numpy.typing.NDArray[numpy.float32]:
        """
        Outline, shape (points, 2): x and y, px; closed; inside its box. A read-only array over the capillary's own memory.
        """

    @property
    def area_px(self) -> int:
        """Pixels inside the outline."""

    @property
    def score(self) -> float:
        """Probability that it is a capillary, 0 to 1."""

    def __eq__(self, other: object, /) -> bool:
        """Equal in every figure."""

    def __repr__(self) -> str: ...
    def __hash__(self) -> int: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def frame_line(result: object) -> str:
    """The line of results.jsonl."""

def parse_frame_line(line: str) -> capillaryx.results.FrameResult: ...
def read_journal(file: str, on_frame: object) -> None: ...
def read_frame(folder: str, index: int) -> capillaryx.results.FrameResult: ...
def count_per_mm2(result: object) -> float | None: ...
def set_python_analyzers(make: object) -> None: ...
def set_python_worker_command(words: Sequence[str]) -> None: ...
def analyzer_names() -> list[str]: ...
def run_worker() -> int:
    """
    The life of a worker process; its exit code, or -1 where no driver started it.
    """

def run_command(words: Sequence[str]) -> int:
    """The command line in this process; its exit code."""

class FrameAnalyzer:
    def __init__(self, options_json: str) -> None: ...
    def analyze(self, frame: Frame) -> capillaryx.results.FrameResult: ...

def set_ray_cluster(make: object) -> None: ...

class RayTask:
    @property
    def frame_id(self) -> int: ...
    @property
    def info(self) -> bytes: ...
    @property
    def probe(self) -> bool: ...
    @property
    def wants_overlay(self) -> bool: ...
    @property
    def wants_picture(self) -> bool: ...
    @property
    def path(self) -> str: ...
    @property
    def descriptor(self) -> int: ...
    @property
    def error(self) -> str: ...
    @property
    def pixels(self) -> numpy.typing.NDArray[numpy.uint8] | None: ...

class RayEvents:
    def ready(self, worker: int, warning: str) -> None: ...
    def ended(self, worker: int, reason: str) -> None: ...
    def result(self, worker: int, frame: int, message: bytes, overlay: bytes, picture: bytes) -> None: ...
    def error(self, kind: int, message: str) -> None: ...

class ActorWorker:
    def __init__(self, options_json: str) -> None: ...
    def run(self, frame: Frame, overlay: bool, picture: bool) -> tuple[bytes, bytes, bytes] | None: ...
    def probe(self, frame: Frame) -> bytes | None: ...
    @property
    def ended(self) -> str: ...
    @property
    def warning(self) -> str: ...

class PipelineRun:
    def __init__(self, options_json: str, inputs: Sequence[str], output: str | None = None) -> None: ...
    def next(self) -> capillaryx.results.FrameResult: ...
    def wait(
        self, on_progress: Callable[[capillaryx.results.Progress], object] | None = None
    ) -> capillaryx.results.RunSummary: ...
    def summary(self) -> capillaryx.results.RunSummary | None: ...
    def close(self) -> None: ...

def build_info() -> tuple[str, str, str, str, str]: ...

class Session:
    def __init__(self, options_json: str, capacity: int) -> None: ...
    def submit(self, frame: Frame) -> int: ...
    def try_submit(self, frame: Frame, timeout_s: float) -> int | None: ...
    def take(self) -> capillaryx.results.FrameResult | None: ...
    def try_take(self) -> capillaryx.results.FrameResult | None: ...
    def wait(self, timeout_s: float | None) -> bool: ...
    def finish(self) -> None: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...
    def status(self) -> capillaryx.results.Progress: ...
    @property
    def capacity(self) -> int: ...
