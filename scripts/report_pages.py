# SPDX-License-Identifier: Apache-2.0
"""Opens reports of 10 and 100,000 frames in Chromium: how long, how much memory; and pictures of the pages.

usage: scripts/report_pages.py PROGRAM [FRAMES...]    (tests/ on PYTHONPATH; writes docs/report.md, docs/pictures/)
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pages import Report, all_loaded, chromium
from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/report.md"
START, END = "<!-- Measured: made by scripts/report_pages.py -->", "<!-- The end of what was measured -->"
PICTURES = ROOT / "docs/pictures"
CAPILLARIES = 5


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL)


def analysed(program: Path, root: Path) -> Path:
    """Ten synthetic frames in two visits, a damaged file and a text, analysed with a scale."""
    for k, visit in enumerate(("visit 1", "visit 2")):
        run(program, "phantom", 5, "-o", root / "frames/subject 1" / visit, "--seed", 7 + k)
        (root / "frames/subject 1" / visit / "truth.coco.json").unlink(missing_ok=True)
    (root / "frames/subject 1/visit 2/torn.ppm").write_bytes(b"P6 640 480 255\n123")
    (root / "frames/notes.txt").write_text("not a picture")
    command = [program, "analyze", "frames", "-o", "results", "--scale-um-per-px", "1.1", "--quiet"]
    subprocess.run([str(part) for part in command], cwd=root, check=False)
    return root / "results"


def analysed_clip(program: Path, root: Path) -> Path:
    """A synthetic clip that drifts, analysed with a scale."""
    run(program, "phantom", 1, "-o", root / "clips", "--clip", "--frames", 30, "--seed", 5)
    run(program, "analyze", root / "clips/clip_000.y4m", "-o", root / "clip", "--scale-um-per-px", 1.1, "--quiet")
    return root / "clip"


def long_run(program: Path, results: Path, folder: Path, frames: int) -> None:
    """A journal of many frames, made of the lines of a real one with a few capillaries each, and its report."""
    lines = [json.loads(line) for line in (results / "results.jsonl").open()]
    models = [line for line in lines if line["type"] == "frame" and line["status"] == "ok"]
    draw = random.Random(1)
    folder.mkdir()
    with (folder / "results.jsonl").open("w") as file:
        file.write(json.dumps(lines[0]) + "\n")
        for index in range(frames):
            frame = models[index % len(models)] | {"index": index}
            name = f"subject {index // 5000:02}/visit {index // 2500 % 2}/frame_{index:06}.png"
            frame |= {"source": name, "file": name, "candidates": [], "capillaries": frame["capillaries"][:CAPILLARIES]}
            frame |= {"count": len(frame["capillaries"]), "density": max(0.0, draw.gauss(0.03, 0.01))}
            file.write(json.dumps(frame) + "\n")
    run(program, "report", folder)


def renderer() -> tuple[float, float]:
    """Proportional memory (MB) and processor seconds of the process that draws the page."""
    most = (0.0, 0.0)
    for status in Path("/proc").glob("[0-9]*"):
        try:
            if "--type=renderer" in (status / "cmdline").read_text():
                pss = next(line for line in (status / "smaps_rollup").open() if line.startswith("Pss:"))
                ticks = (status / "stat").read_text().rpartition(")")[2].split()[11:13]
                most = max(most, (int(pss.split()[1]) / 1024, sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")))
        except OSError:
            continue
    return most


def measure(browser: Browser, out: Path, frames: int) -> list[str]:
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    begin, before = time.monotonic(), renderer()[1]
    page.goto((out / "report.html").as_uri())
    page.wait_for_selector("tr.pick")
    first = time.monotonic() - begin
    all_loaded(page)
    page.wait_for_selector(".chart path")
    whole = time.monotonic() - begin
    opened, seconds = renderer()
    begin = time.monotonic()
    page.click("th button:has-text('Density')")
    page.wait_for_selector("th[aria-sort=descending]")
    sort = time.monotonic() - begin
    for _ in range(20):
        page.locator(".long-table").press("PageDown")
    page.locator(".viewer").wait_for()
    page.wait_for_timeout(500)
    used = renderer()[0]
    nodes = page.evaluate("document.querySelectorAll('*').length")
    data = sum(file.stat().st_size for file in (out / "report/data").iterdir())
    page.close()
    seconds_of = [f"{value:.2f}" for value in (first, whole, seconds - before, sort)]
    return [f"{frames:,}", *seconds_of, f"{opened:.0f}", f"{used:.0f}", f"{nodes:,}", f"{data / 1e6:.1f}"]


def draw(browser: Browser, out: Path) -> None:
    for dark in (False, True):
        scheme = "dark" if dark else "light"
        report = Report(browser, out, dark=dark, width=1280)
        report.page.locator(".long-table").scroll_into_view_if_needed()
        report.page.wait_for_timeout(3000)
        report.page.evaluate("scrollTo(0, 0)")
        report.page.screenshot(path=PICTURES / f"report_{scheme}.png", full_page=True)
        report.open_frame(1)
        report.page.wait_for_selector(".shape")
        report.page.click("button[aria-label='Next capillary']")
        report.page.wait_for_timeout(500)
        report.page.locator(".viewer").screenshot(path=PICTURES / f"report_frame_{scheme}.png")
        report.page.check("text=Vessel contrast")
        report.page.uncheck("text=Outlines")
        report.page.wait_for_timeout(500)
        report.page.locator(".viewer").screenshot(path=PICTURES / f"report_vessels_{scheme}.png")
        report.close()


def draw_clip(browser: Browser, out: Path) -> None:
    for dark in (False, True):
        report = Report(browser, out, dark=dark, width=1280)
        report.page.locator("section:has(#clips-title) tr.pick").click()
        report.page.wait_for_selector(".clip .shape")
        report.page.locator(".slider input").fill("12")
        report.page.wait_for_timeout(2000)
        picture = PICTURES / f"report_clip_{'dark' if dark else 'light'}.png"
        report.page.locator("section:has(#clips-title)").screenshot(path=picture)
        report.close()


def main() -> None:
    program = Path(sys.argv[1]).resolve()
    counts = [int(text) for text in sys.argv[2:]] or [100_000]
    with tempfile.TemporaryDirectory() as root:
        out = analysed(program, Path(root))
        rows = []
        with chromium() as browser:
            draw(browser, out)
            draw_clip(browser, analysed_clip(program, Path(root)))
            rows.append(measure(browser, out, 11))
        for frames in counts:
            folder = Path(root) / str(frames)
            long_run(program, out, folder, frames)
            with chromium() as browser:
                rows.append(measure(browser, folder, frames))
    heads = ["frames", "first rows, s", "all rows and chart, s", "processor s", "sort, s"]
    heads += ["MB, opened", "MB, after 20 frames", "elements", "data, MB"]
    table = "\n".join("| " + " | ".join(row) + " |" for row in [heads, ["---:"] * len(heads), *rows])
    load = f"Load average of the machine ({os.cpu_count()} cores) meanwhile: {os.getloadavg()[0]:.1f}."
    text = PAGE.read_text()
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n\n{table}\n\n{load}\n\n{END}{after}")


if __name__ == "__main__":
    main()
