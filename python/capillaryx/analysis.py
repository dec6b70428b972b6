# SPDX-License-Identifier: Apache-2.0
"""Frames in, results out."""

from __future__ import annotations

import json
import os
import weakref
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias, Unpack

import numpy.typing as npt

from capillaryx import _core, results
from capillaryx.analyzer import PREFIX, Analyzer, add_local, name_of, set_worker_command
from capillaryx.errors import UsageError
from capillaryx.options import OptionKeywords
from capillaryx.results import FrameResult, Progress, RunSummary

if TYPE_CHECKING:
    import pandas

Inputs: TypeAlias = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def enable_ray() -> None:
    """Brings the ray executor in. Raises UsageError where Ray is not installed."""
    try:
        from capillaryx.ray import enable
    except ModuleNotFoundError as error:
        raise UsageError(f"executor='ray' needs Ray: pip install 'capillaryx[ray]' ({error})") from None
    enable()


def options_json(options: OptionKeywords) -> str:
    """The options as the C++ side takes them. Raises UsageError (a ValueError) on a wrong one."""
    given: dict[str, Any] = dict(options)
    kind = given.get("analyzer")
    in_this_process = given.get("executor") == "serial" or given.get("worker_kind") == "thread"
    if isinstance(kind, type) and issubclass(kind, Analyzer):
        given["analyzer"] = add_local(kind) if in_this_process else name_of(kind)
    if str(given.get("analyzer", "")).startswith(PREFIX):
        set_worker_command()
    if given.get("executor") == "ray":
        enable_ray()
    for name, value in given.items():
        if isinstance(value, os.PathLike):
            given[name] = os.fspath(value)
        elif hasattr(value, "item"):  # a NumPy number
            given[name] = value.item()
    try:
        text = json.dumps(given)
    except TypeError as error:
        raise UsageError(f"an option has a value of a wrong type: {error}") from None
    return _core.check_options(text)


def input_list(inputs: Inputs) -> list[str]:
    """Names of inputs as texts."""
    if isinstance(inputs, str | os.PathLike):
        inputs = [inputs]
    return [os.fspath(name) for name in inputs]


class Run(Iterator[FrameResult]):
    """Results in frame order, as they come. Also a context manager: leaving it stops what still runs."""

    def __init__(self, inputs: Inputs, **options: Unpack[OptionKeywords]) -> None:
        """See analyze()."""
        self._run = _core.PipelineRun(options_json(options), input_list(inputs))
        # Threads of the run must be gone before the interpreter is.
        self._close = weakref.finalize(self, self._run.close)

    def __iter__(self) -> Self:
        """Itself."""
        return self

    def __next__(self) -> FrameResult:
        """The next frame's result; waits for it without holding the GIL."""
        return self._run.next()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the run."""
        self.close()

    def close(self) -> None:
        """Stops the run and waits for the frames in flight, whose results are dropped."""
        self._close()

    @property
    def summary(self) -> RunSummary | None:
        """What the run came to; None until it has ended."""
        return self._run.summary()

    def to_pandas(self) -> pandas.DataFrame:
        """The results that are still to come, one row per frame. Needs pandas."""
        return results.to_pandas(self)

    def to_coco(self) -> list[dict[str, Any]]:
        """The capillaries of the results that are still to come, as COCO results."""
        return results.to_coco(self)


def analyze(inputs: Inputs, **options: Unpack[OptionKeywords]) -> Run:
    """Analyses pictures, folders, videos, a camera (`camera:0`) or synthetic frames (`phantom:20`), on every core.

    Gives a FrameResult a frame, in order, as they come; writes nothing. `options` are those of the command line, in
    snake_case: workers=2, scale_um_per_px=1.1, analyzer=MyAnalyzer. Raises Error where the run cannot go on.
    """
    return Run(inputs, **options)


def analyze_to(
    inputs: Inputs,
    output: str | os.PathLike[str],
    on_progress: Callable[[Progress], object] | None = None,
    **options: Unpack[OptionKeywords],
) -> RunSummary:
    """As analyze(), into the folder `output`: the same files as `capillaryx analyze -o`.

    `on_progress` is called a few times a second, in this thread. Ctrl-C, or what `on_progress` raises, stops the run;
    what was done is kept, and resume=True goes on with it.
    """
    return _core.PipelineRun(options_json(options), input_list(inputs), os.fspath(output)).wait(on_progress)


@lru_cache(maxsize=4)
def frame_analyzer(items: tuple[tuple[str, Any], ...]) -> _core.FrameAnalyzer:
    """The analyzer of these options, kept: making one takes longer than using it."""
    return _core.FrameAnalyzer(options_json(dict(items)))  # type: ignore[arg-type]  # the caller's keywords


def analyze_frame(image: npt.ArrayLike, *, source: str = "array", **options: Unpack[OptionKeywords]) -> FrameResult:
    """Analyses one picture in this process: uint8 or uint16, (height, width) or (height, width, 3) in red, green, blue.

    Nothing is copied where pixels are packed and rows go forward (a part of a larger picture is such); uint16 is scaled
    from its full range to 8 bits. Raises ValueError on any other array. The array must not be changed meanwhile.
    Threads: any; calls with equal options take turns.
    """
    items = tuple(sorted({"worker_kind": "thread", **options}.items()))
    return frame_analyzer(items).analyze(_core.frame_of_array(image, source, 0))
