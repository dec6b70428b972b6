# SPDX-License-Identifier: Apache-2.0
"""`--analyzer lib:FILE`: an algorithm of the user's own runs in the workers; what is wrong with one is said clearly."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import results
from conftest import ROOT, Analyze, Run

ALGORITHM = r"""
#include <capillaryx/analyzer.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstdlib>
#include <stdexcept>
class Own : public capillaryx::Analyzer {
 public:
  explicit Own(bool tries) : tries_(tries) {}
  std::string name() const override { return "own"; }
  std::string version() const override { return "7"; }
  capillaryx::ModelIdentity model() const override { return {}; }
  capillaryx::FrameResult analyze(const capillaryx::Frame& frame) override {
    capillaryx::FrameResult result;
    result.values["middle"] = frame.pixels().row(frame.pixels().height / 2)[3 * (frame.pixels().width / 2)];
    if (!tries_) return result;
    result.values["may_read"] = ::open("/etc/passwd", O_RDONLY) >= 0;
    result.values["may_write"] = ::open("written", O_WRONLY | O_CREAT, 0600) >= 0;
    result.values["may_call"] = ::socket(AF_INET, SOCK_STREAM, 0) >= 0;
    return result;
  }
 private:
  bool tries_;
};
static std::unique_ptr<capillaryx::Analyzer> make(const capillaryx::Options& options) {
  if (options.window_px == 121) throw std::runtime_error("the window is not to my taste");
  if (options.window_px == 122) throw 5;
  if (options.window_px == 123) return nullptr;
  return std::make_unique<Own>(options.window_px == 124);
}
CAPILLARYX_ANALYZER_LIBRARY(make)
"""
# The number alone fits.
(ABI,) = re.findall(r"kAbi = (\d+)", (ROOT / "include/capillaryx/analyzer.h").read_text())
WRONG = {
    "no_algorithm.so": "int nothing;",
    "other_number.so": "unsigned capillaryx_analyzer_library[6] = {999999};",
    "other_sizes.so": f"unsigned capillaryx_analyzer_library[6] = {{{ABI}, 8, 8}};",
}


def build(source: Path, library: Path, *flags: str) -> Path:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no c++")
    command = [compiler, *flags, "-shared", "-fPIC", "-o", str(library), str(source)]
    subprocess.run(command, check=True, timeout=120)
    return library


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own algorithm")
    (folder / "own.cc").write_text(ALGORITHM)
    return build(folder / "own.cc", folder / "own.so", "-std=c++20", f"-I{ROOT}/include")


def test_its_values_come_out_everywhere_under_every_executor(
    library: Path, tissue_folder: Path, analyze: Analyze
) -> None:
    runs = [
        analyze(tissue_folder, "--analyzer", f"lib:{library}", *how)
        for how in (["--executor", "serial"], ["--workers", "2"], ["--executor", "router", "--workers", "2"])
    ]
    for run in runs:
        frames = results.frames(run.out)
        assert [frame["status"] for frame in frames] == ["ok"] * 6
        assert all(0 <= frame["values"]["middle"] <= 255 for frame in frames)
        assert [float(row["middle"]) for row in results.rows(run.out)] == [
            frame["values"]["middle"] for frame in frames
        ]
        assert '"middle"' in (run.out / "report/data/index.js").read_text()
    assert len({str([frame["values"]["middle"] for frame in results.frames(run.out)]) for run in runs}) == 1


def test_it_may_read_files_and_nothing_more(library: Path, tissue_folder: Path, analyze: Analyze) -> None:
    run = analyze(tissue_folder, "--analyzer", f"lib:{library}", "--window-px", "124")
    for frame in results.frames(run.out):
        may = {name: value for name, value in frame["values"].items() if name != "middle"}
        assert may == {"may_read": 1, "may_write": 0, "may_call": 0}


def test_a_result_names_the_library_by_its_hash(
    library: Path, tissue_folder: Path, analyze: Analyze, capillaryx: Run, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.so"
    shutil.copy(library, copy)
    run = analyze(tissue_folder, "--analyzer", f"lib:{copy}", "--frames", "2")
    first = results.lines(run.out)[0]
    assert first["analyzer"] == {"name": "own", "version": "7"}
    assert len(first["model"]["sha256"]) == 64
    # Another build of it is no way to go on.
    with copy.open("ab") as file:
        file.write(b"\0")
    (run.out / "results.jsonl").write_text(
        "\n".join(map(str, (run.out / "results.jsonl").read_text().splitlines()[:2])) + "\n"
    )
    said = capillaryx("analyze", tissue_folder, "-o", run.out, "--analyzer", f"lib:{copy}", "--resume", expect=None)
    assert said.returncode in (1, 2)
    assert "sha256" in said.stderr


def test_a_relative_path_needs_no_slash(library: Path, tissue_folder: Path, capillaryx: Run, tmp_path: Path) -> None:
    capillaryx("analyze", tissue_folder, "-o", tmp_path / "out", "--analyzer", "lib:own.so", cwd=library.parent)


@pytest.mark.parametrize(
    ("window", "said"),
    [(121, "the window is not to my taste"), (122, "no std::exception"), (123, "made no analyzer")],
)
def test_a_factory_that_fails_is_a_clear_error(
    library: Path, tissue_folder: Path, capillaryx: Run, tmp_path: Path, window: int, said: str
) -> None:
    done = capillaryx(
        "analyze",
        tissue_folder,
        "-o",
        tmp_path / "out",
        "--analyzer",
        f"lib:{library}",
        "--window-px",
        window,
        expect=2,
    )
    assert said in done.stderr
    assert "own.so" in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_no_algorithm_is_a_clear_error(tissue_folder: Path, capillaryx: Run, tmp_path: Path) -> None:
    for name, source in WRONG.items():
        (tmp_path / "source.c").write_text(source)
        build(tmp_path / "source.c", tmp_path / name, "-x", "c")
    (tmp_path / "text.so").write_text("no library")
    (tmp_path / "folder.so").mkdir()
    for name, expected in {
        "no_algorithm.so": "exports no capillaryx_analyzer_library",
        "other_number.so": "was built for another version of CapillaryX (its interface is 999999,",
        "other_sizes.so": f"its interface is {ABI}.8.8,",
        "text.so": "cannot be loaded as a shared library",
        "folder.so": "no regular file",
        "none.so": "there is no file",
        "": "name a file",
    }.items():
        file = tmp_path / name if name else ""
        done = capillaryx("analyze", tissue_folder, "-o", tmp_path / "out", "--analyzer", f"lib:{file}", expect=2)
        assert expected in done.stderr, name
        assert f"--analyzer lib:{file}" in done.stderr
        assert not (tmp_path / "out").exists()
