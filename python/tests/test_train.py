# SPDX-License-Identifier: Apache-2.0
"""Fine-tuning from the installed package. What it does is tested by tests/test_training.py of the checkout."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, ROOT, run


def train(folder: Path, *words: object, python_path: str = "") -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": python_path}
    command = [sys.executable, "-m", "capillaryx.train", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=folder, env=environment, timeout=600
    )


def test_without_tensorflow_it_says_what_to_install(tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorflow") is not None:
        pytest.skip("TensorFlow is installed here")
    done = train(tmp_path)
    assert done.returncode == 2
    assert "pip install 'capillaryx[train]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.soak
def test_it_fine_tunes_the_network_of_the_package(tmp_path: Path) -> None:
    """With the Keras of the training environment."""
    found = sorted((ROOT / ".venv-train/lib").glob("python*/site-packages/keras"))
    if not found:
        pytest.skip("no Keras: make model sets .venv-train up")
    # Frames on which the shipped network is not at its best: a network that is no better is not written.
    hard = ("--contrast=0.5", "--blur=2.5", "--noise=3", "--folds=2", "--hairs=6", "--deep-vessels=4", "--specks=6")
    run(COMMAND, "phantom", 8, "-o", tmp_path / "frames", "--seed=77", "--width=960", "--height=720", *hard)
    words = ("--labels", "frames/truth.coco.json", "--frames", "frames", "--output", "out", "--epochs", 3)
    done = train(tmp_path, *words, python_path=str(found[0].parent))
    assert done.returncode == 0, done.stderr[-3000:]
    card = json.loads((tmp_path / "out/card.json").read_text())
    assert card["held_out"]["fine-tuned"]["f1"][0] >= card["held_out"]["as shipped"]["f1"][0]
    run(COMMAND, "analyze", "frames", "-o", "results", "--model", "out/capillary.onnx", cwd=tmp_path)
