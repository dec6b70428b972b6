# SPDX-License-Identifier: Apache-2.0
"""The examples and the pages' Python runs as it stands."""

import importlib.util
import os
import re
import sys
from pathlib import Path

import pytest
from conftest import ROOT, run

PAGES = [ROOT / "README.md", ROOT / "docs/python.md", ROOT / "docs/scaling.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if page.is_file()], ids=lambda page: str(page.name))
def test_python_of_the_page_runs(page: Path, frames: Path, tmp_path: Path) -> None:
    blocks = BLOCK.findall(page.read_text())
    if not blocks:
        pytest.skip("the page has no Python")
    if any("to_pandas" in block for block in blocks):
        pytest.importorskip("pandas")
    if any("capillaryx.ray" in block for block in blocks):
        pytest.importorskip("ray")
    (tmp_path / "frames").symlink_to(frames)
    (tmp_path / "page.py").write_text("\n".join(blocks))
    run(sys.executable, "page.py", cwd=tmp_path)


def test_the_example_with_scikit_learn_runs(frames: Path) -> None:
    pytest.importorskip("sklearn")
    said = run(sys.executable, ROOT / "examples/scikit_learn_analyzer.py", frames)
    assert said.count(" ok {'bright': ") == 4


def test_the_example_with_keras_runs(frames: Path, tmp_path: Path) -> None:
    """On OpenVINO, which is there; in a home where Keras has never been, as a worker can write nothing."""
    if importlib.util.find_spec("keras") is None:
        pytest.skip("no Keras")
    said = run("/usr/bin/env", "KERAS_BACKEND=openvino", f"HOME={tmp_path}", sys.executable,
               ROOT / "examples/keras_analyzer.py", frames)  # fmt: skip
    assert said.count(" ok {'score': ") == 4


@pytest.mark.soak
def test_the_example_with_keras_on_tensorflow_runs(frames: Path) -> None:
    """With the Keras of the training environment."""
    found = sorted((ROOT / ".venv-train/lib").glob("python*/site-packages/keras"))
    if not found:
        pytest.skip("no Keras: make model sets .venv-train up")
    environment = os.environ | {"PYTHONPATH": str(found[0].parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    said = run("/usr/bin/env", f"PYTHONPATH={environment['PYTHONPATH']}", sys.executable,
               ROOT / "examples/keras_analyzer.py", frames, timeout=300)  # fmt: skip
    assert said.count(" ok {'score': ") == 4
