# SPDX-License-Identifier: Apache-2.0
"""What is known of a frame and of a run: plain values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from capillaryx import _core
from capillaryx._core import Capillary

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

Status = Literal["ok", "failed", "dropped"]
FileKind = Literal["image", "stack", "video", "live"]


@dataclass(slots=True)
class Timing:
    """What may differ between two runs of the same work. Milliseconds."""

    total_ms: float = 0.0
    stages_ms: dict[str, float] = field(default_factory=dict)
    latency_ms: float | None = None
    worker: int = 0
    attempt: int = 1


@dataclass(slots=True, frozen=True)
class InputInfo:
    """Facts about one input file that holds several frames; each of its frames uses them."""

    file: str
    sha256: str | None = None
    """Of the whole file, hex; None if it was not hashed."""
    kind: FileKind = "image"
    pages: int | None = None
    """Frames in the file; None if unknown beforehand."""
    fps: float | None = None
    width: int | None = None
    """px"""
    height: int | None = None
    """px"""
    value_range: tuple[float, float] | None = None
    """Values that become 0 and 255; None for 8-bit files."""
    scale_um_per_px: float | None = None
    scale_from: str | None = None
    """`option`, or what of the file says so; None without a scale."""
    magnification: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class FrameQuality:
    """Whether a frame can be used as data, and the numbers that say so."""

    usable: bool = True
    reasons: tuple[str, ...] = ()
    measures: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class FrameResult:
    """What is known of one frame.

    An Analyzer fills in `capillaries`, `density` and `valid_px` (microcirculation) or `values` (any other algorithm),
    or both; the worker fills in the rest. Two results are equal when they are equal without `timing` and pictures.
    """

    index: int = 0
    """Place in the run's order, from 0."""
    source: str = ""
    """For display: the shortest unambiguous path, `clip.avi#12` of a page of a file."""
    file: str = ""
    """Path relative to the folder given, or the file as given."""
    page: int | None = None
    """Place in the file, from 0; None for a file that is one picture."""
    input: InputInfo | None = None
    """What is known of the file; None for a file that is one picture."""
    time_s: float | None = None
    """Time in the file, seconds."""
    sha256: str | None = None
    """Of the encoded file, hex; None for frames that came as pixels."""
    status: Status = "ok"
    error: str | None = None
    """Why it failed or was dropped."""
    width: int = 0
    """px"""
    height: int = 0
    """px"""
    capillaries: tuple[Capillary, ...] = ()
    candidates: tuple[tuple[int, int, int, int, float], ...] = ()
    """Regions that were refused for their score: x, y, width, height (px), score."""
    density: float | None = None
    """Area form: pixels inside capillaries / valid pixels, a fraction. None where the frame was not analysed."""
    valid_px: int | None = None
    """Pixels of the frame that are not masked out."""
    scale_um_per_px: float | None = None
    """Micrometres per pixel, as given or from the file; there is no default."""
    scale_from: str | None = None
    """`option`, or what of the file gave it; None without a scale."""
    value_range: tuple[float, float] | None = None
    """Values that became 0 and 255; None for 8-bit files."""
    magnification: float | None = None
    notes: tuple[str, ...] = ()
    """What a reader of this result must know, in words."""
    quality: FrameQuality | None = None
    """None if it was not measured."""
    clip: str | None = None
    """The file whose clip the frame is part of; None for a still."""
    landmarks: tuple[int, ...] = ()
    """x, y, width of what registration needs, ...; px."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Results of any other algorithm, finite."""
    stage_pictures: Mapping[str, npt.NDArray[np.uint8]] = field(default_factory=dict)
    """Pictures made on the way, (height, width) or (height, width, 3); only where `stages` was asked for."""
    timing: Timing = field(default_factory=Timing)

    @property
    def ok(self) -> bool:
        """Whether the frame was analysed."""
        return self.status == "ok"

    @property
    def count(self) -> int | None:
        """Number of capillaries; None where the frame was not analysed."""
        return len(self.capillaries) if self.ok else None

    @property
    def count_per_mm2(self) -> float | None:
        """Count form of capillary density, n/mm2; None where no scale was given."""
        return _core.count_per_mm2(self)

    def to_json(self) -> str:
        """The frame's line of results.jsonl."""
        return _core.frame_line(self)

    @staticmethod
    def from_json(line: str) -> FrameResult:
        """The result of such a line. Raises InputError where it is none."""
        return _core.parse_frame_line(line)

    def to_coco(self) -> list[dict[str, Any]]:
        """The capillaries as COCO results (category 1), each with its `file_name`; image_id is index + 1."""
        return [
            {
                "image_id": self.index + 1,
                "file_name": self.source,
                "category_id": 1,
                "bbox": list(capillary.bbox),
                "segmentation": [np.asarray(capillary.polygon).ravel().tolist()],
                "area": capillary.area_px,
                "score": capillary.score,
            }
            for capillary in self.capillaries
        ]

    def to_pandas(self) -> pandas.DataFrame:
        """One row per capillary: x, y, width, height (px), area_px, score. Needs pandas."""
        import pandas as pd

        rows = [(*capillary.bbox, capillary.area_px, capillary.score) for capillary in self.capillaries]
        return pd.DataFrame(rows, columns=["x", "y", "width", "height", "area_px", "score"])

    def plot(self, image: npt.ArrayLike | None = None, ax: Axes | None = None) -> Axes:
        """Draws boxes and outlines, on `image` where it is given (height x width (x 3)). Needs matplotlib."""
        from capillaryx.views import plot

        return plot(self, image, ax)

    def _repr_html_(self) -> str:
        from capillaryx.views import html

        return html(self)

    def __repr__(self) -> str:
        """One line; the capillaries are only counted."""
        what = f"{self.count} capillaries, density {self.density:.4f}" if self.density is not None else self.error
        return f"<FrameResult {self.index} {self.source!r}: {self.status}, {what}>"

    def __eq__(self, other: object) -> bool:
        """Equal in everything but `timing` and stage pictures."""
        if not isinstance(other, FrameResult):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in COMPARED)

    __hash__ = None  # type: ignore[assignment]


