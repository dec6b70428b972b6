# SPDX-License-Identifier: Apache-2.0
"""The package in an empty environment, away from the checkout: what pip brings is enough."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

WHEELS = sorted((ROOT / "build/wheel").glob("*.whl"))
# What a user does first, with nothing but what pip brought.
PROGRAM = """
import sys
import numpy as np
import capillaryx

folder = sys.argv[1]
assert capillaryx.__file__.startswith(sys.prefix), capillaryx.__file__
results = list(capillaryx.analyze(folder))
assert [result.status for result in results] == ["ok"] * 2
assert all(result.count for result in results)
assert capillaryx.analyze_frame(np.full((480, 640, 3), 150, np.uint8)).count == 0
for call in (capillaryx.to_pandas, lambda found: found[0].plot()):
    try:
        call(results)
    except ModuleNotFoundError as error:
        print("needs", error.name)
try:
    capillaryx.analyze(folder, executor="ray")
except capillaryx.UsageError as error:
    print(error)
print([[result.source, result.count] for result in results])
"""


def plain(*words: object, cwd: Path) -> str:
    """Runs a command without this process's Python paths."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        list(map(str, words)), capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=3000
    )
    assert done.returncode == 0, f"{words}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def use_it(folder: Path, what: str) -> None:
    """Installs into a fresh environment in `folder` and uses it there."""
    base = Path(sys.base_prefix) / "bin/python3"
    plain(base, "-m", "venv", folder / "venv", cwd=folder)
    bin_folder = folder / "venv/bin"
    plain(bin_folder / "pip", "install", "--quiet", "--disable-pip-version-check", what, cwd=folder)
    plain(bin_folder / "capillaryx", "phantom", 2, "-o", "frames", cwd=folder)
    (folder / "use.py").write_text(PROGRAM)
    said = plain(bin_folder / "python", "use.py", "frames", cwd=folder)
    assert "needs pandas\nneeds matplotlib\nexecutor='ray' needs Ray: pip install 'capillaryx[ray]'" in said
    plain(bin_folder / "capillaryx", "analyze", "frames", "-o", "results", cwd=folder)
    assert (folder / "results/report.html").is_file()
    (folder / "mine.py").write_text(
        "import capillaryx\nclass Size(capillaryx.Analyzer):\n"
        "    def analyze(self, frame):\n        return {'size': float(frame.pixels.size)}\n"
    )
    plain(bin_folder / "capillaryx", "analyze", "frames", "-o", "own", "--analyzer", "python:mine.py:Size", cwd=folder)
    installed = {line.split()[0].lower() for line in plain(bin_folder / "pip", "list", cwd=folder).splitlines()[2:]}
    # openvino-telemetry comes with OpenVINO; nothing here calls it.
    assert installed - {"pip", "setuptools"} == {"capillaryx", "numpy", "openvino", "openvino-telemetry"}


@pytest.mark.skipif(not WHEELS, reason="no wheel in build/wheel")
def test_the_wheel_works_in_an_empty_environment(tmp_path: Path) -> None:
    use_it(tmp_path, str(WHEELS[0]))


@pytest.mark.skipif(not WHEELS, reason="no wheel in build/wheel")
def test_the_wheel_holds_the_licence_and_no_source_or_test() -> None:
    with zipfile.ZipFile(WHEELS[0]) as wheel:
        names = wheel.namelist()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/THIRD_PARTY.md") for name in names)
    for package in ("libcli11-dev", "libflatbuffers-dev", "nlohmann-json3-dev", "nanobind"):
        assert f"capillaryx/licenses/{package}.txt" in names
    assert not [name for name in names if name.endswith((".cc", ".h", ".a")) or "test" in name]


@pytest.mark.soak
def test_pip_install_of_the_checkout_works_in_an_empty_environment(tmp_path: Path) -> None:
    """Compiles everything, minutes long."""
    use_it(tmp_path, str(ROOT))
