# SPDX-License-Identifier: Apache-2.0
"""`capillaryx model`: the shipped network, and networks of a user's own in every format, right ones and wrong ones."""

import csv
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, Run

NETWORKS = ROOT / "tests/networks"  # made by training/make_stub_networks.py
RIGHT = {
    "sigmoid.onnx": ("ONNX", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (probabilities)"),
    "softmax.onnx": ("ONNX", "15x15 pixels, 3 channels, rgb, channels first", "2 numbers a region (probabilities)"),
    "logits.onnx": ("ONNX", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (logits)"),
    "one_by_one.onnx": ("ONNX", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (probabilities)"),
    "external.onnx": ("ONNX", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (probabilities)"),
    "imagenet.onnx": ("ONNX", "224x224 pixels, 3 channels, bgr, channels first", "1 number a region (probabilities)"),
    "tiny.tflite": ("TFLite", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (probabilities)"),
    "tiny.xml": ("OpenVINO IR", "15x15 pixels, 3 channels, rgb, channels last", "1 number a region (probabilities)"),
    "saved_model": (
        "TensorFlow SavedModel",
        "15x15 pixels, 3 channels, rgb, channels last",
        "1 number a region (probabilities)",
    ),
}
WRONG = {
    "silent.onnx": "nothing says what they hold; write it into",
    "which_class.onnx": "it has 2 outputs, and nothing says which of them (from 0) is a capillary",
    "no_softmax.onnx": 'needs "output": "logits"',
    "not_a_number.onnx": "the network gave a number that is not finite",
    "five_channels.onnx": "its input is [?, 15, 15, 5]; expected one input",
    "two_inputs.onnx": "it has 2 inputs and 1 outputs; expected one of each",
    "whole_numbers.onnx": "its input is of type i64; expected f32",
    "misspelt.onnx": '"treshold" is not known',
    "truncated.onnx": "damaged, truncated or of another kind",
    "text.onnx": "damaged, truncated or of another kind",
    "none.onnx": "no such file; --model takes ONNX",
    "sigmoid.onnx.json": 'unknown kind of network ".json"',
}


def test_info_names_the_shipped_network_and_its_hash(capillaryx: Run) -> None:
    said = capillaryx("model", "info").stdout
    assert "capillary.onnx (ONNX)" in said
    assert hashlib.sha256((ROOT / "models/capillary.onnx").read_bytes()).hexdigest() in said
    assert "Research use only" in said


@pytest.mark.parametrize("name", RIGHT)
def test_check_says_what_a_network_is_and_that_it_runs(capillaryx: Run, name: str) -> None:
    done = capillaryx("model", "check", NETWORKS / name)
    for words in RIGHT[name]:
        assert words in done.stdout
    assert "usable: " in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", WRONG)
def test_check_explains_what_is_wrong(capillaryx: Run, name: str) -> None:
    done = capillaryx("model", "check", NETWORKS / name, expect=1)
    assert WRONG[name] in done.stderr
    assert done.stderr.startswith(f"capillaryx: {NETWORKS / name}")
    assert done.stderr.count("\n") == 1
    assert "usable" not in done.stdout


@pytest.mark.parametrize("name", ["tiny.tflite", "tiny.xml", "saved_model"])
def test_a_network_cut_short_is_an_error_in_every_format(capillaryx: Run, tmp_path: Path, name: str) -> None:
    file = copy_network(name, tmp_path)
    file = file / "saved_model.pb" if file.is_dir() else file
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    done = capillaryx("model", "check", tmp_path / name, expect=1)
    assert "damaged, truncated or of another kind" in done.stderr


def copy_network(name: str, folder: Path) -> Path:
    """The stub and every file that belongs to it."""
    for stub in NETWORKS.glob(f"{Path(name).stem}*"):
        copy = folder / stub.name
        if stub.is_dir():
            shutil.copytree(stub, copy)
        else:
            shutil.copy(stub, copy)
    return folder / name


def hash_of(capillaryx: Run, network: Path) -> str:
    said = capillaryx("model", "info", network).stdout
    return next(line.split()[1] for line in said.splitlines() if line.startswith("sha256"))


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("external.onnx", "external.onnx"),
        ("external.onnx", "external.weights"),
        ("external.onnx", "external.onnx.json"),
        ("tiny.xml", "tiny.bin"),
        ("saved_model", "saved_model/variables/variables.data-00000-of-00001"),
    ],
)
def test_the_hash_is_over_every_file_of_a_network(capillaryx: Run, tmp_path: Path, name: str, file: str) -> None:
    network = copy_network(name, tmp_path)
    before = hash_of(capillaryx, network)
    assert before == hash_of(capillaryx, NETWORKS / name)
    whole = (tmp_path / file).read_bytes()
    if file.endswith((".weights", ".bin")):
        whole = whole.replace(b"\xa0\xc1", b"\xa0\xc2")  # -80 in place of -20
    elif file.endswith(".json"):
        whole += b"\n"
    elif file.endswith(".onnx"):
        whole = whole.replace(b"capillaryx", b"Capillaryx")  # the producer's name
    else:
        whole = bytes([whole[0] ^ 1]) + whole[1:]
    (tmp_path / file).write_bytes(whole)
    assert hash_of(capillaryx, network) != before


def test_weights_in_a_folder_that_a_link_leads_to_are_hashed(capillaryx: Run, tmp_path: Path) -> None:
    network = copy_network("saved_model", tmp_path)
    before = hash_of(capillaryx, network)
    (network / "variables").rename(tmp_path / "elsewhere")
    (network / "variables").symlink_to(tmp_path / "elsewhere")
    assert hash_of(capillaryx, network) == before


def test_a_network_in_one_file_has_the_hash_of_that_file(capillaryx: Run, tmp_path: Path) -> None:
    network = tmp_path / "mine.onnx"
    shutil.copy(ROOT / "models/capillary.onnx", network)
    assert hash_of(capillaryx, network) == hashlib.sha256(network.read_bytes()).hexdigest()


def test_resume_refuses_other_weights_in_another_file(capillaryx: Run, tmp_path: Path) -> None:
    network = copy_network("external.onnx", tmp_path)
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 320, "--height", 240)
    run = ("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--model", network)
    capillaryx(*run)
    capillaryx(*run, "--resume")
    weights = tmp_path / "external.weights"
    weights.write_bytes(weights.read_bytes()[::-1])
    assert "this run differs from the one in" in capillaryx(*run, "--resume", expect=1).stderr


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (b"../other.weights", "is not in the folder of the network"),
        (b"a/../../b.weight", "is not in the folder of the network"),
        (b"/etc/../etc/host", "is not in the folder of the network"),
        (b"/etc/os-release/", "is not in the folder of the network"),
        (b"*/_ORT_MEM_ADDR_", "missing or no regular file"),  # how ONNX Runtime names memory in place of a file
    ],
)
def test_weights_out_of_the_folder_of_the_network_are_refused(
    capillaryx: Run, tmp_path: Path, location: bytes, reason: str
) -> None:
    (tmp_path / "network").mkdir()
    network = copy_network("external.onnx", tmp_path / "network")
    shutil.copy(NETWORKS / "external.weights", tmp_path / "other.weights")
    name = b"external.weights"
    assert len(location) == len(name)  # so that no length in the file changes
    network.write_bytes(network.read_bytes().replace(name, location))
    done = capillaryx("model", "check", network, expect=1)
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1