COMPARED = tuple(name for name in FrameResult.__dataclass_fields__ if name not in ("timing", "stage_pictures"))


@dataclass(slots=True, frozen=True)
class MeanOverFrames:
    """A mean over frames with its 95 % interval (bootstrap), which one frame alone does not have."""

    mean: float
    low: float | None
    high: float | None


@dataclass(slots=True, frozen=True)
class Latency:
    """Capture to result of a live run's frames, dropped ones too; milliseconds."""

    p50_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(slots=True, frozen=True)
class FailedFrame:
    """A frame that could not be analysed, and why."""

    index: int
    source: str
    error: str


@dataclass(slots=True, frozen=True)
class RunSummary:
    """What a run came to. Frames that an earlier run had written (resume) count like the others."""

    frames: int
    ok: int
    failed: int
    dropped: int
    resumed: int
    skipped_inputs: int
    capillaries: int
    density: MeanOverFrames | None
    """Area form, a fraction; None where no frame is ok."""
    latency: Latency | None
    """None where nothing is live."""
    failures: tuple[FailedFrame, ...]
    """The first hundred of them."""
    stopped: bool
    already_finished: bool
    wall_s: float
    warning: str = ""
    """What the user should know, e.g. that workers could not be sandboxed here; empty otherwise."""


@dataclass(slots=True, frozen=True)
class Progress:
    """Where a run stands."""

    frame_count: int | None
    """How many frames there will be, where that is known beforehand."""
    frames_done: int
    frames_failed: int
    frames_in_flight: int
    workers_ready: int
    worker_deaths: int
    retries: int
    warning: str
    wall_s: float


def to_pandas(results: Iterable[FrameResult]) -> pandas.DataFrame:
    """One row per frame: index, source, status, error, width, height, count, density, count_per_mm2, and `values`."""
    import pandas as pd

    rows = [
        {
            "index": result.index,
            "source": result.source,
            "status": result.status,
            "error": result.error,
            "width": result.width,
            "height": result.height,
            "count": result.count,
            "density": result.density,
            "count_per_mm2": result.count_per_mm2,
            **result.values,
        }
        for result in results
    ]
    return pd.DataFrame(rows)


def to_coco(results: Iterable[FrameResult]) -> list[dict[str, Any]]:
    """The capillaries of all frames as COCO results."""
    return [row for result in results for row in result.to_coco()]


def read_results(folder: str | Path) -> Iterator[FrameResult]:
    """The frames of an output folder (its results.jsonl), in order. Raises InputError on a damaged one."""
    file = Path(folder)
    if file.is_dir():
        file = file / "results.jsonl"
    results: list[FrameResult] = []
    _core.read_journal(str(file), results.append)
    return iter(results)


def read_frame(folder: str | Path, index: int) -> FrameResult:
    """One frame of an output folder, read by its results.index. Raises InputError if there is none."""
    return _core.read_frame(str(folder), index)


def comparable(line: str) -> str:
    """A line of results.jsonl without what may differ between two runs of the same work."""
    row = json.loads(line)
    row.pop("timing", None)
    row.pop("host", None)
    return json.dumps(row)
