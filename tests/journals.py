# SPDX-License-Identifier: Apache-2.0
"""Writes results.jsonl files by hand, so that statistics can be tested without an image."""

import json
from pathlib import Path
from typing import Any

AREA_PX = 100
SIDE = 200


def frame(index: int, file: str, count: int, **more: Any) -> dict[str, Any]:
    """A frame line with `count` square capillaries of AREA_PX pixels."""
    corners = ((11 * (i % 18), 11 * (i // 18)) for i in range(count))
    capillaries = [
        {
            "bbox": [x, y, 10, 10],
            "polygon": [x, y, x + 10, y, x + 10, y + 10, x, y + 10],
            "area_px": AREA_PX,
            "score": 0.9,
        }
        for x, y in corners
    ]
    line = {
        "type": "frame",
        "index": index,
        "source": file,
        "file": file,
        "page": None,
        "time_s": None,
        "sha256": f"{index:064x}",
        "status": "ok",
        "error": None,
        "width": SIDE,
        "height": SIDE,
        "capillaries": capillaries,
        "count": count,
        "density": count * AREA_PX / SIDE**2,
        "valid_px": SIDE**2,
        "scale_um_per_px": None,
        "values": {},
        "timing": {"total_ms": 1, "stages_ms": {}, "latency_ms": None, "worker": 0, "attempt": 1},
    }
    return line | more


def write(folder: Path, frames: list[dict[str, Any]], template: list[dict[str, Any]]) -> None:
    """A journal of these frames; members that `frames` do not have, the run and the summary come from `template`."""
    like = next(line for line in template if line["type"] == "frame")
    like |= {name: [] for name in ("candidates", "landmarks") if name in like}
    folder.mkdir(parents=True, exist_ok=True)
    lines = [template[0], *({**like, **line} for line in frames), template[-1]]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    (folder / "results.jsonl").write_text(text, encoding="utf-8")
