# SPDX-License-Identifier: Apache-2.0
"""Networks over whole frames: segmentation, detection, classes of a frame."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Run
from PIL import Image

NETWORKS = ROOT / "tests/networks"
RIGHT = {
    "segmentation.xml": (
        "task         segmentation",
        "512x512 pixels, 3 channels, rgb, channels first",
        "fit          tile",
    ),
    "logit_map.xml": ("task         segmentation", "256x256 pixels, 3 channels, rgb, channels last"),
    "class_map.xml": ("task         segmentation", "512x512 pixels"),
    "detection.xml": ("task         detection", "320x240 pixels", "fit          stretch"),
    "detector_outputs.xml": ("task         detection", "output       scores"),
    "frame_classes.xml": ("task         frame", "values       reddish, greenish, bluish"),
}


def copy_network(name: str, folder: Path, **said: Any) -> Path:
    """A stub, with other notes; a key that is None is left out."""
    for file in (NETWORKS / name, (NETWORKS / name).with_suffix(".bin")):
        shutil.copy(file, folder)
    notes = json.loads((NETWORKS / f"{name}.json").read_text()) | said
    (folder / f"{name}.json").write_text(json.dumps({key: value for key, value in notes.items() if value is not None}))
    return folder / name


def frames_of(out: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    return [line for line in lines if line["type"] == "frame"]


def found(out: Path) -> list[Any]:
    """What does not depend on time, worker and host."""
    kept = ("source", "status", "error", "capillaries", "candidates", "density", "values")
    return [{key: frame.get(key) for key in kept} for frame in frames_of(out)]


@pytest.fixture(scope="module")
def frames(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "frames"
    capillaryx("phantom", 2, "-o", folder, "--seed", 3, "--width", 640, "--height", 480)
    return folder


@pytest.mark.parametrize("name", RIGHT)
def test_check_says_what_a_network_over_frames_is(capillaryx: Run, name: str) -> None:
    done = capillaryx("model", "check", NETWORKS / name)
    for words in RIGHT[name]:
        assert words in done.stdout
    assert "ms per frame of 1280x720 pixels" in done.stdout
    assert "usable: " in done.stdout
    assert done.stderr == ""


def test_check_draws_the_result_on_a_picture(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    picture = next(frames.glob("*.png"))
    done = capillaryx("model", "check", NETWORKS / "segmentation.xml", picture, "-o", tmp_path / "drawn.png")
    assert "capillaries, density 0.0" in done.stdout
    assert "found        0 " not in done.stdout
    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        (
            "segmentation.xml",
            {"threshol": 0.5},
            '"threshol" is not known for the task segmentation; did you mean "threshold"?',
        ),
        ("segmentation.xml", {"input": None}, "nothing says what its channels hold"),
        ("segmentation.xml", {"input": "grey"}, 'which does not show where the 1 channel of "grey" are'),
        ("segmentation.xml", {"overlap": 512}, '"overlap" is 512, but a tile is 512x512 pixels'),
        ("segmentation.xml", {"multiple": 48}, "is no multiple of 48"),
        ("segmentation.xml", {"task": "segment"}, '"task" must be one of region, segmentation, detection, frame'),
        ("segmentation.xml", {"fit": "stretch"}, 'write "width" and "height"'),
        ("segmentation.xml", {"capillary_class": 1}, "but the network gives 1 class, counted from 0"),
        ("logit_map.xml", {"output": "probability"}, 'needs "output": "logits"'),
        ("logit_map.xml", {"capillary_class": None}, "nothing says which of them (from 0) is a capillary"),
        ("logit_map.xml", {"fit": "whole"}, "sides that are fixed cannot take whole frames"),
        ("logit_map.xml", {"width": 128}, "but its width is said to be 128"),
        ("class_map.xml", {"capillary_class": None}, "write which of them is a capillary"),
        ("detection.xml", {"columns": ["x0", "y0", "x1", "y1"]}, "name the boxes' score once"),
        ("detection.xml", {"columns": ["x0", "y0", "x1", "y1", "-", "score"]}, '"columns" names 6 numbers a box'),
        ("detection.xml", {"columns": ["left", "score"]}, 'it has "left"'),
        ("detection.xml", {"columns": None}, "nothing says which numbers of a box are its place"),
        ("detection.xml", {"fit": None}, "nothing says how a frame becomes its input"),
        ("detector_outputs.xml", {"scores": "score"}, 'it has no output "score", which "scores" names'),
        ("detector_outputs.xml", {"boxes": None}, "it has 3 outputs; name those of the boxes"),
        ("detector_outputs.xml", {"capillary_class": None}, "belong together"),
        ("frame_classes.xml", {"classes": ["good", "bad"]}, "3 numbers a frame, but 2 are named"),
        ("frame_classes.xml", {"classes": None}, "name the numbers of a frame"),
    ],
)
def test_check_says_what_to_do_about_a_mismatch(
    capillaryx: Run, tmp_path: Path, name: str, said: dict[str, Any], words: str
) -> None:
    done = capillaryx("model", "check", copy_network(name, tmp_path, **said), expect=1)
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert "usable" not in done.stdout


def test_segmentations_of_every_form_find_the_same_capillaries(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    boxes = {}
    for name in ("segmentation.xml", "logit_map.xml", "class_map.xml"):
        out = tmp_path / name
        capillaryx("analyze", frames, "-o", out, "--model", NETWORKS / name)
        boxes[name] = [[each["bbox"] for each in frame["capillaries"]] for frame in frames_of(out)]
        assert all(frame["status"] == "ok" and frame["density"] > 0 for frame in frames_of(out))
        assert len(list((out / "overlays").iterdir())) == 2
    assert all(len(each) > 3 for each in boxes["segmentation.xml"])
    assert boxes["logit_map.xml"] == boxes["segmentation.xml"] == boxes["class_map.xml"]


def test_tiles_give_what_the_whole_frame_gives(capillaryx: Run, tmp_path: Path) -> None:
    """Overlaps of 64 hide 16 pixels of each tile; the network looks 10 pixels far."""
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 5)
    found_by = {}
    for fit in ("tile", "whole"):
        (tmp_path / fit).mkdir()
        network = copy_network("segmentation.xml", tmp_path / fit, fit=fit)
        out = tmp_path / f"out-{fit}"
        capillaryx("analyze", tmp_path / "frames", "-o", out, "--model", network, "--no-overlays")
        (found_by[fit],) = frames_of(out)
    tiles, whole = (found_by[fit] for fit in ("tile", "whole"))
    assert tiles["width"] > 1024
    assert len(tiles["capillaries"]) > 10
    assert [each["bbox"] for each in tiles["capillaries"]] == [each["bbox"] for each in whole["capillaries"]]
    scores = [np.array([each["score"] for each in frame["capillaries"]]) for frame in (tiles, whole)]
    assert np.abs(scores[0] - scores[1]).max() <= 1e-4


@pytest.mark.parametrize("name", ["detection.xml", "detector_outputs.xml"])
def test_a_detectors_boxes_are_capillaries(capillaryx: Run, tmp_path: Path, frames: Path, name: str) -> None:
    out = tmp_path / "out"
    capillaryx("analyze", frames, "-o", out, "--model", NETWORKS / name)
    for frame in frames_of(out):
        # Of twice the input's size; the second box is a double of the first, the fourth under the threshold.
        assert [(each["bbox"], round(each["score"], 4)) for each in frame["capillaries"]] == [
            ([20, 40, 80, 120], 0.9),
            ([400, 200, 120, 160], 0.7),
        ]
        assert frame["density"] == pytest.approx((80 * 120 + 120 * 160) / (640 * 480))
        assert "outlines are boxes" in frame["notes"][0]
        assert len(frame["candidates"]) == (1 if name == "detection.xml" else 0)


@pytest.mark.parametrize(("fit", "rows"), [("letterbox", 2.0), ("stretch", 400 / 240)])
def test_boxes_of_a_resized_frame_are_scaled_back(capillaryx: Run, tmp_path: Path, fit: str, rows: float) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 400)
    network = copy_network("detection.xml", tmp_path, fit=fit)
    capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--model", network)
    (frame,) = frames_of(tmp_path / "out")
    top, bottom = round(20 * rows), round(80 * rows)
    assert [each["bbox"] for each in frame["capillaries"]] == [
        [20, top, 80, bottom - top],
        [400, round(100 * rows), 120, round(180 * rows) - round(100 * rows)],
    ]


def test_a_segmentation_of_a_resized_frame_has_the_frames_size(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    """At half of its size vessels are half as wide for the network, and outlines still lie on those of the frame."""
    network = copy_network("segmentation.xml", tmp_path, fit="letterbox", width=320, height=320)
    capillaryx("analyze", frames, "-o", tmp_path / "out", "--model", network)
    capillaryx("analyze", frames, "-o", tmp_path / "full", "--model", NETWORKS / "segmentation.xml")
    for half, full in zip(frames_of(tmp_path / "out"), frames_of(tmp_path / "full"), strict=True):
        assert half["valid_px"] == 640 * 480
        middles = [(x + w / 2, y + h / 2) for x, y, w, h in (each["bbox"] for each in full["capillaries"])]
        boxes = [each["bbox"] for each in half["capillaries"]]
        inside = [any(x <= mx <= x + w and y <= my <= y + h for x, y, w, h in boxes) for mx, my in middles]
        assert np.mean(inside) > 0.8, inside


def test_boxes_of_tiles_lie_where_the_tiles_lie(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    network = copy_network("detection.xml", tmp_path, fit="tile", overlap=0)
    capillaryx("analyze", frames, "-o", tmp_path / "out", "--model", network)
    boxes = [each["bbox"] for each in frames_of(tmp_path / "out")[0]["capillaries"]]
    assert boxes == [
        [10, 20, 40, 60],
        [330, 20, 40, 60],
        [200, 100, 60, 80],
        [520, 100, 60, 80],
        [10, 260, 40, 60],
        [330, 260, 40, 60],
        [200, 340, 60, 80],
        [520, 340, 60, 80],
    ]


def test_numbers_of_a_frame_are_values(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    capillaryx("analyze", frames, "-o", tmp_path / "out", "--model", NETWORKS / "frame_classes.xml")
    for frame in frames_of(tmp_path / "out"):
        values = frame["values"]
        assert sum(values.values()) == pytest.approx(1, abs=1e-5)
        with Image.open(frames / Path(frame["file"]).name) as picture:
            means = np.asarray(picture.convert("RGB")).mean(axis=(0, 1)) / 255
        expected = np.exp(means) / np.exp(means).sum()
        assert [values[name] for name in ("reddish", "greenish", "bluish")] == pytest.approx(list(expected), abs=2e-3)
    assert "reddish" in (tmp_path / "out/results.csv").read_text().splitlines()[0]


@pytest.mark.parametrize("name", ["segmentation.xml", "detection.xml", "frame_classes.xml"])
def test_results_do_not_depend_on_how_a_network_is_run(
    capillaryx: Run, tmp_path: Path, frames: Path, name: str
) -> None:
    ways: dict[str, tuple[Any, ...]] = {
        "processes": ("--model", NETWORKS / name, "--workers", 2),
        "serial": ("--model", NETWORKS / name, "--executor", "serial"),
        "threads": ("--model", NETWORKS / name, "--worker-kind", "thread", "--workers", 2),
        "named": ("--analyzer", f"model:{NETWORKS / name}"),
    }
    results = {}
    for way, arguments in ways.items():
        capillaryx("analyze", frames, "-o", tmp_path / way, *arguments, "--no-overlays")
        results[way] = found(tmp_path / way)
        assert all(frame["status"] == "ok" for frame in results[way])
    assert all(result == results["processes"] for result in results.values())


def test_compare_puts_networks_beside_each_other(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    names = f"capillary,model:{NETWORKS / 'segmentation.xml'},model:{NETWORKS / 'detection.xml'}"
    labels = frames / "truth.coco.json"
    done = capillaryx("compare", frames, "-o", tmp_path / "out", "--labels", labels, "--analyzers", names)
    assert done.stdout.count("model:") == 2
    rows = json.loads((tmp_path / "out/compare.json").read_text())["analyzers"]
    assert len(rows) == 3


def test_resume_refuses_other_notes_of_a_network(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    network = copy_network("segmentation.xml", tmp_path)
    run = ("analyze", frames, "-o", tmp_path / "out", "--model", network)
    capillaryx(*run)
    capillaryx(*run, "--resume")
    copy_network("segmentation.xml", tmp_path, threshold=0.7)
    assert "this run differs from the one in" in capillaryx(*run, "--resume", expect=1).stderr


def test_a_frame_that_a_network_cannot_take_fails_alone(capillaryx: Run, tmp_path: Path, frames: Path) -> None:
    folder = tmp_path / "frames"
    shutil.copytree(frames, folder)
    capillaryx("phantom", 1, "-o", tmp_path / "small", "--seed", 3, "--width", 64, "--height", 64)
    shutil.copy(next((tmp_path / "small").glob("*.png")), folder / "a.png")
    (folder / "b.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    capillaryx("analyze", folder, "-o", tmp_path / "out", "--model", NETWORKS / "segmentation.xml", expect=3)
    assert [frame["status"] for frame in frames_of(tmp_path / "out")].count("failed") == 1


def test_the_schema_has_the_keys_that_the_program_knows(capillaryx: Run, tmp_path: Path) -> None:
    schema = json.loads((ROOT / "docs/network.schema.json").read_text())
    page = (ROOT / "docs/networks.md").read_text()
    stubs = {"segmentation": "segmentation.xml", "detection": "detection.xml", "frame": "frame_classes.xml"}
    for task in schema["oneOf"]:
        name = task["properties"]["task"]["const"]
        network = copy_network(stubs[name], tmp_path, unheard_of=1)
        said = capillaryx("model", "check", network, expect=1).stderr
        known = said.split("(known: ")[1].split(")")[0].split(", ")
        assert set(known) == set(task["properties"])
        assert all(f"`{key}`" in page or key == "task" for key in known)
