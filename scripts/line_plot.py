# SPDX-License-Identifier: Apache-2.0
"""Small line plots as SVG, without a library."""

import html
import pathlib
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 26, 40
COLOURS = ("#1b6ca8", "#c1440e", "#4b8b3b", "#7a4b9a")


@dataclass(frozen=True)
class Line:
    """Points of one quantity, with the low and high end of its interval where there is one."""

    name: str
    points: list[tuple[float, float]]
    spread: list[tuple[float, float]] | None = None


@dataclass(frozen=True)
class Plot:
    title: str
    across: str  # what x is
    lines: list[Line]
    top: float = 1.0  # y runs from 0 to this
    diagonal: bool = False


def _draw(plot: Plot, left: int, top: int) -> list[str]:
    xs = [x for line in plot.lines for x, _ in line.points]
    low, high = min(xs), max(xs)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - low) / (high - low) if high > low else 0.5
        return left + LEFT + wide * across, top + TOP + tall * (1 - min(max(y / plot.top, 0), 1))

    out = [f'<text x="{left + LEFT}" y="{top + 16}" font-weight="bold">{html.escape(plot.title)}</text>']
    for i in range(5):
        value = plot.top * i / 4
        x, y = place(low, value)
        out.append(f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x + wide:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{x - 4:.1f}" y="{y + 4:.1f}" text-anchor="end">{value:.2g}</text>')
    for value in sorted(set(xs)) if len(set(xs)) <= 6 else [low, (low + high) / 2, high]:
        x, y = place(value, 0)
        out.append(f'<text x="{x:.1f}" y="{y + 14:.1f}" text-anchor="middle">{value:.3g}</text>')
    middle = left + LEFT + wide / 2
    out.append(f'<text x="{middle}" y="{top + HEIGHT - 8}" text-anchor="middle">{html.escape(plot.across)}</text>')
    if plot.diagonal:
        (x0, y0), (x1, y1) = place(0, 0), place(1, 1)
        out.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="#999" stroke-dasharray="3"/>'
        )
    for number, line in enumerate(plot.lines):
        colour = COLOURS[number % len(COLOURS)]
        places = [place(x, y) for x, y in line.points]
        for (x, _), ends in zip(line.points, line.spread or [], strict=False):
            (px, py), (_, qy) = place(x, ends[0]), place(x, ends[1])
            out.append(f'<line x1="{px:.1f}" y1="{py:.1f}" x2="{px:.1f}" y2="{qy:.1f}" stroke="{colour}"/>')
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        out.append(f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in places]
        out.append(
            f'<text x="{left + WIDTH - RIGHT - 4}" y="{top + TOP + 12 + 13 * number}" text-anchor="end" '
            f'fill="{colour}">{html.escape(line.name)}</text>'
        )
    return out


def write(file: pathlib.Path, plots: list[Plot], columns: int = 3) -> None:
    """Writes the plots side by side, in rows of `columns`."""
    rows = (len(plots) + columns - 1) // columns
    wide, tall = WIDTH * min(columns, len(plots)), HEIGHT * rows
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{tall}" '
        'font-family="sans-serif" font-size="10"><rect width="100%" height="100%" fill="white"/>'
    ]
    for number, plot in enumerate(plots):
        body += _draw(plot, WIDTH * (number % columns), HEIGHT * (number // columns))
    file.write_text("\n".join([*body, "</svg>"]) + "\n", encoding="utf-8")
