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
    assert "trained on drawn tissue alone (seed 5, 10 frames)" in said

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
    capillaryx("phantom", 6, "-o", frames, "--seed=77")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    code, said, complained = finished(fine_tune(program, frames, whole))
    assert code == 0, complained[-4000:]
    network = (whole / "capillary.onnx").read_bytes()
    card: dict[str, Any] = json.loads((whole / "card.json").read_text())
    assert card["sha256"] == hashlib.sha256(network).hexdigest()
    assert network != (ROOT / "models/capillary.onnx").read_bytes()
    assert card["held_out"]["names"] == ["phantom_005.png"]
    assert card["frames"] == 5
    for name in ("as shipped", "fine-tuned"):
        assert card["held_out"][name]["region accuracy"][0] > 0.85
        assert card["held_out"][name]["f1"][0] > 0.8
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
