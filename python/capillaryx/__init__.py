# SPDX-License-Identifier: Apache-2.0
"""Capillary density of microcirculation frames, on every core. Research use only, not for diagnosis.

import capillaryx

for frame in capillaryx.analyze("frames/"):
    print(frame.source, frame.density)
"""

from capillaryx import _core
from capillaryx._core import Capillary, Frame
from capillaryx.analysis import Run, analyze, analyze_frame, analyze_to
from capillaryx.analyzer import Analyzer
from capillaryx.errors import Error, ExecutorError, InputError, InternalError, ModelError, OutputError, UsageError
from capillaryx.options import DEFAULTS, OptionKeywords
from capillaryx.results import (
    FailedFrame,
    FrameQuality,
    FrameResult,
    InputInfo,
    Latency,
    MeanOverFrames,
    Progress,
    RunSummary,
    Timing,
    read_frame,
    read_results,
    to_coco,
    to_pandas,
)
from capillaryx.session import Session

__version__: str = _core.build_info()[0]
__all__ = [
    "DEFAULTS",
    "Analyzer",
    "Capillary",
    "Error",
    "ExecutorError",
    "FailedFrame",
    "Frame",
    "FrameQuality",
    "FrameResult",
    "InputError",
    "InputInfo",
    "InternalError",
    "Latency",
    "MeanOverFrames",
    "ModelError",
    "OptionKeywords",
    "OutputError",
    "Progress",
    "Run",
    "RunSummary",
    "Session",
    "Timing",
    "UsageError",
    "analyze",
    "analyze_frame",
    "analyze_to",
    "read_frame",
    "read_results",
    "to_coco",
    "to_pandas",
]
