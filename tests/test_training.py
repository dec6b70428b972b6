# SPDX-License-Identifier: Apache-2.0
"""The recipe of the shipped network, at a small size: it runs from a seed, gives the same bytes twice, and what comes
out is a network that the program takes and that has learnt something."""

import hashlib
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Run

PYTHON = ROOT / ".venv-train/bin/python"
# Frames on which the shipped network is not at its best: there is something to gain.
HARD = ("--contrast=0.5", "--blur=2.5", "--noise=3", "--folds=2", "--hairs=6", "--deep-vessels=4", "--specks=6")
SMALL = ("--width=960", "--height=720")


def make_model(program: Path, folder: Path, *options: str) -> bytes:
    command = [PYTHON, ROOT / "training/make_model.py", "--program", program, "--output", folder / "model"]
    command += ["--work", folder / "work", "--seed=5", "--frames=10", "--held-out-frames=10", *options]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return (folder / "model/capillary.onnx").read_bytes()


def test_card_tells_of_the_shipped_network() -> None:
    card = json.loads((ROOT / "models/card.json").read_text())
    digest = hashlib.sha256((ROOT / "models/capillary.onnx").read_bytes()).hexdigest()
    assert card["sha256"] == digest
    assert digest in (ROOT / "models/README.md").read_text()


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_recipe_gives_a_network_that_has_learnt(program: Path, capillaryx: Run, tmp_path: Path) -> None:
    network = make_model(program, tmp_path, "--epochs=12")
    card = json.loads((tmp_path / "model/card.json").read_text())
    assert card["sha256"] == hashlib.sha256(network).hexdigest()
    assert card["synthetic"]["auc"][0] > 0.8
    assert card["sha256"] in (tmp_path / "model/README.md").read_text()
    said = capillaryx("model", "check", tmp_path / "model/capillary.onnx").stdout
    assert "trained on synthetic tissue alone (seed 5, 10 frames)" in said

    again = tmp_path / "again"
    again.mkdir()
    assert make_model(program, again, "--epochs=12") == network


