# SPDX-License-Identifier: Apache-2.0
"""capillaryx phantom: synthetic frames and their truth."""

import json
import os
from pathlib import Path

import pytest
import results
from conftest import Run

SMALL = ("--width", 320, "--height", 240, "--quiet")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_writes_frames_and_truth_that_belong_together(capillaryx: Run, tmp_path: Path) -> None:
    out = tmp_path / "synthetic"
    capillaryx("phantom", 3, "-o", out, *SMALL, "--capillaries", 2)
    assert names(out) == ["phantom_000.png", "phantom_001.png", "phantom_002.png", "truth.coco.json"]
    truth = json.loads((out / "truth.coco.json").read_text())
    assert [image["file_name"] for image in truth["images"]] == names(out)[:3]
    assert {(image["width"], image["height"]) for image in truth["images"]} == {(320, 240)}
    assert truth["annotations"]
    for annotation in truth["annotations"]:
        x, y, width, height = annotation["bbox"]
        assert 0 <= x < x + width <= 320
        assert 0 <= y < y + height <= 240
        assert annotation["category_id"] == 1
        assert annotation["iscrowd"] in (0, 1)
    assert truth["info"]["options"]["capillaries"] == 2


def test_threads_never_change_a_byte(capillaryx: Run, tmp_path: Path) -> None:
    one, three = tmp_path / "one", tmp_path / "three"
    capillaryx("phantom", 4, "-o", one, *SMALL, "--seed", 9, "--threads", 1)
    capillaryx("phantom", 4, "-o", three, *SMALL, "--seed", 9, "--threads", 3)
    assert names(one) == names(three)
    for name in names(one):
        assert (one / name).read_bytes() == (three / name).read_bytes(), name


def test_a_later_start_gives_the_same_frames(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 3, "-o", tmp_path / "all", *SMALL)
    capillaryx("phantom", 1, "-o", tmp_path / "last", *SMALL, "--first", 2)
    name = "phantom_002.png"
    assert (tmp_path / "all" / name).read_bytes() == (tmp_path / "last" / name).read_bytes()


@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("jpg", b"\xff\xd8\xff"), ("ppm", b"P6\n320 240\n")])
def test_format(capillaryx: Run, tmp_path: Path, kind: str, magic: bytes) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "out", *SMALL, "--format", kind)
    assert (tmp_path / "out" / f"phantom_000.{kind}").read_bytes().startswith(magic)


def test_progress_is_in_order(capillaryx: Run, tmp_path: Path) -> None:
    done = capillaryx("phantom", 5, "-o", tmp_path / "out", "--width", 128, "--height", 96)
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == [
        f"{i + 1}/5 phantom_00{i}.png" for i in range(5)
    ]


def test_refuses_a_folder_that_is_not_empty(capillaryx: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = capillaryx("phantom", 1, "-o", tmp_path, *SMALL, expect=1)
    assert "not empty" in done.stderr
    assert "--force" in done.stderr
    capillaryx("phantom", 1, "-o", tmp_path, *SMALL, "--force")
    assert names(tmp_path) == ["mine.txt", "phantom_000.png", "truth.coco.json"]


@pytest.mark.parametrize("flags", [("--blur", -1), ("--width", 63), ("--hairs", "many"), ("--format", "gif")])
def test_wrong_use_is_said(capillaryx: Run, tmp_path: Path, flags: tuple[object, ...]) -> None:
    done = capillaryx("phantom", 1, "-o", tmp_path / "out", *flags, expect=2)
    assert str(flags[0]).strip("-") in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_that_cannot_be_written_is_said(capillaryx: Run, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    done = capillaryx("phantom", 1, "-o", tmp_path / "out", *SMALL, expect=1)
    assert "cannot make the folder" in done.stderr


def test_a_file_in_place_of_the_folder_is_said(capillaryx: Run, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    done = capillaryx("phantom", 1, "-o", tmp_path / "out", *SMALL, expect=1)
    assert "cannot make the folder" in done.stderr


def test_a_capillary_whose_contour_meets_itself_at_the_border_has_the_area_of_its_outline(
    capillaryx: Run, tmp_path: Path
) -> None:
    # The 12th frame of this seed has a capillary whose two limbs end at the left border.
    capillaryx("phantom", 1, "--seed", 20261127, "--first", 11, "-o", tmp_path / "frames", "--quiet")
    capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--executor", "serial", "--quiet")
    (frame,) = results.frames(tmp_path / "out")
    assert frame["status"] == "ok", frame["error"]
    for capillary in frame["capillaries"]:
        assert capillary["area_px"] <= capillary["bbox"][2] * capillary["bbox"][3]