def test_external_weights_that_are_missing_are_an_error(capillaryx: Run, tmp_path: Path) -> None:
    network = copy_network("external.onnx", tmp_path)
    (tmp_path / "external.weights").unlink()
    assert "external.weights, which is missing" in capillaryx("model", "check", network, expect=1).stderr


def test_weights_of_the_wrong_length_are_an_error(capillaryx: Run, tmp_path: Path) -> None:
    for name in ("tiny.xml", "tiny.bin", "tiny.xml.json"):
        shutil.copy(NETWORKS / name, tmp_path)
    (tmp_path / "tiny.bin").write_bytes(b"\0" * 4)
    assert "tiny.xml" in capillaryx("model", "check", tmp_path / "tiny.xml", expect=1).stderr


def test_every_format_gives_the_same_capillaries(capillaryx: Run, tmp_path: Path) -> None:
    """The stubs hold one network: dark in the middle is a capillary."""
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    found = {}
    for name in (
        "sigmoid.onnx",
        "softmax.onnx",
        "logits.onnx",
        "one_by_one.onnx",
        "external.onnx",
        "tiny.tflite",
        "tiny.xml",
        "saved_model",
    ):
        out = tmp_path / name
        capillaryx("analyze", tmp_path / "frames", "-o", out, "--model", NETWORKS / name, "--no-overlays")
        found[name] = [
            (each["bbox"], round(each["score"], 4))
            for each in json.loads((out / "coco.json").read_text())["annotations"]
            if each["score"] >= 0.5
        ]
    assert all(boxes == found["sigmoid.onnx"] for boxes in found.values()), found


