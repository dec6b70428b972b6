# SPDX-License-Identifier: Apache-2.0
"""The ray executor with its own Ray: the same results as the local driver, and nothing left of that Ray."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import COMMAND, children, comparable, frame_lines, run

pytest.importorskip("ray")

import ray

import capillaryx.ray
from capillaryx import _core
from capillaryx.ray_folder import processes_of


def test_rays_usage_reports_are_off() -> None:
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


@pytest.mark.parametrize("end", ["Ctrl-C", "killed"])
def test_nothing_is_left_of_a_local_ray_whose_program_is_ended(frames: Path, tmp_path: Path, end: str) -> None:
    """Neither processes nor files. Ctrl-C reaches the whole group, as at a terminal."""
    (home := tmp_path / "home").mkdir()
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        words = [COMMAND, "analyze", frames, "-o", tmp_path / "out", "--executor", "ray", "--workers", "1"]
        program = subprocess.Popen(
            [*map(str, words), "--repeat", "100000", "--quiet"],
            # Ray would write a password into a home that has none.
            env={name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
            | {"TMPDIR": folder, "HOME": str(home)},
            start_new_session=True,
            # Ignored where the tests run in the background of a shell, and a child inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        journal = tmp_path / "out/results.jsonl"
        until = time.monotonic() + 300
        while time.monotonic() < until and not (journal.is_file() and journal.read_text().count("\n") > 3):
            time.sleep(0.1)
        (ray_folder,) = map(str, Path(folder).iterdir())
        assert len(processes_of(ray_folder)) >= 4, "Ray's own, and an actor"
        if end == "Ctrl-C":
            os.killpg(program.pid, signal.SIGINT)
            assert program.wait(timeout=120) == 130
        else:
            program.kill()
            program.wait()
            until = time.monotonic() + 60
            while time.monotonic() < until and (processes_of(ray_folder) or any(Path(folder).iterdir())):
                time.sleep(0.1)
        assert processes_of(ray_folder) == []
        assert list(Path(folder).iterdir()) == []
        assert list(home.iterdir()) == []


def test_results_and_pictures_are_those_of_the_local_driver(frames: Path, analysed: Path, tmp_path: Path) -> None:
    run(COMMAND, "analyze", frames, "-o", tmp_path / "out", "--executor", "ray", "--workers", 2)
    ours = {file.name: file.read_bytes() for file in (tmp_path / "out/overlays").iterdir()}
    assert frame_lines(tmp_path / "out") == frame_lines(analysed)
    assert ours == {file.name: file.read_bytes() for file in (analysed / "overlays").iterdir()}


def test_pixels_unreadable_files_and_failures_come_through(tmp_path: Path) -> None:
    """Through one Ray: frames on standard input, and a file that is none."""
    stream = b"".join(b"P5 96 80 255\n" + bytes([value * 20] * (96 * 80)) for value in range(5))
    for name, words in {"local": [], "ray": ["--executor", "ray", "--workers", "1"]}.items():
        command = [COMMAND, "analyze", "-", "-o", tmp_path / name, *words]
        subprocess.run(list(map(str, command)), input=stream, check=True, timeout=120, capture_output=True)
    assert frame_lines(tmp_path / "ray") == frame_lines(tmp_path / "local")


def test_a_file_that_is_not_the_same_there_is_asked_for_in_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.pgm"
    file.write_bytes(b"P5 96 80 255\n" + bytes(96 * 80))
    with file.open("rb") as opened:
        same = capillaryx.ray.fingerprint(opened.fileno())
        assert capillaryx.ray.open_frame("path", (str(file), same)) is not None
        assert capillaryx.ray.open_frame("path", (str(tmp_path / "none"), same)) is None
        other = (same[0], same[1], "0" * 64)
        assert capillaryx.ray.open_frame("path", (str(file), other)) is None
        whole = capillaryx.ray.read_whole(opened.fileno())
    frame = capillaryx.ray.open_frame("bytes", whole)
    assert frame is not None
    worker = _core.FrameAnalyzer("{}")
    (of_file,) = capillaryx.analyze(file, executor="serial")
    assert worker.analyze(frame).sha256 == of_file.sha256


def test_ray_data_gets_a_batch_of_results(frames: Path) -> None:
    files = sorted(frames.glob("*.png"))
    batch = {
        "bytes": np.array([*(file.read_bytes() for file in files), b"no picture"], dtype=object),
        "path": np.array([*map(str, files), "bad.png"]),
    }
    table = capillaryx.ray.FrameBatch()(batch)
    expected = [result.count for result in capillaryx.analyze(frames)]
    assert table["count"].tolist() == [*expected, -1]
    assert table["status"].tolist() == ["ok"] * len(files) + ["failed"]
    assert np.isnan(table["density"][-1])


@pytest.fixture
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Short enough for Ray's sockets; what is in it at the end was left behind."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def test_nothing_is_left_of_a_local_ray(frames: Path, own_temporary_folder: Path) -> None:
    """Twice: the second one must not bring the first one's folder back."""
    before = children()
    expected = comparable([result.to_json() for result in capillaryx.analyze(frames)])
    for _ in range(2):
        run = capillaryx.ray.analyze(frames, workers=1)
        results = [next(run).to_json()]
        assert len(list(own_temporary_folder.iterdir())) == 1
        results += [result.to_json() for result in run]
        assert comparable(results) == expected
        assert children() <= before
        assert list(own_temporary_folder.iterdir()) == []


