# SPDX-License-Identifier: Apache-2.0
"""A small review server for the page's own tests: the contract of web/README.md over made-up frames, in memory."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

WEB = Path(__file__).parent.parent / "web"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
FILES = {
    "/": (WEB / "review.html", "text/html; charset=utf-8"),
    "/review.js": (WEB / "dist/review.js", "text/javascript; charset=utf-8"),
    "/review.css": (WEB / "dist/review.css", "text/css; charset=utf-8"),
}
WIDTH, HEIGHT = 1600, 900


def hairpin(x: float, y: float) -> list[float]:
    """The outline of a capillary 24 px wide and 40 px high; its two limbs stand on the left and on the right."""
    out = [x, y, x + 24, y, x + 24, y + 40, x + 16, y + 40, x + 16, y + 10, x + 8, y + 10, x + 8, y + 40, x, y + 40]
    return [float(v) for v in out]


def place(k: int) -> tuple[int, int]:
    return 30 + (k % 25) * 62, 20 + (k // 25) * 66


def picture(shapes: list[list[float]]) -> bytes:
    paths = "".join(f'<path d="M{" ".join(map(str, p))}Z"/>' for p in shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#d99f86"/><g fill="#8e3430">{paths}</g></svg>'
    ).encode()


class StandIn:
    """What the server holds. `down`: it answers 503, as one that is ending."""

    def __init__(self, frames: int, capillaries: int, candidates: int = 6, *, blind: bool = False) -> None:
        self.records: list[dict[str, Any]] = []
        self.down = False
        self.blind = blind
        self.clip: dict[str, Any] = {}
        self.shapes = [hairpin(*place(k)) for k in range(capillaries)]
        spots = [place(capillaries + k) for k in range(candidates)]
        self.boxes = [[x, y, 24, 40, 0.4] for x, y in spots]
        self.picture = picture([*self.shapes, *(hairpin(x, y) for x, y in spots)])
        self.items: list[dict[str, Any]] = [
            {
                "id": k, "kind": "frame", "file_sha256": f"{k:064x}", "page": None,
                "name": None if blind else f"visit 1/frame {k:05d}.png", "status": "ok", "usable": True, "reason": "",
                "count": None if blind else capillaries, "density": None if blind else 0.05,
                "uncertainty": None if blind else (k * 7919 % 1000) / 1000,
                "width": WIDTH, "height": HEIGHT, "scale": 1.5, "frames": 1,
            }
            for k in range(frames)
        ]  # fmt: skip

    def begin_with_a_clip(self, poses: list[list[float] | None]) -> None:
        """The first item is a clip, whose frames lie at these poses: dx, dy, degrees."""
        self.items[0].update(kind="clip", name="visit 1/clip.avi", frames=len(poses), uncertainty=1.0)
        frames = [{"page": k, "pose": pose, "usable": True} for k, pose in enumerate(poses)]
        self.clip = {"extent": [-50, -20, WIDTH + 100, HEIGHT + 60], "reference": 0, "frames": frames}

    def detail(self, reveal: bool) -> dict[str, Any]:
        hidden = self.blind and not reveal
        shapes = [] if hidden else [[k + 1, 0.95, 720, points] for k, points in enumerate(self.shapes)]
        return {
            "valid_px": WIDTH * HEIGHT,
            "shapes": shapes,
            "candidates": [] if hidden else self.boxes,
            "next_id": len(self.shapes) + 1,
        }

    def append(self, records: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        for record in records:
            if record["seq"] <= len(self.records):
                if self.records[record["seq"] - 1] != record:
                    return 409, {"error": "another record has this number"}
            elif record["seq"] == len(self.records) + 1:
                self.records.append(record)
            else:
                return 409, {"error": "a record is missing"}
        return 200, {"seq": len(self.records)}

    def get(self, path: str) -> tuple[int, Any]:
        url = urlparse(path)
        query = parse_qs(url.query)
        if url.path == "/api/run":
            return 200, {"reviewer": "anna", "run": "0" * 64, "blind": self.blind, "items": len(self.items)}
        if url.path == "/api/items":
            return 200, {"items": self.items}
        if url.path == "/api/item":
            clip = self.clip if query["id"] == ["0"] else {}
            return 200, {**self.detail("reveal" in query), **clip}
        if url.path == "/api/proposal":
            x, y, *_ = self.boxes[int(query["candidate"][0])]
            return 200, {"points": hairpin(x, y)}
        if url.path == "/api/corrections":
            return 200, {"records": self.records, "last_hash": ""}
        return 404, {"error": "nothing is here"}


@contextmanager
def serving(held: StandIn) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy", POLICY)
            self.end_headers()
            self.wfile.write(body)

        def json(self, status: int, value: Any) -> None:
            self.answer(status, "application/json", json.dumps(value).encode())

        def do_GET(self) -> None:
            if self.path in FILES:
                file, kind = FILES[self.path]
                self.answer(200, kind, file.read_bytes())
            elif self.path == "/favicon.ico":
                self.answer(200, "image/png", base64.b64decode("iVBORw0KGgo="))
            elif self.path.startswith("/api/picture"):
                self.answer(200, "image/svg+xml", held.picture)
            else:
                self.json(*held.get(self.path))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if held.down:
                self.json(503, {"error": "the server is ending"})
            elif self.path == "/api/corrections":
                self.json(*held.append(body["records"]))
            else:
                self.json(200, {})

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
