# SPDX-License-Identifier: Apache-2.0
"""What is installed works as a user would use it: away from the build folder, through find_package."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT, Run

HEADERS = sorted(path.name for path in (ROOT / "include/capillaryx").glob("*.h"))


def run(*command: object) -> str:
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "CCACHE_DIR") if name in os.environ}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, timeout=600, env=environment
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation that was moved after it was made."""
    if not (program.parent / "cmake_install.cmake").is_file():
        pytest.skip("the program stands in no build folder")
    first = tmp_path_factory.mktemp("install") / "first"
    run("cmake", "--install", program.parent, "--prefix", first)
    moved = first.with_name("a moved folder")
    first.rename(moved)
    return moved


@pytest.fixture(scope="module")
def frames(capillaryx: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("install") / "frames"
    capillaryx("phantom", 2, "-o", folder)
    return folder


@pytest.fixture(scope="module")
def examples(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples, copied away from the checkout and built against the installation."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(ROOT / "examples", folder / "source")
    run("cmake", "-S", folder / "source", "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}")
    run("cmake", "--build", folder / "build")
    return folder / "build"


def test_installed_headers_are_the_public_ones(installed: Path) -> None:
    assert sorted(path.name for path in (installed / "include").rglob("*.h")) == HEADERS


def test_installed_program_tells_its_version(installed: Path) -> None:
    version = re.search(r"VERSION (\d+\.\d+\.\d+)", (ROOT / "CMakeLists.txt").read_text())
    assert version is not None
    said = run(installed / "bin/capillaryx", "--version")
    assert version[1] in said
    assert "research use only" in said.lower()


def test_installed_program_analyses(installed: Path, frames: Path, tmp_path: Path) -> None:
    run(installed / "bin/capillaryx", "analyze", frames, "-o", tmp_path / "results")
    assert (tmp_path / "results/report.html").is_file()


def test_example_tells_what_the_program_tells(examples: Path, frames: Path, capillaryx: Run, tmp_path: Path) -> None:
    said = run(examples / "analyze_folder", frames).splitlines()
    capillaryx("analyze", frames, "-o", tmp_path / "results")
    densities = [float(line.rsplit(" ", 1)[1]) for line in said]
    rows = (tmp_path / "results/results.csv").read_text("utf-8-sig").splitlines()
    column = rows[0].split(",").index("density")
    assert densities == pytest.approx([float(row.split(",")[column]) for row in rows[1:]], abs=5e-5)


def test_an_algorithm_of_the_users_own_runs_in_the_same_system(examples: Path, frames: Path, tmp_path: Path) -> None:
    said = run(examples / "my_analyzer", frames, tmp_path / "results")
    assert said == "2 frames, 0 of them failed\n"
    lines = [json.loads(line) for line in (tmp_path / "results/results.jsonl").read_text().splitlines()]
    assert [set(line["values"]) for line in lines if line["type"] == "frame"] == [{"bright_px"}] * 2


def test_the_same_algorithm_as_a_library_runs_in_the_installed_program(
    examples: Path, installed: Path, frames: Path, tmp_path: Path
) -> None:
    run(examples / "my_analyzer", frames, tmp_path / "program")
    library = f"lib:{examples / 'my_analyzer.so'}"
    run(installed / "bin/capillaryx", "analyze", frames, "-o", tmp_path / "library", "--analyzer", library)
    values = []
    for folder in (tmp_path / "program", tmp_path / "library"):
        lines = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
        assert [line["status"] for line in lines if line["type"] == "frame"] == ["ok"] * 2
        values.append([line["values"] for line in lines if line["type"] == "frame"])
    assert values[0] == values[1]


def test_a_capture_loop_takes_results_as_frames_come(examples: Path) -> None:
    said = run(examples / "capture_loop").splitlines()
    assert [line.split(":")[0] for line in said] == [f"frame {i}" for i in range(20)]


def test_the_examples_are_short() -> None:
    for name in ("my_analyzer.cc", "capture_loop.cc"):
        assert len((ROOT / "examples" / name).read_text().splitlines()) < 60


def blocks(page: str, language: str) -> list[str]:
    """The pieces of code of a page that are marked as of this language ("" for commands)."""
    text = (ROOT / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_readme_work_in_their_order(
    program: Path, capillaryx: Run, frames: Path, tmp_path: Path
) -> None:
    (block,) = [each for each in blocks("README.md", "") if "capillaryx analyze" in each]
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/capillaryx").symlink_to(program.resolve())
    shutil.copytree(frames, tmp_path / "frames")
    shutil.copy(frames / "truth.coco.json", tmp_path / "labels.json")
    if shutil.which("ffmpeg"):
        pictures = frames / "phantom_%03d.png"
        run("ffmpeg", "-loglevel", "error", "-i", pictures, "-c:v", "mjpeg", tmp_path / "clip.avi")
    commands = [line.split("#")[0].strip() for line in block.splitlines()]
    assert len(commands) >= 6
    for command in commands:
        if "clip.avi" in command and not shutil.which("ffmpeg"):
            continue
        done = subprocess.run(
            ["bash", "-ec", command], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300
        )
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
    for name in ("results/report.html", "results/results.csv", "results/coco.json", "results/results.jsonl"):
        assert (tmp_path / name).is_file()
    assert (tmp_path / "results/overlays").is_dir()


def test_the_program_of_the_readme_compiles_and_runs(installed: Path, frames: Path, tmp_path: Path) -> None:
    (program,) = blocks("README.md", "cpp")
    (tmp_path / "main.cc").write_text(program)
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(readme CXX)\nfind_package(capillaryx REQUIRED)\n"
        "add_executable(readme main.cc)\ntarget_link_libraries(readme PRIVATE capillaryx::capillaryx)\n"
    )
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}")
    run("cmake", "--build", tmp_path / "build")
    shutil.copytree(frames, tmp_path / "frames")
    done = subprocess.run([tmp_path / "build/readme"], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["phantom_000.png", "phantom_001.png"]
    assert (tmp_path / "results/report.html").is_file()


def test_the_library_of_the_page_on_own_algorithms_compiles_and_runs(
    installed: Path, frames: Path, tmp_path: Path
) -> None:
    """With its command, and a class where the page says Mine."""
    (line,) = blocks("docs/custom_algorithms.md", "cpp")
    (tmp_path / "mine.cc").write_text(
        "#include <capillaryx/analyzer.h>\n"
        "struct Mine : capillaryx::Analyzer {\n"
        "  explicit Mine(const capillaryx::Options&) {}\n"
        '  std::string name() const override { return "mine"; }\n'
        '  std::string version() const override { return "1"; }\n'
        "  capillaryx::ModelIdentity model() const override { return {}; }\n"
        "  capillaryx::FrameResult analyze(const capillaryx::Frame& frame) override {\n"
        "    capillaryx::FrameResult result;\n"
        '    result.values["width"] = frame.pixels().width;\n'
        "    return result;\n  }\n};\n" + line
    )
    text = (ROOT / "docs/custom_algorithms.md").read_text()
    found = re.search(r"`(c\+\+ -std=c\+\+20 [^`]*)`", text)
    assert found is not None
    run("bash", "-ec", f"cd '{tmp_path}' && {found[1].replace('PREFIX', f'{chr(39)}{installed}{chr(39)}')}")
    run(
        "bash",
        "-ec",
        f"cd '{tmp_path}' && '{installed}/bin/capillaryx' analyze '{frames}' -o out --analyzer lib:./mine.so",
    )
    lines = [json.loads(each) for each in (tmp_path / "out/results.jsonl").read_text().splitlines()]
    assert [each["values"]["width"] for each in lines if each["type"] == "frame"] == [1920, 1920]


def test_the_notes_of_the_page_on_own_algorithms_are_taken(capillaryx: Run, tmp_path: Path) -> None:
    (notes,) = blocks("docs/custom_algorithms.md", "json")
    shutil.copy(ROOT / "tests/networks/softmax.onnx", tmp_path / "mine.onnx")
    (tmp_path / "mine.onnx.json").write_text(notes)
    said = capillaryx("model", "check", tmp_path / "mine.onnx").stdout
    assert "rgb" in said