def test_a_ray_that_does_not_come_up_is_started_again_and_nothing_is_left_of_either(
    frames: Path, own_temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a busy machine, where it gives itself up after half a minute."""
    before = children()
    start = ray.init
    starts = 0

    def init(*words: object, **named: object) -> object:
        nonlocal starts
        starts += 1
        found = start(*words, **named)
        if starts == 1:
            # Its processes go on, and nobody knows of them any more.
            monkeypatch.setattr(ray._private.worker, "_global_node", None)
            raise RuntimeError("The current node timed out during startup.")
        return found

    monkeypatch.setattr(ray, "init", init)
    assert all(result.ok for result in capillaryx.ray.analyze(frames, workers=1))
    assert starts == 2
    assert children() <= before
    assert list(own_temporary_folder.iterdir()) == []


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "auto"])
def test_a_cluster_that_does_not_answer_ends_the_run_in_words(frames: Path, tmp_path: Path, address: str) -> None:
    words = [COMMAND, "analyze", frames, "-o", tmp_path / "out", "--executor", "ray", "--ray-address", address]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"capillaryx: the Ray cluster at {address} cannot be joined" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_address_a_remembered_cluster_is_not_joined(frames: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray itself would join what RAY_ADDRESS, or its note of the last cluster of this machine, names."""
    monkeypatch.setenv("RAY_ADDRESS", "192.0.2.2:6379")
    assert all(result.status == "ok" for result in capillaryx.ray.analyze(frames, workers=1))


def test_a_ray_data_pipeline_gives_a_row_a_picture(frames: Path, tmp_path: Path) -> None:
    """In a separate process, as Ray Data starts a Ray; the line is that of docs/scaling.md."""
    pytest.importorskip("pyarrow", reason="Ray Data needs pyarrow: pip install 'ray[data]'")
    (tmp_path / "frames").mkdir()
    for file in frames.glob("*.png"):
        shutil.copy(file, tmp_path / "frames")
    (tmp_path / "frames/broken.png").write_bytes(b"no picture")
    program = (
        "import json, ray, capillaryx.ray\n"
        "ray.init('local', num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level='ERROR')\n"
        "ray.data.DataContext.get_current().enable_progress_bars = False\n"
        "files = ray.data.read_binary_files('frames', include_paths=True)\n"
        "table = files.map_batches(capillaryx.ray.FrameBatch, concurrency=1, batch_size=2)\n"
        "open('rows.json', 'w').write(json.dumps(table.to_pandas().to_dict('records')))\n"
    )
    run(sys.executable, "-c", program, cwd=tmp_path, timeout=240)
    rows = {Path(row["source"]).name: row for row in json.loads((tmp_path / "rows.json").read_text())}
    assert len(rows) == 5
    for result in capillaryx.analyze(tmp_path / "frames"):
        row = rows[result.source]
        assert row["status"] == result.status
        assert row["count"] == (-1 if result.count is None else result.count)
        again = capillaryx.FrameResult.from_json(row["result"])
        assert (again.capillaries, again.density, again.sha256) == (result.capillaries, result.density, result.sha256)
    assert rows["broken.png"]["error"]
