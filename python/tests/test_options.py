# SPDX-License-Identifier: Apache-2.0
"""What of the package is made from the C++ side is up to date."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import COMMAND, ROOT, run

import capillaryx
from capillaryx import _core, options


def test_keywords_are_those_of_the_one_list() -> None:
    fields = {field["name"]: field for field in _core.option_fields()}
    assert list(options.OptionKeywords.__annotations__) == list(fields)
    assert {name: field["default"] for name, field in fields.items()} == capillaryx.DEFAULTS


def test_made_files_are_what_would_be_made_now(tmp_path: Path) -> None:
    pytest.importorskip("nanobind")
    pytest.importorskip("ruff")
    subprocess.run([sys.executable, ROOT / "scripts/python_api.py", tmp_path], check=True, cwd=ROOT)
    for name in ("options.py", "_core.pyi"):
        assert (tmp_path / name).read_text() == (ROOT / "python/capillaryx" / name).read_text(), (
            f"{name} is old: make docs makes it again"
        )


def test_types_come_with_the_package() -> None:
    assert (Path(capillaryx.__file__).parent / "py.typed").is_file()
    assert (Path(capillaryx.__file__).parent / "_core.pyi").is_file()


def test_a_users_program_is_checked_against_the_types_of_the_installed_package(tmp_path: Path) -> None:
    mypy = ROOT / ".venv/bin/mypy"
    if not mypy.exists():
        pytest.skip("no mypy in .venv (make test sets it up)")
    good = (
        "import numpy as np\nimport capillaryx\n"
        "class Mine(capillaryx.Analyzer):\n"
        "    def analyze(self, frame: capillaryx.Frame) -> dict[str, float]:\n"
        "        return {'mean': float(frame.pixels.mean())}\n"
        "found: list[float | None] = [result.density for result in capillaryx.analyze('frames', analyzer=Mine)]\n"
        "one: capillaryx.FrameResult = capillaryx.analyze_frame(np.zeros((9, 9), np.uint8), scale_um_per_px=1.1)\n"
    )
    (tmp_path / "good.py").write_text(good)
    (tmp_path / "bad.py").write_text("import capillaryx\ncapillaryx.analyze('frames', worker=2)\n")
    check = [mypy, "--strict", "--cache-dir", tmp_path / "cache", "--python-executable", sys.executable]
    run(*check, "good.py", cwd=tmp_path)
    said = run(*check, "bad.py", cwd=tmp_path, expect=1)
    assert '"worker"' in said


def test_the_command_is_the_program() -> None:
    said = run(COMMAND, "--version")
    version, commit, build, model, sha256 = _core.build_info()
    assert said.startswith(f"capillaryx {version} (commit {commit}; {build})")
    assert f"{model} sha256 {sha256}" in said
    assert capillaryx.__version__ == version


def test_the_command_in_this_process_is_the_same_as_the_program(capfd: pytest.CaptureFixture[str]) -> None:
    assert _core.run_command(["capillaryx", "--version"]) == 0
    assert capfd.readouterr().out == run(COMMAND, "--version")
    assert _core.run_command(["capillaryx", "analyze"]) == 2


def test_the_wheel_reaches_into_no_build_folder() -> None:
    package = Path(capillaryx.__file__).parent
    for file in (Path(_core.__file__), package / "bin/capillaryx", package / "lib/libcapillaryx.so.0"):
        said = run("readelf", "-d", file) if Path("/usr/bin/readelf").exists() else ""
        paths = [line for line in said.splitlines() if "RUNPATH" in line or "RPATH" in line]
        assert all("[$ORIGIN/" in line and "/build" not in line and ".venv" not in line for line in paths)
