# SPDX-License-Identifier: Apache-2.0
"""A review of real frames in a browser, over the real server: corrected, killed, opened again, exported."""

import csv
import hashlib
import itertools
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import Run
from pages import chromium
from playwright.sync_api import Browser
from test_review_page import Hand, opened


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@contextmanager
def serving(program: Path, results: Path) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    command = [str(program), "review", str(results), "--reviewer", "anna"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        server.stdout.readline()
        yield server.stdout.readline().strip(), server
        server.kill()


def visible(hand: Hand, count: int) -> list[int]:
    """The first capillaries that do not lie under a button of the viewer."""
    numbers = []
    for cap in hand.page.locator(".cap").all():
        box = cap.locator(".over").bounding_box()
        if box is not None and 420 < box["x"] < 950 and 230 < box["y"] < 500:
            numbers.append(int(cap.get_attribute("data-id") or 0))
    return numbers[:count]


def journal(results: Path) -> list[bytes]:
    return (results / "corrections" / "anna.jsonl").read_bytes().splitlines()


def test_real_frames_are_corrected_through_a_kill_and_the_tables_are_those_of_the_journal(
    program: Path, capillaryx: Run, shared: Path, tmp_path: Path, browser: Browser
) -> None:
    results = tmp_path / "results"
    capillaryx("analyze", shared / "data" / "frames", "-o", results, "--frames", 2, "--quiet")
    before = (results / "results.jsonl").read_bytes()
    with serving(program, results) as (url, server), opened(browser, url) as hand:
        automatic = int(hand.corrected())
        hand.key("r")
        for number in visible(hand, 5):
            hand.page.locator(f'.cap[data-id="{number}"] .over').click(force=True)
        hand.expect("count", str(automatic - 5))
        hand.key("Control+z")
        hand.expect("count", str(automatic - 4))
        hand.saved()
        assert hand.complaints == []
        server.send_signal(signal.SIGKILL)  # nothing that was acknowledged is lost
    with serving(program, results) as (url, server), opened(browser, url) as hand:
        hand.expect("count", str(automatic - 4))
        hand.key("Control+y")
        hand.expect("count", str(automatic - 5))
        hand.key("a")
        hand.page.locator("[data-candidate]").first.click(force=True)
        hand.expect("count", str(automatic - 4))
        hand.key("j")
        hand.page.wait_for_timeout(500)
        hand.key("f")
        hand.page.get_by_role("textbox", name="Reason").fill("out of focus")
        hand.key("Enter")
        hand.saved()
        name = hand.page.locator(".frame-name").inner_text()
        hand.page.get_by_role("button", name="Finish").click()
        server.wait(timeout=20)
    lines = journal(results)
    for earlier, later in itertools.pairwise(lines):
        assert json.loads(later)["previous"] == hashlib.sha256(earlier).hexdigest()
    kinds = [json.loads(line)["what"] for line in lines[1:]]
    assert kinds == ["remove"] * 5 + ["undo", "redo", "add", "exclude"]
    assert (results / "results.jsonl").read_bytes() == before

    capillaryx("export", results, "--reviewed", "anna")
    out = results / "reviewed" / "anna"
    rows = list(csv.DictReader((out / "reviewed.csv").read_text().splitlines()))
    assert {row["last_hash"] for row in rows} == {hashlib.sha256(lines[-1]).hexdigest()}
    (excluded,) = [row for row in rows if row["excluded"] == "1"]
    assert (excluded["source"], excluded["reason"], excluded["corrected_count"]) == (name, "out of focus", "")
    (kept,) = [row for row in rows if row["excluded"] == "0"]
    assert (int(kept["automatic_count"]), int(kept["corrected_count"])) == (automatic, automatic - 4)
    labels = json.loads((out / "labels.coco.json").read_text())
    assert [image["file_name"] for image in labels["images"]] == [kept["source"]]
    assert len(labels["annotations"]) == automatic - 4
    area = sum(each["area"] for each in labels["annotations"])
    assert float(kept["corrected_density"]) == pytest.approx(area / (1920 * 1080), rel=1e-5)
    capillaryx("evaluate", results, "--labels", out / "labels.coco.json", "--subset")


def test_corrections_of_other_results_are_refused(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "--width", 320, "--height", 240, "-o", tmp_path / "frames", "--quiet")
    capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--quiet")
    (tmp_path / "out/corrections").mkdir()
    first = {"schema": 1, "run": "0" * 64, "reviewer": "eve"}
    (tmp_path / "out/corrections/eve.jsonl").write_text(json.dumps(first) + "\n")
    done = capillaryx("export", tmp_path / "out", "--reviewed", "eve", expect=None)
    assert done.returncode != 0
    assert "other results" in done.stderr
    done = capillaryx("review", tmp_path / "out", "--reviewer", "eve", expect=None)
    assert done.returncode != 0
    assert "another analysis" in done.stderr