def fine_tune(program: Path, frames: Path, output: Path, *options: str) -> "subprocess.Popen[str]":
    command = [PYTHON, ROOT / "training/fine_tune.py", "--program", program, "--frames", frames]
    command += ["--labels", frames / "truth.coco.json", "--output", output, "--epochs=3", *options]
    return subprocess.Popen(
        list(map(str, command)), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=output.parent
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    said, complained = process.communicate(timeout=600)
    return process.returncode, said, complained


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_fine_tuning_on_labels_of_ones_own(program: Path, capillaryx: Run, tmp_path: Path) -> None:
    """Gives a network that the program takes, figures on the frames held out, and the same after an interruption."""
    frames = tmp_path / "frames"
    capillaryx("phantom", 8, "-o", frames, "--seed=77", *HARD, *SMALL)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    code, said, complained = finished(fine_tune(program, frames, whole))
    assert code == 0, complained[-4000:]
    network = (whole / "capillary.onnx").read_bytes()
    card: dict[str, Any] = json.loads((whole / "card.json").read_text())
    assert card["sha256"] == hashlib.sha256(network).hexdigest()
    assert network != (ROOT / "models/capillary.onnx").read_bytes()
    assert sorted(card["held_out"]["names"]) == ["phantom_002.png", "phantom_007.png"]
    assert card["frames"] == 6
    assert card["held_out"]["fine-tuned"]["region accuracy"][0] > 0.8
    assert card["held_out"]["fine-tuned"]["f1"][0] >= card["held_out"]["as shipped"]["f1"][0]
    assert "labelled capillaries" in said.splitlines()[0]  # the recall of the proposals comes first
    assert "| f1 | " in said
    assert card["sha256"] in (whole / "README.md").read_text()
    assert "fine-tuned on truth.coco.json (seed 1)" in capillaryx("model", "check", whole / "capillary.onnx").stdout

    process = fine_tune(program, frames, cut)
    while process.poll() is None and not (cut / "work/epoch.json").exists():
        time.sleep(0.05)
    process.kill()
    finished(process)
    assert not (cut / "capillary.onnx").exists()
    code, _, complained = finished(fine_tune(program, frames, cut, "--resume", "--seed=2"))
    assert code == 1
    assert "not as in the interrupted run: seed" in complained
    code, said, complained = finished(fine_tune(program, frames, cut, "--resume"))
    assert code == 0, complained[-4000:]
    assert "going on after epoch" in said
    assert (cut / "capillary.onnx").read_bytes() == network


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_fine_tuning_on_frames_with_few_capillaries_beats_the_base(
    program: Path, capillaryx: Run, tmp_path: Path
) -> None:
    """A tenth of the regions are capillaries, two thirds of those that the base network was calibrated on."""
    frames = tmp_path / "frames"
    capillaryx("phantom", 36, "-o", frames, "--seed=31", "--capillaries=0.4", "--bubbles=3", *HARD, *SMALL)
    held_out = ",".join(f"phantom_{number:03}" for number in range(24, 36))
    code, said, complained = finished(
        fine_tune(program, frames, tmp_path / "out", f"--held-out={held_out}", "--epochs=12")
    )
    assert code == 0, said + complained[-4000:]
    card = json.loads((tmp_path / "out/card.json").read_text())
    assert 0.05 < card["usual_share"] < 0.2
    assert (
        f"usual share  {card['usual_share']}\n" in capillaryx("model", "info", tmp_path / "out/capillary.onnx").stdout
    )
    scores = card["held_out"]
    assert scores["fine-tuned"]["f1"][0] > scores["as shipped"]["f1"][0]


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_a_network_that_is_worse_than_the_base_is_not_written(program: Path, capillaryx: Run, tmp_path: Path) -> None:
    """Labels of the frames to train on that leave out most capillaries teach that these are none."""
    frames = tmp_path / "frames"
    capillaryx("phantom", 5, "-o", frames, "--seed=78", *SMALL)
    labels = frames / "truth.coco.json"
    coco = json.loads(labels.read_text())
    held_out = next(image["id"] for image in coco["images"] if image["file_name"] == "phantom_004.png")
    kept = [each for i, each in enumerate(coco["annotations"]) if each["image_id"] == held_out or i % 16 == 0]
    labels.write_text(json.dumps({**coco, "annotations": kept}))
    out = tmp_path / "out"
    out.mkdir()
    (out / "capillary.onnx").write_text("the network of an earlier run")
    code, said, complained = finished(fine_tune(program, frames, out, "--epochs=60"))
    assert code == 1, said
    assert "the fine-tuned network is not written: on the frames held out its F1 is" in complained
    assert "Traceback" not in complained
    assert "| f1 | " in said
    assert (out / "capillary.onnx").read_text() == "the network of an earlier run"
    assert not (out / "card.json").exists()


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_labels_that_are_none_end_fine_tuning_with_the_reason(program: Path, capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("phantom", 1, "-o", tmp_path / "frames", "--capillaries=0")
    code, _, complained = finished(fine_tune(program, tmp_path / "frames", tmp_path / "out"))
    assert code == 1
    assert "too few labels" in complained
    (tmp_path / "frames/truth.coco.json").write_text("[]")
    code, _, complained = finished(fine_tune(program, tmp_path / "frames", tmp_path / "out"))
    assert code == 1
    assert "truth.coco.json" in complained
    assert "Traceback" not in complained


@pytest.mark.skipif(not PYTHON.exists(), reason="no .venv-train (make soak sets it up)")
def test_measures_name_what_tells_frames_of_another_make_from_synthetic_ones(
    program: Path, capillaryx: Run, tmp_path: Path
) -> None:
    """Frames of five times the noise stand for the real ones: the grain gives them away, the length does not."""
    frames = tmp_path / "frames"
    assert capillaryx("phantom", "6", "-o", frames, "--seed=4", "--noise=5", "--format=ppm").returncode == 0
    command = [PYTHON, ROOT / "training/synthetic_or_real.py", "--program", program, "--frames", frames, "--drawn=6"]
    command += ["--labels", frames / "truth.coco.json", "--epochs=2", "--figures", tmp_path / "figures.json"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    found = json.loads((tmp_path / "figures.json").read_text())["kinds"]["capillaries"]
    assert found["measures"]["fine grain over unrest"][0] > 0.7
    assert 0.35 < found["measures"]["how long for its width"][0] < 0.65
