# SPDX-License-Identifier: Apache-2.0
"""The recipe of the shipped network, at a small size: it runs from a seed, gives the same bytes twice, and what comes
out is a network that the program takes and that has learnt something."""

import hashlib
import json
import subprocess
from pathlib import Path

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
    network = make_model(program, tmp_path, "--epochs=6")
    card = json.loads((tmp_path / "model/card.json").read_text())
    assert card["sha256"] == hashlib.sha256(network).hexdigest()
    assert card["drawn"]["auc"][0] > 0.8
    assert card["sha256"] in (tmp_path / "model/README.md").read_text()
    said = capillaryx("model", "check", tmp_path / "model/capillary.onnx").stdout
    assert "trained on drawn tissue alone (seed 5, 10 frames)" in said

    again = tmp_path / "again"
    again.mkdir()
    assert make_model(program, again, "--epochs=6") == network