def test_scores_that_do_not_fit_two_groups_stay_with_a_note(capillaryx: Run, tmp_path: Path) -> None:
    """The stub gives nearly all regions between 0.1 and 0.2, which says nothing of the share of capillaries."""
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    found = {}
    for share in (None, 0.95):
        network = copy_network("sigmoid.onnx", tmp_path)
        said = {"input": "rgb", "scale": 255} if share is None else {"input": "rgb", "scale": 255, "usual_share": share}
        Path(f"{network}.json").write_text(json.dumps(said))
        out = tmp_path / str(share)
        capillaryx("analyze", tmp_path / "frames", "-o", out, "--model", network, "--no-overlays")
        lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
        found[share] = next(line for line in lines if line["type"] == "frame")
    notes = {share: [note for note in frame["notes"] if "fit two groups" in note] for share, frame in found.items()}
    assert notes[None] == []
    (note,) = notes[0.95]
    assert "they do not fit two groups" in note
    assert found[0.95]["candidates"] == found[None]["candidates"] != []  # boxes and scores


def test_a_network_that_gives_no_number_fails_its_frames(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 2, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    out = tmp_path / "out"
    capillaryx("analyze", tmp_path / "frames", "-o", out, "--model", NETWORKS / "not_a_number.onnx", expect=3)
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    frames = [line for line in lines if line["type"] == "frame"]
    assert [frame["status"] for frame in frames] == ["failed", "failed"]
    assert all("not finite" in frame["error"] for frame in frames)


@pytest.mark.parametrize("name", ["truncated.onnx", "five_channels.onnx", "none.onnx"])
def test_analyze_with_a_wrong_network_ends_before_it_begins(capillaryx: Run, tmp_path: Path, name: str) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--width", 320, "--height", 240)
    done = capillaryx("analyze", tmp_path / "frames", "-o", tmp_path / "out", "--model", NETWORKS / name, expect=1)
    assert WRONG[name] in done.stderr


def test_crops_are_of_the_regions_that_are_deep_enough_for_a_capillary(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 2, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    labels = tmp_path / "frames/truth.coco.json"
    regions = []
    for depth in (0, 0.06, 0.3):
        out = tmp_path / str(depth)
        capillaryx("model", "crops", tmp_path / "frames", "--labels", labels, "-o", out, "--min-depth", depth)
        with (out / "regions.csv").open(newline="") as file:
            regions.append(
                {tuple(row[side] for side in ("frame", "x", "y", "width", "height")) for row in csv.DictReader(file)}
            )
    assert regions[0] > regions[1] > regions[2]


def test_crops_are_arrays_with_a_row_each(capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 2, "-o", tmp_path / "frames", "--seed", 3, "--width", 640, "--height", 480)
    labels = tmp_path / "frames/truth.coco.json"
    capillaryx("model", "crops", tmp_path / "frames", "--labels", labels, "-o", tmp_path / "crops")
    inputs = np.load(tmp_path / "crops/inputs.npy")
    with (tmp_path / "crops/regions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert inputs.shape == (len(rows), 4, 22, 22)
    capillaryx("model", "crops", tmp_path / "frames", "--labels", labels, "-o", tmp_path / "small", "--size", 30)
    assert np.load(tmp_path / "small/inputs.npy").shape == (len(rows), 4, 30, 30)
    assert (tmp_path / "small/regions.csv").read_bytes() == (tmp_path / "crops/regions.csv").read_bytes()
    assert inputs.dtype == np.float32
    assert np.isfinite(inputs).all()
    assert {row["label"] for row in rows} <= {"1", "0", "-1", "-2", "-3"}
    capillaries = [i for i, row in enumerate(rows) if row["label"] == "1"]
    truth = [a for a in json.loads(labels.read_text())["annotations"] if not a["iscrowd"]]
    assert 0 < len(capillaries) <= len(truth)
    # Darkness in the middle of a capillary's input stands out from its corners.
    assert (
        inputs[capillaries, 0, 8:24, 8:24].max(axis=(1, 2)) > inputs[capillaries, 0, :4, :4].mean(axis=(1, 2))
    ).all()
