# SPDX-License-Identifier: Apache-2.0
"""Pictures of results, for notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

    from capillaryx.results import FrameResult

NOTICE = "Research use only, not for diagnosis"
PICTURE_WIDTH_PX = 640


def plot(result: FrameResult, image: npt.ArrayLike | None, ax: Axes | None) -> Axes:
    """Green boxes and black outlines, as in the paper's Fig. 2 f."""
    import matplotlib.pyplot as plt
    from matplotlib.patches import Polygon, Rectangle

    if ax is None:
        _, ax = plt.subplots()
    if image is not None:
        ax.imshow(np.asarray(image), cmap="gray", extent=(0, result.width, result.height, 0))
    for capillary in result.capillaries:
        x, y, width, height = capillary.bbox
        ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor="lime"))
        ax.add_patch(Polygon(np.asarray(capillary.polygon), fill=False, edgecolor="black", linewidth=0.8))
    ax.set_xlim(0, max(result.width, 1))
    ax.set_ylim(max(result.height, 1), 0)
    ax.set_aspect("equal")
    ax.set_title(title(result))
    ax.set_xlabel("px")
    ax.set_ylabel("px")
    return ax


def title(result: FrameResult) -> str:
    """One line on a frame."""
    if result.density is None:
        return f"{result.source}: {result.status}, {result.error}"
    scaled = f", {result.count_per_mm2:.3g} a mm²" if result.count_per_mm2 is not None else ""
    return f"{result.source}: {result.count} capillaries, density {100 * result.density:.3g} %{scaled}"


def html(result: FrameResult) -> str:
    """A heading and an SVG of boxes and outlines; nothing in it is loaded from elsewhere."""
    shapes = []
    for capillary in result.capillaries:
        x, y, width, height = capillary.bbox
        points = " ".join(f"{px:g},{py:g}" for px, py in np.asarray(capillary.polygon).reshape(-1, 2))
        shapes.append(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="green"/>')
        shapes.append(f'<polygon points="{points}" fill="#c66" stroke="black"/>')
    values = "".join(f"<li>{escape(name)}: {value:g}</li>" for name, value in result.values.items())
    values = f"<ul>{values}</ul>" if values else ""
    height_px = PICTURE_WIDTH_PX * result.height // max(result.width, 1)
    picture = (
        f'<svg width="{PICTURE_WIDTH_PX}" height="{height_px}" viewBox="0 0 {result.width} {result.height}" '
        f'stroke-width="{result.width / PICTURE_WIDTH_PX:g}" style="border:1px solid #999">{"".join(shapes)}</svg>'
    )
    return f"<p><b>{escape(title(result))}</b></p>{values}{picture if shapes else ''}<p>{NOTICE}.</p>"
