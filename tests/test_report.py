# SPDX-License-Identifier: Apache-2.0
"""The report: the numbers of results.jsonl, safe from hostile names, usable by everyone, in a real browser."""

import csv
import io
import json
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import results
from axe_playwright_python.sync_playwright import Axe
from conftest import Run
from pages import Report, chromium
from playwright.sync_api import Browser

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
SHOWN = {
    "line\nbreak": "line\u27e8U+000A\u27e9break",
    "\u202egnp": "\u27e8U+202E\u27e9gnp",
    "a&amp;b#c?d%20": "a&amp;b%23c?d%2520",
}


def safe(name: str) -> str:
    """A file of that name; none can hold a slash."""
    return name.replace("/", "\u2215") + ".ppm"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def hostile(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
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


@pytest.fixture(scope="module")
def out(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder of two subfolders of synthetic frames with a scale."""
    root = tmp_path_factory.mktemp("tissue")
    for k, visit in enumerate(("visit 1", "visit 2")):
        capillaryx("phantom", 3, "-o", root / "frames" / visit, "--seed", 7 + k)
        (root / "frames" / visit / "truth.coco.json").unlink(missing_ok=True)
    capillaryx("analyze", root / "frames", "-o", root / "out", "--scale-um-per-px", 1.1, "--quiet")
    return root / "out"


@pytest.fixture
def report(browser: Browser, out: Path) -> Iterator[Report]:
    opened = Report(browser, out)
    yield opened
    opened.close()


def data(out: Path, name: str) -> dict[str, Any]:
    """The JSON in a file of report/data/."""
    text = (out / f"report/data/{name}.js").read_text(encoding="utf-8")
    start = f'capillaryx_data("{name}",\''
    assert text.startswith(start)
    assert text.endswith("')\n")
    body = text[len(start) : -3]
    assert not re.search(r"(?<!\\)(?:\\\\)*'", body), "a quote would end the text"
    assert "\n" not in body
    value: dict[str, Any] = json.loads(re.sub(r"\\(['\\])", r"\1", body))
    return value


def rows_of(out: Path) -> list[dict[str, Any]]:
    columns = data(out, "index")["columns"]
    chunk = data(out, "rows-00000")["rows"]
    return [dict(zip(columns, row + [None] * (len(columns) - len(row)), strict=True)) for row in chunk]


def test_data_has_the_numbers_of_the_results(hostile: Path, out: Path) -> None:
    for folder in (hostile, out):
        for row, frame in zip(rows_of(folder), results.frames(folder), strict=True):
            assert row["source"] == frame["source"]
            assert ["ok", "failed", "dropped"][row["status"]] == frame["status"]
            assert row["density"] == frame["density"]
            assert row["count"] == frame["count"]
            assert (row["overlay"] is None) == (frame["status"] != "ok")
            assert not row["overlay"] or (folder / "overlays" / row["overlay"]).is_file()
    index = data(hostile, "index")
    assert [s["name"] for s in index["subfolders"]] == ["visit 1", "visit <2>"]
    assert index["summary"]["failed"] == 1
    assert index["run"]["notice"] == "Research use only, not for diagnosis"


def test_outlines_are_those_of_the_results_to_an_eighth_of_a_pixel(out: Path) -> None:
    frames = results.frames(out)
    assert sum(frame["count"] for frame in frames) > 50
    chunks = {row["detail"]: data(out, f"frames-{row['detail']:05}") for row in rows_of(out)}
    for row, frame in zip(rows_of(out), frames, strict=True):
        chunk = chunks[row["detail"]]
        for (score, area, eighths), capillary in zip(
            chunk["frames"][frame["index"] - chunk["first"]], frame["capillaries"], strict=True
        ):
            assert score == pytest.approx(capillary["score"], abs=0.001)
            assert area == capillary["area_px"]
            at = [0, 0]
            for i, step in enumerate(eighths):
                at[i % 2] += step
                assert abs(at[i % 2] / 8 - capillary["polygon"][i]) <= 1 / 16


def test_no_name_breaks_out_of_the_page(browser: Browser, hostile: Path) -> None:
    report = Report(browser, hostile)
    assert report.complaints == []
    names = report.rows()
    report.page.locator(".long-table").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    report.page.wait_for_timeout(200)
    names = [*names, *report.rows()]
    expected = {f"{v}/{safe(SHOWN.get(n, n))}" for v in ("visit 1", "visit <2>") for n in NAMES}
    assert set(names) == expected | {"visit 1/cut.ppm"}
    assert report.page.locator("script").count() == 1
    assert report.page.locator("img:not(.thumb), iframe, object, base, [onerror]").count() == 0
    assert "notes<b>.txt: " in report.page.inner_text("body")
    report.close()


def test_page_asks_for_nothing_outside_its_folder_and_allows_no_other_script(browser: Browser, hostile: Path) -> None:
    page = (hostile / "report.html").read_text()
    policy = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' file: data:;")
    assert "unsafe" not in policy
    report = Report(browser, hostile)
    report.open_frame(0)
    report.page.wait_for_timeout(500)
    assert report.complaints == []
    assert len(report.requests) > 5
    assert [url for url in report.requests if not url.startswith((hostile.as_uri() + "/", "data:"))] == []
    report.page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {text: 'window.ran = 1'}))"
    )
    assert report.page.evaluate("window.ran") is None
    report.close()


def test_page_without_its_folder_says_so(browser: Browser, out: Path, tmp_path: Path) -> None:
    shutil.copytree(out / "report", tmp_path / "report")
    shutil.copy(out / "report.html", tmp_path)
    (tmp_path / "report/data/index.js").unlink()
    page = browser.new_page()
    page.goto((tmp_path / "report.html").as_uri())
    assert "data/index.js cannot be loaded" in page.inner_text(".refusal")
    page.close()


def test_numbers_stand_with_their_caveats(report: Report, out: Path) -> None:
    summary = results.lines(out)[-1]
    tiles = report.page.inner_text(".tiles")
    assert f"{100 * summary['mean_density']:.1f}" in tiles
    assert tiles.count("not between patients") == 3
    assert "Count per mm\u00b2: accepted capillaries / area of the valid pixels" in report.page.inner_text("main")
    assert report.page.inner_text(".notice") == "Research use only, not for diagnosis"


def test_table_sorts_filters_and_finds(report: Report, out: Path) -> None:
    frames = results.frames(out)
    page = report.page
    page.click("th button:has-text('Density')")
    assert report.rows() == [f["source"] for f in sorted(frames, key=lambda f: -f["density"])]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Density")
    page.select_option("label:has-text('Subfolder') select", label="visit 2")
    assert {name.split("/")[0] for name in report.rows()} == {"visit 2"}
    page.fill("input[type=search]", "_001")
    assert report.rows() == ["visit 2/phantom_001.png"]
    assert "1 of 6 frames" in page.inner_text("main")
    page.click("section:has(#subfolders-title) button:has-text('visit 1')")
    page.fill("input[type=search]", "")
    assert {name.split("/")[0] for name in report.rows()} == {"visit 1"}


def test_everything_is_reached_by_the_keyboard(report: Report) -> None:
    page = report.page
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "long-table":
            break
    for key, name in (("ArrowDown", "000"), ("ArrowDown", "001"), ("ArrowRight", "002"), ("ArrowLeft", "001")):
        page.keyboard.press(key)
        page.locator(".viewer h3", has_text=f"visit 1/phantom_{name}.png").wait_for()
    page.wait_for_selector(".capillary")
    page.focus("button[aria-label='Next capillary']")
    page.keyboard.press("Enter")
    page.wait_for_selector(".shape.active")
    assert re.match(
        r"capillary 1, score [\d.]+, area [\d,]+ px = \d+ \u00b5m\u00b2", page.inner_text(".capillary output")
    )
    assert page.locator(".shape.active").get_attribute("data-id") == "1"
    page.keyboard.press("Escape")
    page.locator(".viewer").wait_for(state="detached")
    assert page.evaluate("document.activeElement.className") == "long-table"


def test_capillary_under_the_pointer_is_named(report: Report, out: Path) -> None:
    report.open_frame(0)
    page = report.page
    page.wait_for_selector(".shape")
    assert page.locator(".shape").count() == results.frames(out)[0]["count"]
    box = page.locator(".shape[data-id='5'] .under").bounding_box()
    assert box
    page.locator(".shape[data-id='5'] .under").dispatch_event("pointerenter")
    page.wait_for_selector(".shape.active[data-id='5']")
    capillary = results.frames(out)[0]["capillaries"][4]
    assert f"area {capillary['area_px']:,} px = " in page.inner_text(".capillary output")


def test_outlines_lie_on_the_picture_at_any_zoom(report: Report, out: Path) -> None:
    report.open_frame(0)
    page = report.page
    page.wait_for_selector(".shape")
    x, y, width, height = results.frames(out)[0]["capillaries"][0]["bbox"]
    for zoomed in (False, True):
        if zoomed:
            page.click("button[aria-label='Zoom in']")
        page.wait_for_timeout(300)
        place = page.locator(".outlines").evaluate(
            "g => { const m = g.getCTM(); const b = g.ownerSVGElement.getBoundingClientRect();"
            " return [m.a, m.e, m.f, b.width, b.height]; }"
        )
        shape = page.locator(".shape[data-id='1'] .over").evaluate(
            "p => { const b = p.getBBox(); return [b.x, b.y, b.width, b.height]; }"
        )
        assert [round(value) for value in shape[:2]] == pytest.approx([x, y], abs=1)
        assert shape[2:] == pytest.approx([width, height], abs=2)
        scale, left, top, box_width, box_height = place
        # The middle of the picture stays in the middle of the viewer.
        assert left + scale * 960 == pytest.approx(box_width / 2, abs=2)
        assert top + scale * 540 == pytest.approx(box_height / 2, abs=2)


def test_scale_bar_is_there_only_with_a_scale_and_has_its_length(
    browser: Browser, report: Report, hostile: Path
) -> None:
    report.open_frame(0)
    report.page.wait_for_selector(".shape")
    report.page.wait_for_timeout(300)
    um = float(report.page.inner_text(".scale-bar").split()[0])
    bar = report.page.locator(".scale-bar").bounding_box()
    zoom = report.page.locator(".outlines").evaluate("g => g.getCTM().a")
    assert bar
    assert bar["width"] / zoom * 1.1 == pytest.approx(um, rel=0.02)
    plain = Report(browser, hostile)
    plain.open_frame(0)
    plain.page.wait_for_timeout(300)
    assert plain.page.locator(".scale-bar").count() == 0
    assert "\u00b5m" not in plain.page.inner_text(".viewer")
    plain.close()


def test_vessel_view_raises_contrast_and_says_that_nothing_is_measured_on_it(report: Report) -> None:
    report.open_frame(0)
    report.page.check("text=Vessel contrast")
    report.page.wait_for_timeout(300)
    assert "nothing is measured" in report.page.inner_text(".viewer")
    assert "url(" in report.page.locator(".osd canvas").first.evaluate("c => c.style.filter")


def test_a_frame_says_why_it_was_refused(browser: Browser, hostile: Path) -> None:
    report = Report(browser, hostile)
    report.page.select_option("label:has-text('Status') select", label="failed")
    report.open_frame(0)
    error = next(f["error"] for f in results.frames(hostile) if f["status"] == "failed")
    assert error in report.page.inner_text(".viewer .refusal")
    assert error in report.page.inner_text("section:has(#problems-title)")
    report.close()


def download(report: Report, chart: str, button: str) -> tuple[str, bytes]:
    section = report.page.locator(f"section:has(#{chart})")
    if not section.locator("details").evaluate("d => d.open"):
        section.locator("summary").click()
    with report.page.expect_download() as event:
        section.locator("button", has_text=button).click()
    return event.value.suggested_filename, Path(event.value.path()).read_bytes()


@pytest.mark.parametrize("chart", ["chart-title", "subfolders-title"])
def test_every_chart_downloads_as_svg_png_and_csv(report: Report, out: Path, chart: str) -> None:
    name, svg = download(report, chart, "SVG, 85 mm")
    assert name.endswith("_85mm.svg")
    assert b'width="85mm"' in svg
    assert b'@font-face{font-family:"Source Sans 3";src:url(data:font/woff2;base64,' in svg
    assert b"var(--" not in svg
    assert b"not between patients" in svg
    name, png = download(report, chart, "PNG, 178 mm, 600 dpi")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", png[16:20])[0] == round(178 / 25.4 * 600)
    at = png.index(b"pHYs")
    assert struct.unpack(">IIB", png[at + 4 : at + 13]) == (23622, 23622, 1)
    name, table = download(report, chart, "CSV")
    lines = list(csv.DictReader(io.StringIO(table.decode())))
    if chart == "chart-title":
        assert [float(line["density"]) for line in lines] == [f["density"] for f in results.frames(out)]
    else:
        assert [line["subfolder"] for line in lines] == ["visit 1", "visit 2"]
    assert report.complaints == []


def test_print_has_every_row(report: Report, tmp_path: Path) -> None:
    report.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert len(report.rows()) == 6
    assert report.page.locator(".spacer").count() == 0
    report.page.emulate_media(media="print")
    assert not report.page.locator(".downloads").first.is_visible()
    report.page.evaluate("dispatchEvent(new Event('afterprint'))")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 420])
def test_page_is_accessible(browser: Browser, out: Path, dark: bool, width: int) -> None:
    report = Report(browser, out, dark=dark, width=width)
    for opened in (False, True):
        if opened:
            report.open_frame(0)
            report.page.wait_for_selector(".shape")
        found = Axe().run(report.page)
        assert found.violations_count == 0, found.generate_report()
    assert report.page.evaluate("document.documentElement.scrollWidth") <= width
    report.close()


def test_html_is_valid(report: Report, out: Path) -> None:
    tidy = shutil.which("tidy")
    if tidy is None:
        pytest.skip("no tidy")
    report.open_frame(0)
    report.page.wait_for_selector(".shape")
    # Debian's tidy does not know `loading`, `decoding` and the newer ARIA attributes; axe checks the latter.
    command = [tidy, "-q", "-e", "-utf8", "--warn-proprietary-attributes", "no"]
    for text in ((out / "report.html").read_text(), report.page.content()):
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert done.stderr.strip() == ""


@pytest.fixture(scope="module")
def with_clip(out: Path) -> Path:
    """The report of `out` as if its first three frames were a clip with one frame that is out of focus."""
    folder = out.with_name("clip")  # as near to the frames as `out` is
    shutil.copytree(out, folder)
    index, rows = data(out, "index"), data(out, "rows-00000")
    frame = results.frames(out)[0]
    for k, row in enumerate(rows["rows"][:3]):
        facts = dict(zip(index["columns"], row, strict=False)) | {"clip": 0, "usable": k != 1}
        facts |= {"reasons": ["out of focus"] if k == 1 else None, "scale": 1.1}
        rows["rows"][k] = [facts.get(column) for column in index["columns"]]
    facts = {"number": 0, "file": "visit <1>/a.avi", "frames": 3, "usable": 2, "registered": 2, "reference": 0}
    facts |= {"extent": [-20, 0, 1950, 1085], "count": len(frame["capillaries"]), "density": 0.031, "seen_px": 2000000}
    facts |= {"count_per_mm2": None, "repeatability": {"count": [41, 40], "density": [0.031, 0.0308]}, "reason": None}
    facts |= {"quality": {"illumination": 0, "focus": 1, "pressure": None}, "mosaic": None, "subfolder": 0}
    index["clips"] = [facts]
    motion = {"dx": [0, None, 12.5], "dy": [0, None, -4], "rotation_deg": [0, None, 0]}
    line = facts | {"motion": motion | {"registered": [True, False, True]}}
    line["capillaries"] = [
        {"id": k + 1, "polygon": c["polygon"], "score": c["score"], "seen": 2, "in_view": 2}
        for k, c in enumerate(frame["capillaries"])
    ]
    for name, value in (("index", index), ("rows-00000", rows), ("clip-00000", line)):
        text = json.dumps(value).replace("\\", "\\\\").replace("'", "\\'")
        (folder / f"report/data/{name}.js").write_text(f"capillaryx_data(\"{name}\",'{text}')\n")
    return folder


def test_a_clip_is_one_row_and_its_outlines_follow_each_frame(browser: Browser, with_clip: Path) -> None:
    report = Report(browser, with_clip)
    page = report.page
    row = page.locator("section:has(#clips-title) tr.pick")
    assert row.count() == 1
    assert "count 41 and 40, density 3.10\u00a0% and 3.08\u00a0% in its two halves" in row.inner_text()
    row.click()
    page.wait_for_selector(".clip .shape")
    text = page.inner_text(".clip")
    assert "Reference frame (1 of 3): there is no mosaic" in text
    assert "1 (acceptable)" in text
    assert "not measured" in text
    for value, transform in ((2, "rotate(0 960 540) translate(-12.5 4)"), (0, "rotate(0 960 540) translate(0 0)")):
        page.locator(".slider input").fill(str(value))
        page.wait_for_selector(f".clip .outlines[transform='{transform}']")
    page.locator(".slider input").fill("1")
    page.wait_for_selector("text=not registered, so that no outlines can be placed; unusable: out of focus")
    assert page.locator(".clip .shape").count() == 0
    assert "1 unusable" not in page.inner_text(".tiles")
    assert "unusable: out of focus" in page.inner_text("section:has(#problems-title)")
    assert report.complaints == []
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    report.close()


def test_table_keeps_names_whole_and_formulas_out(hostile: Path) -> None:
    with (hostile / "results.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"].removeprefix("'") for row in rows] == [frame["source"] for frame in results.frames(hostile)]
    assert not [row for row in rows if row["source"][0] in "=+-@"]


def test_output_passes_the_check_of_the_edges(hostile: Path, shared: Path) -> None:
    done = subprocess.run(
        ["python3", str(shared / "tools/check_results.py"), str(hostile)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
