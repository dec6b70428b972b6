# SPDX-License-Identifier: Apache-2.0
# Made by scripts/python_api.py from include/capillaryx/options.h.
"""Every setting of a run, as keywords."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from capillaryx import _core

if TYPE_CHECKING:
    from capillaryx.analyzer import Analyzer


class OptionKeywords(TypedDict, total=False):
    """Keywords of analyze(), analyze_to() and analyze_frame(): the flags of the command line in snake_case."""

    frames: int
    """stop after N frames (0: all)."""
    repeat: int
    """go through the inputs N times."""
    every: int
    """of a video, analyse every N-th frame."""
    scale_um_per_px: float | None
    """micrometres a pixel; no default, lengths stay in px without."""
    magnification: float
    """size of the vessels beside those that the analysis is made for (0: found for each frame)."""
    max_pixels: int
    """refuse larger pictures (default 100 million)."""
    roi: str
    """measure only this part of each frame: X,Y,WIDTH,HEIGHT, px."""
    clips: str
    """a folder given as input: the pictures of each folder in it are one clip."""
    keep_unusable: bool
    """frames that are not usable enter means and clips too."""
    executor: Literal["driver", "router", "serial", "ray"]
    """driver, router, serial or ray."""
    workers: int
    """workers (0: one a core)."""
    worker_kind: Literal["process", "thread"]
    """process or thread."""
    worker_command: str
    """what starts a worker process: words, or a JSON array of them (default: the capillaryx program)."""
    model: str | os.PathLike[str]
    """your own network (default: the one shipped)."""
    inference_precision: Literal["f32", "bf16"]
    """inference precision: f32, or bf16 (faster; needs a processor with AVX-512 BF16 or AMX)."""
    analyzer: str | type[Analyzer]
    """the algorithm: a name, lib:FILE or python:PACKAGE.CLASS."""
    ray_address: str
    """address of a Ray cluster."""
    timeout_s: float
    """seconds that one frame may take."""
    max_attempts: int
    """times that a frame is tried when workers die."""
    memory_limit_mb: int
    """memory of one worker, MB (0: no limit)."""
    when_behind: Literal["wait", "drop_oldest", "drop_newest"]
    """live: wait, drop_oldest or drop_newest."""
    max_wait_ms: float
    """live: ms that a frame may wait for a worker before one is dropped, as when_behind says."""
    pace_fps: float
    """play the inputs at FPS frames per second, as a camera would (0: as fast as possible)."""
    sandbox: bool
    """lock workers down."""
    resume: bool
    """resume the interrupted run of an output folder."""
    force: bool
    """replace the results in an output folder."""
    stages: bool
    """write the pictures of every stage (paper, Fig. 2)."""
    overlays: bool
    """draw the overlays."""
    overlay_format: Literal["jpg", "png"]
    """jpg or png (png costs 50-100 ms per frame)."""
    pictures: Literal["none", "needed", "all"]
    """plain JPEGs of: none; needed (frames that a browser cannot show from the input file); all."""
    status_file: str | os.PathLike[str]
    """rewrite FILE (JSON) once a second with where the run stands."""
    csv_separator: str
    """what separates the cells of results.csv: , ; or tab."""
    levels: str
    """columns of the study that means are made over, from the outermost (the independent unit) inwards."""
    compare: str
    """columns of the study whose labels are compared."""
    window_px: int
    """side of a background window, px."""
    mixture_components: int
    """Gaussians of the background mixture."""
    surround_sigma_px: float
    """sigma of the blur of what is added to the mixture's background, px."""
    ssim_sigma_px: float
    """sigma of the SSIM window, px."""
    region_darkness: float
    """a region's pixels are this much darker than the background, spreads of the frame."""
    min_darkness: float
    """a region's darkest place is at least this dark, spreads."""
    min_structure: float
    """SSIM's variance somewhere in a region, times the frame's median."""
    split_ratio: float
    """regions that meet below this part of the fainter one's peak are two; small ones below a third of it."""
    foot_ratio: float
    """a region ends at this part of its peak."""
    min_area_px: float
    """smallest region, px."""
    max_area_px: float
    """largest region, px."""
    max_length_px: float
    """longest side of a region's box, px."""
    max_rois: int
    """most regions of a frame that go to the network."""
    prior_regions: float
    """regions of the usual share of capillaries that a frame's own share is weighed against; many: each region stands alone."""
    min_score: float
    """smallest probability that counts as a capillary."""
    min_depth: float
    """smallest optical density of a capillary's darkest place over what is around it."""


DEFAULTS: dict[str, Any] = {field["name"]: field["default"] for field in _core.option_fields()}
