# SPDX-License-Identifier: Apache-2.0
"""report.html: whole in itself, safe from hostile names, the same figures as results.jsonl."""

import base64
import csv
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

NAMES = [
    "<script>alert(1)<",
    '"><img src=x onerror=alert(2)>',
    "'); alert(3); ('",
    "=1+1",
    "line\nbreak",
    "\u202egnp",
    "\u56f3 \u00e4",
    "a&amp;b#c?d%20",
    "</script><!--",
]


def safe(name: str) -> str:
    """A file of that name; none can hold a slash."""
    return name.replace("/", "\u2215") + ".ppm"


def as_source(name: str) -> str:
    """How results name that file: a % stands as %25, as %XX stands for what is not UTF-8, and a # as %23."""
    return safe(name).replace("%", "%25").replace("#", "%23")


class Page(HTMLParser):
    """What a browser would see: the elements with their attributes, the text of each script and style."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.texts.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem in ("script", "style"):
            tag, text = self.texts[-1]
            self.texts[-1] = (tag, text + data)


@pytest.fixture(scope="module")
def out(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder of frames with hostile names in two subfolders, a damaged one and a text among them."""
    root = tmp_path_factory.mktemp("report")
    for visit in ("visit 1", "visit <2>"):
        (root / "frames" / visit).mkdir(parents=True)
        for k, name in enumerate(NAMES):
            pixels = bytes((150 + (x * y + k) % 7, 120, 110)[c] for y in range(64) for x in range(64) for c in range(3))
            (root / "frames" / visit / safe(name)).write_bytes(b"P6 64 64 255\n" + pixels)
    (root / "frames" / "visit 1" / "cut.ppm").write_bytes(b"P6 64 64 255\n123")
    (root / "frames" / "notes<b>.txt").write_text("no picture")
    capillaryx("analyze", root / "frames", "-o", root / "out", "--executor", "serial", "--quiet", expect=3)
    return root / "out"


def frames_of(out: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["type"] == "frame"]


def data_of(page: Page) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(page.texts[1][1])
    return data


def test_no_name_breaks_out_of_the_page(out: Path) -> None:
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    assert [tag for tag, _ in page.texts] == ["style", "script", "script"]
    assert not [tag for tag, _ in page.elements if tag in ("img", "b", "iframe", "object", "link", "base")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    rows = data_of(page)["frames"]
    assert [row[0] for row in rows] == [frame["source"] for frame in frames_of(out)]
    assert {row[0].split("/")[-1] for row in rows} == {*map(as_source, NAMES), "cut.ppm"}


def test_page_asks_for_nothing_outside_and_allows_no_other_script(out: Path) -> None:
    text = (out / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    policy = next(a["content"] or "" for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src 'self' data: file:;")
    assert "unsafe" not in policy
    for kind, content in (("style-src", page.texts[0][1]), ("script-src", page.texts[2][1])):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy
    assert set(re.findall(r"https?://[^'\"\s]*", text)) == {"http://www.w3.org/2000/svg"}


def test_page_has_the_figures_of_the_results(out: Path) -> None:
    data = data_of(Page((out / "report.html").read_text(encoding="utf-8")))
    for row, frame in zip(data["frames"], frames_of(out), strict=True):
        assert ["ok", "failed", "dropped"][row[2]] == frame["status"]
        assert row[3] == frame["density"]
        assert row[4] == frame["count"]
        assert row[5] is None
        assert (row[10] is None) == (frame["status"] != "ok")
        assert not row[10] or (out / "overlays" / row[10]).is_file()
    assert [s["name"] for s in data["subfolders"]] == ["visit 1", "visit <2>"]
    assert data["summary"]["failed"] == 1
    assert data["summary"]["skipped"]["first"][0]["source"].endswith("notes<b>.txt")
    assert data["run"]["notice"] == "Research use only, not for diagnosis"


def test_table_keeps_names_whole_and_formulas_out(out: Path) -> None:
    with (out / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"].removeprefix("'") for row in rows] == [frame["source"] for frame in frames_of(out)]
    assert not [row for row in rows if row["source"][0] in "=+-@"]


def test_output_passes_the_check_of_the_edges(out: Path, shared: Path) -> None:
    done = subprocess.run(
        ["python3", str(shared / "tools/check_results.py"), str(out)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_browser_draws_every_row_and_runs_nothing_else(out: Path, tmp_path: Path) -> None:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path}", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run([*command, (out / "report.html").as_uri()], capture_output=True, timeout=120, check=True)
    text = done.stdout.decode(encoding="utf-8")
    assert text.count('class="pick"') == 2 * len(NAMES) + 1
    assert "\u27e8U+202E\u27e9gnp" in text
    assert "<img src=x" not in text
    assert "<circle" in text
