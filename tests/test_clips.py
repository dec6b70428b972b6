# SPDX-License-Identifier: Apache-2.0
"""Bad frames do not become data, and a clip is one measurement."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import results
from conftest import Run
from PIL import Image, ImageFilter
from processes import frames_written, start, wait_for

Line = dict[str, Any]
SIZE = ("--width", 640, "--height", 400, "--quiet")


def analysed(capillaryx: Run, out: Path, *arguments: object) -> list[Line]:
    capillaryx("analyze", *arguments, "-o", out, "--no-overlays", "--quiet")
    return results.lines(out)


def clips(lines: list[Line]) -> list[Line]:
    return [line for line in lines if line["type"] == "clip"]


@pytest.fixture(scope="module")
def video(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    capillaryx("phantom", 1, "-o", folder, "--clip", "--frames", 16, "--bad-frames", 0.2, "--force",
        "--drift", 0.3, "--rotation", 0.3, "--glare", 0, *SIZE)  # fmt: skip
    return folder / "clip_000.y4m"


def test_phantom_clips_come_with_their_truth_and_a_clean_still(video: Path) -> None:
    truth = json.loads(video.with_name("clip_000.truth.json").read_text())
    assert len(truth["frames"]) == 16
    assert truth["size"] == [640, 400]
    with Image.open(video.parent / "stills" / "clip_000.png") as still:
        assert list(still.size) == truth["tissue"]
    assert any(not one["ambiguous"] for one in truth["capillaries"])


def test_a_video_is_one_measurement(capillaryx: Run, tmp_path: Path, video: Path) -> None:
    lines = analysed(capillaryx, tmp_path / "out", video)
    (clip,) = clips(lines)
    frames = [line for line in lines if line["type"] == "frame"]
    assert clip["frames"] == len(frames) == 16
    assert clip["usable"] == sum(frame["quality"]["usable"] for frame in frames)
    assert lines.index(clip) == lines.index(frames[-1]) + 1
    assert {frame["clip"] for frame in frames} == {clip["file"]}
    truth = json.loads(video.with_name("clip_000.truth.json").read_text())["frames"]
    origin = truth[clip["reference"]]
    turn = np.radians(origin["rotation_deg"])
    for i, place in enumerate(truth):
        if not clip["motion"]["registered"][i]:
            continue
        dx, dy = place["x"] - origin["x"], place["y"] - origin["y"]
        assert clip["motion"]["dx"][i] == pytest.approx(np.cos(turn) * dx + np.sin(turn) * dy, abs=2)
        assert clip["motion"]["dy"][i] == pytest.approx(-np.sin(turn) * dx + np.cos(turn) * dy, abs=2)
    assert (tmp_path / "out" / "clips.csv").read_text().count("\n") == 2
    assert (tmp_path / "out" / "capillaries.csv").read_text().count("\n") == 1 + clip["count"]


@pytest.mark.parametrize(
    "flags",
    [
        ("--workers", 1),
        ("--workers", 3),
        ("--workers", 8),
        ("--worker-kind", "thread"),
        ("--executor", "router"),
        ("--executor", "serial"),
    ],
)
def test_clip_lines_are_the_same_for_every_way_of_running(
    capillaryx: Run, tmp_path: Path, video: Path, flags: tuple[object, ...]
) -> None:
    def line(out: Path, *more: object) -> list[str]:
        analysed(capillaryx, out, video, "--frames", 8, *more)
        return [text for text in (out / "results.jsonl").read_text().splitlines() if text.startswith('{"type":"clip"')]

    assert line(tmp_path / "one", "--workers", 2) == line(tmp_path / "other", *flags)


def test_the_tables_of_clips_are_made_again_from_the_journal_byte_for_byte(
    capillaryx: Run, tmp_path: Path, video: Path
) -> None:
    out = tmp_path / "out"
    analysed(capillaryx, out, video)
    names = ("clips.csv", "capillaries.csv")
    before = {name: (out / name).read_bytes() for name in names}
    for name in names:
        (out / name).unlink()
    capillaryx("report", out)
    assert {name: (out / name).read_bytes() for name in names} == before


def test_a_run_that_is_stopped_inside_a_clip_resumes_to_the_same_clip(
    capillaryx: Run, tmp_path: Path, video: Path
) -> None:
    out = tmp_path / "out"
    whole = (analysed(capillaryx, out, video), (out / "results.jsonl").read_bytes())[1]
    lines = whole.splitlines(keepends=True)
    for kept in (6, len(lines) - 2, len(lines) - 1):  # inside the clip; before its line; before the summary
        (out / "results.jsonl").write_bytes(b"".join(lines[:kept]))
        capillaryx("analyze", video, "-o", out, "--no-overlays", "--quiet", "--resume")
        again = [
            line for line in (out / "results.jsonl").read_bytes().splitlines() if line.startswith(b'{"type":"clip"')
        ]
        assert again == [line.rstrip() for line in lines if line.startswith(b'{"type":"clip"')]


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_a_clip_whose_driver_is_killed_again_and_again_is_the_same_clip(
    capillaryx: Run, program: Path, tmp_path: Path, kills: int
) -> None:
    frames = 6 * kills
    capillaryx("phantom", 1, "-o", tmp_path, "--clip", "--frames", frames, "--force", *SIZE)
    video = tmp_path / "clip_000.y4m"
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    analysed(capillaryx, whole, video)
    for _ in range(kills):
        before = frames_written(killed)
        run = start(program, video, "-o", killed, "--no-overlays", "--quiet", "--resume")
        wait_for(lambda: frames_written(killed) > before or run.poll() is not None, 60)  # noqa: B023
        assert run.poll() is None, "the run ended before it was killed"
        run.kill()
        run.communicate()
    assert frames_written(killed) < frames
    capillaryx("analyze", video, "-o", killed, "--no-overlays", "--quiet", "--resume")
    assert clips(results.lines(killed)) == clips(results.lines(whole))
    for name in ("clips.csv", "capillaries.csv"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def test_a_folder_named_by_clips_is_a_clip_per_folder(capillaryx: Run, tmp_path: Path) -> None:
    folder = tmp_path / "synthetic"
    capillaryx("phantom", 2, "-o", folder, "--clip", "--frames", 4, "--format", "ppm", *SIZE)
    shutil.rmtree(folder / "stills")
    found = clips(analysed(capillaryx, tmp_path / "out", folder, "--clips", folder))
    assert [(clip["file"], clip["frames"]) for clip in found] == [("clip_000", 4), ("clip_001", 4)]
    assert not clips(analysed(capillaryx, tmp_path / "stills", folder))


def spoil(picture: Image.Image, folder: Path) -> None:
    folder.mkdir()
    picture.save(folder / "good.png")
    Image.new("RGB", picture.size, "black").save(folder / "black.png")
    Image.new("RGB", picture.size, "white").save(folder / "white.png")
    picture.filter(ImageFilter.GaussianBlur(8)).save(folder / "blurred.png")


def test_frames_that_are_not_usable_enter_no_mean_and_are_counted_with_their_reasons(
    capillaryx: Run, tmp_path: Path
) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "one", "--width", 960, "--height", 640, "--quiet")
    with Image.open(tmp_path / "one" / "phantom_000.png") as picture:
        spoil(picture.convert("RGB"), tmp_path / "frames")
    out = tmp_path / "out"
    said = capillaryx("analyze", tmp_path / "frames", "-o", out, "--no-overlays").stdout
    lines = results.lines(out)
    frames = {line["source"]: line for line in lines if line["type"] == "frame"}
    reasons = {name: " ".join(frame["quality"]["reasons"]) for name, frame in frames.items()}
    assert reasons["good.png"] == ""
    assert "too dark" in reasons["black.png"]
    assert "saturated" in reasons["white.png"]
    assert "out of focus" in reasons["blurred.png"]
    summary = lines[-1]
    assert summary["unusable"] == 3
    assert summary["mean_density"] == frames["good.png"]["density"]
    assert "3 of 4 frames" in said
    assert {row["source"]: row["usable"] for row in results.rows(out)}["good.png"] == "true"
    kept = analysed(capillaryx, tmp_path / "kept", tmp_path / "frames", "--keep-unusable")
    assert kept[-1]["mean_density"] != summary["mean_density"]


def test_only_the_region_of_interest_is_measured(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "one", "--width", 640, "--height", 480, "--quiet")
    lines = analysed(capillaryx, tmp_path / "out", tmp_path / "one", "--roi", "100,80,400,320")
    (frame,) = [line for line in lines if line["type"] == "frame"]
    assert frame["valid_px"] == 400 * 320
    for capillary in frame["capillaries"]:
        x, y, width, height = capillary["bbox"]
        assert 90 < x + width / 2 < 510
        assert 70 < y + height / 2 < 410
    capillaryx("analyze", tmp_path / "one", "-o", tmp_path / "bad", "--roi", "1,2,3", expect=2)


def test_the_real_frames_are_usable_and_blurred_ones_are_not(capillaryx: Run, tmp_path: Path, shared: Path) -> None:
    frames = shared / "data" / "frames"
    lines = analysed(capillaryx, tmp_path / "out", frames)
    assert all(line["quality"]["usable"] for line in lines if line["type"] == "frame")
    (tmp_path / "bad").mkdir()
    with Image.open(frames / "f01.png") as picture:
        for sigma in (5, 7):
            picture.convert("RGB").filter(ImageFilter.GaussianBlur(sigma)).save(tmp_path / "bad" / f"{sigma}.png")
    for line in analysed(capillaryx, tmp_path / "blurred", tmp_path / "bad"):
        if line["type"] == "frame":
            assert "out of focus" in " ".join(line["quality"]["reasons"])
