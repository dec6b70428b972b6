# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a clear error, and nothing is lost."""

import json
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pictures
import pytest
import results
from conftest import Analyze, Run


@pytest.fixture
def good() -> bytes:
    return pictures.png(pictures.tissue(seed=5))


@pytest.fixture
def folder(tmp_path: Path, good: bytes) -> Path:
    """A good frame before and one after what a test puts between."""
    made = tmp_path / "in"
    made.mkdir()
    (made / "a.png").write_bytes(good)
    (made / "z.png").write_bytes(good)
    return made


def only_failure(analyze: Analyze, folder: Path, *flags: object) -> str:
    """Why the one frame between a.png and z.png failed; its neighbours must be as ever."""
    done = analyze(folder, *flags, expect=3)
    first, *between, last = results.frames(done.out)
    assert (first["source"], last["source"]) == ("a.png", "z.png")
    assert first["status"] == last["status"] == "ok"
    assert first["capillaries"] == last["capillaries"]
    assert len(between) == 1
    (bad,) = between
    assert bad["status"] == "failed"
    assert bad["error"] in done.stdout
    assert bad.get("capillaries") in (None, [])
    assert len(results.overlays(done.out)) == 2
    return str(bad["error"])


# --- inputs


def test_a_missing_path_is_named(analyze: Analyze, tmp_path: Path) -> None:
    done = analyze(tmp_path / "nowhere", to=tmp_path / "out", expect=1)
    assert "nowhere" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_an_error(analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = analyze(tmp_path / "empty", to=tmp_path / "out", expect=1)
    assert "empty" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_is_an_error(analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert analyze(tmp_path, to=tmp_path / "out", expect=1).stderr


@pytest.mark.parametrize("name", ["phantom:0", "phantom:-1", "phantom:x", "phantom:99999999999999999999", "camera:x"])
def test_wrong_numbers_of_synthetic_frames_and_cameras(analyze: Analyze, name: str) -> None:
    done = analyze(name, expect=None)
    assert done.returncode in (1, 2)
    assert name.split(":")[0] in done.stderr


def test_a_camera_that_is_not_there(analyze: Analyze) -> None:
    assert "camera" in analyze("camera:97", expect=1).stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may enter."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_a_file_that_may_not_be_read_fails_alone(program: Path, open_folder: Path, good: bytes) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root to become a user who may not read a file")
    folder = open_folder / "in"
    folder.mkdir(mode=0o755)
    for name in ("a.png", "b.png", "c.png"):
        (folder / name).write_bytes(good)
    (folder / "b.png").chmod(0)
    out = open_folder / "out"
    out.mkdir()
    os.chown(out, 65534, 65534)
    command = [str(program), "analyze", str(folder), "-o", str(out)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=60, user=65534, group=65534, extra_groups=[], check=False
        )
    except PermissionError:
        pytest.skip("another user may not start the program here")
    assert done.returncode == 3, done.stderr
    assert results.statuses(out) == {"a.png": "ok", "b.png": "failed", "c.png": "ok"}
    assert "ermission" in results.frames(out)[1]["error"]


def test_an_empty_file_fails_alone(analyze: Analyze, folder: Path) -> None:
    (folder / "m.png").write_bytes(b"")
    assert "empty" in only_failure(analyze, folder)


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9, 0.999])
def test_a_png_that_is_cut_short_fails_alone(analyze: Analyze, folder: Path, good: bytes, kept: float) -> None:
    (folder / "m.png").write_bytes(good[: int(len(good) * kept)])
    assert only_failure(analyze, folder)


@pytest.mark.parametrize("suffix", [".jpg", ".webp", ".tif", ".bmp", ".ppm"])
def test_a_picture_that_is_cut_short_fails_alone(analyze: Analyze, folder: Path, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "source.png"
    source.write_bytes(pictures.png(pictures.tissue(seed=9)))
    whole = pictures.convert(source, tmp_path / f"whole{suffix}")
    data = whole.read_bytes()
    (folder / f"m{suffix}").write_bytes(data[: len(data) * 2 // 3])
    assert only_failure(analyze, folder)


def test_a_jpeg_with_damage_in_the_middle_fails_alone(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.png"
    source.write_bytes(pictures.png(pictures.tissue(seed=9)))
    data = bytearray(pictures.convert(source, tmp_path / "whole.jpg").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = b"\xff\xd9" * 20
    (folder / "m.jpg").write_bytes(bytes(data))
    assert only_failure(analyze, folder)


def test_a_png_with_a_flipped_bit_fails_alone(analyze: Analyze, folder: Path, good: bytes) -> None:
    data = bytearray(good)
    data[len(data) // 2] ^= 0x10
    (folder / "m.png").write_bytes(bytes(data))
    assert only_failure(analyze, folder)


def test_text_named_png_fails_alone(analyze: Analyze, folder: Path) -> None:
    (folder / "m.png").write_text("this is no picture\n" * 100)
    assert only_failure(analyze, folder)


def test_a_jpeg_named_png_is_read(analyze: Analyze, folder: Path, tmp_path: Path, good: bytes) -> None:
    source = tmp_path / "source.png"
    source.write_bytes(good)
    shutil.move(pictures.convert(source, tmp_path / "x.jpg"), folder / "m.png")
    assert set(results.statuses(analyze(folder).out).values()) == {"ok"}


def test_pipes_devices_and_sockets_are_skipped_and_never_waited_for(analyze: Analyze, folder: Path) -> None:
    os.mkfifo(folder / "m.png")
    (folder / "n.png").symlink_to("/dev/zero")
    done = analyze(folder, timeout=30)
    assert list(results.statuses(done.out)) == ["a.png", "z.png"]
    assert results.lines(done.out)[-1]["type"] == "summary"
    assert "skipped" in done.stdout


def test_a_pipe_as_the_only_input_is_an_error(analyze: Analyze, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe.png" in analyze(tmp_path / "pipe.png", expect=1, timeout=30).stderr


def test_links_that_lead_round_or_nowhere_do_no_harm(analyze: Analyze, folder: Path) -> None:
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "m.png").symlink_to(folder / "gone.png")
    done = analyze(folder, expect=None, timeout=30)
    assert done.returncode in (0, 3)
    found = results.statuses(done.out)
    assert found["a.png"] == found["z.png"] == "ok"
    assert len(found) <= 3


def test_a_picture_that_unpacks_to_gigabytes_fails_at_once(analyze: Analyze, folder: Path) -> None:
    (folder / "m.png").write_bytes(pictures.png_bomb(60_000, 60_000))
    assert "pixels" in only_failure(analyze, folder)


def test_a_width_or_height_out_of_all_bounds_fails_alone(analyze: Analyze, folder: Path) -> None:
    (folder / "m.png").write_bytes(pictures.png_bomb(2**31 - 1, 2**31 - 1))
    assert only_failure(analyze, folder)


def test_max_pixels_refuses_larger_pictures(analyze: Analyze, folder: Path) -> None:
    (folder / "m.png").write_bytes(pictures.png(pictures.tissue(300, 200)))
    assert "max" in only_failure(analyze, folder, "--max-pixels", 240 * 160)


def test_streams_that_are_cut_short_or_no_pictures(program: Path, tmp_path: Path) -> None:
    frame = pictures.pnm(pictures.tissue())

    def pipe(name: str, data: bytes) -> tuple[int, Path]:
        out = tmp_path / name
        command = [str(program), "analyze", "-", "-o", str(out)]
        return subprocess.run(command, input=data, capture_output=True, timeout=60, check=False).returncode, out

    code, out = pipe("cut", frame + frame[:-1000])
    assert code == 3
    assert [line["status"] for line in results.frames(out)] == ["ok", "failed"]
    code, out = pipe("text", b"hello " * 1000)
    assert code in (1, 3)
    code, _ = pipe("nothing", b"")
    assert code == 1
    code, out = pipe("huge", b"P6\n99999 99999\n255\n")
    assert code in (1, 3)


def test_a_video_that_is_none(analyze: Analyze, tmp_path: Path) -> None:
    pictures.need_ffmpeg()
    (tmp_path / "clip.avi").write_bytes(b"RIFF nothing of the kind" * 50)
    done = analyze(tmp_path / "clip.avi", expect=3)
    (frame,) = results.frames(done.out)
    assert "ffmpeg" in frame["error"]
    assert "clip.avi" in done.stdout


def test_a_video_without_ffmpeg_is_a_clear_error(program: Path, tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"RIFF")
    command = [str(program), "analyze", str(tmp_path / "clip.avi"), "-o", str(tmp_path / "out")]
    environment = {key: value for key, value in os.environ.items() if key != "PATH"} | {"PATH": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert done.returncode == 1
    assert "ffmpeg" in done.stderr


# --- names


def test_two_inputs_of_one_name_keep_their_overlays_apart(analyze: Analyze, tmp_path: Path) -> None:
    for index, name in enumerate(("x/f.png", "y/f.png", "y/f.tif")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(pictures.png(pictures.tissue(seed=index)))
    done = analyze(tmp_path / "x", tmp_path / "y", tmp_path / "x" / "f.png")
    assert len(results.frames(done.out)) == 4
    assert len(results.overlays(done.out)) == 4


NAMES = [
    b"with space.png",
    b"quo\"te'.png",
    b"line\nend.png",
    b"tab\t.png",
    b"back\\slash.png",
    b"per%cent.png",
    b"<b>&amp;.png",
    b"\xc3\xa4\xe6\xaf\x9b\xf0\x9f\x94\xac.png",
    b"bad\xff\xfe.png",
    b"escape\x1b[31m.png",
    b"[list].png",
    b"-dash.png",
    b"a,b;c.png",
    b"=cmd.png",
    b"x" * 200 + b".png",
]


def test_names_of_all_kinds(program: Path, analyze: Analyze, tmp_path: Path, good: bytes) -> None:
    folder = os.fsencode(tmp_path / "in")
    Path(os.fsdecode(folder)).mkdir()
    for name in NAMES:
        with open(folder + b"/" + name, "wb") as file:  # noqa: PTH123
            file.write(good)
    done = analyze(tmp_path / "in")
    sources = [frame["source"] for frame in results.frames(done.out)]
    assert len(sources) == len(set(sources)) == len(NAMES)
    assert "bad%FF%FE.png" in sources
    assert "line\nend.png" in sources
    assert "\u00e4\u6bdb\U0001f52c.png" in sources
    # A table program would take what starts with - or = for a formula: the table has an apostrophe before it.
    assert {row["source"].removeprefix("'") for row in results.rows(done.out)} == set(sources)
    assert len(results.overlays(done.out)) == len(NAMES)
    out = tmp_path / "given"
    given = [folder + b"/" + name for name in NAMES]
    command = [os.fsencode(program), b"analyze", *given, b"-o", os.fsencode(out)]
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    assert len(results.frames(out)) == len(NAMES)


@pytest.mark.parametrize("name", [b"[x]", b"a b", b"\xff", b"q\"'", b"new\nline", b"-o", b"model", b"phantom"])
def test_folders_of_all_names(program: Path, tmp_path: Path, good: bytes, name: bytes) -> None:
    (tmp_path / os.fsdecode(name)).mkdir()
    (tmp_path / os.fsdecode(name) / "f.png").write_bytes(good)
    given = name if not name.startswith(b"-") else b"./" + name
    out = b"[out]" + name
    command = [os.fsencode(program), b"analyze", given, b"-o", out]
    done = subprocess.run(command, capture_output=True, timeout=60, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert [frame["source"] for frame in results.frames(tmp_path / os.fsdecode(out))] == ["f.png"]


def test_what_is_printed_cannot_command_the_terminal(program: Path, tmp_path: Path) -> None:
    (tmp_path / "a\x1b]0;title\x07\n.png").write_bytes(b"")
    command = [str(program), "analyze", str(tmp_path), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 3
    assert b"\x1b" not in done.stdout + done.stderr
    done = subprocess.run([*command[:2], str(tmp_path / "no\x1b[31m"), "-o", "x"], capture_output=True, check=False)
    assert done.returncode == 1
    assert b"\x1b" not in done.stdout + done.stderr


# --- output


def test_a_folder_that_is_not_empty_is_left_alone(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("precious")
    assert "not empty" in analyze(folder, to=out, expect=1).stderr
    assert [file.name for file in out.iterdir()] == ["thesis.txt"]


def test_results_are_replaced_by_force_only(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    analyze(folder, to=out)
    before = (out / "results.jsonl").read_bytes()
    assert "--force" in analyze(folder, to=out, expect=1).stderr
    assert (out / "results.jsonl").read_bytes() == before
    (folder / "z.png").unlink()
    analyze(folder, "--force", to=out)
    assert len(results.frames(out)) == 1
    assert len(results.overlays(out)) == 1


def test_force_touches_nothing_of_the_user(capillaryx: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    capillaryx("analyze", folder, "-o", out)
    (out / "thesis.txt").write_text("precious")
    (out / "overlays" / "mine.txt").write_text("mine")
    capillaryx("analyze", folder, "-o", out, "--force", "--no-overlays")
    assert (out / "thesis.txt").read_text() == "precious"
    assert (out / "overlays" / "mine.txt").read_text() == "mine"


def test_an_output_that_cannot_be_is_a_clear_error(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "under", Path("/proc/nothing/here")):
        assert str(out) in analyze(folder, to=out, expect=1).stderr


def test_parents_of_the_output_folder_are_made(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    analyze(folder, to=tmp_path / "a" / "b" / "c")


def test_a_status_file_that_cannot_be_written_is_a_clear_error(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    assert "status" in analyze(folder, "--status-file", tmp_path / "no" / "status.json", expect=1).stderr


# --- the network


def test_a_model_that_is_missing_or_none(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    for name, data in {"text.onnx": b"no network" * 50, "empty.onnx": b"", "zero.onnx": bytes(5000)}.items():
        (tmp_path / name).write_bytes(data)
    for name in ("missing.onnx", "text.onnx", "empty.onnx", "zero.onnx"):
        done = analyze(folder, "--model", tmp_path / name, to=tmp_path / "out", expect=1)
        assert name in done.stderr
        assert not (tmp_path / "out").exists()


def test_a_model_that_is_cut_short(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parent.parent
    (shipped,) = (root / "models").glob("*.onnx")
    (tmp_path / "cut.onnx").write_bytes(shipped.read_bytes()[:-2000])
    assert "cut.onnx" in analyze(folder, "--model", tmp_path / "cut.onnx", expect=1).stderr


def small_network(path: Path, width: int, value: float) -> Path:
    """A network of one dense layer of which every weight is `value`: N x 3 x width x width -> N x 2."""
    openvino = pytest.importorskip("openvino")
    from openvino import opset13 as layers

    crops = layers.parameter([-1, 3, width, width], np.float32, name="crops")
    flat = layers.reshape(crops, np.array([-1, 3 * width * width]), False)
    dense = layers.matmul(flat, np.full((3 * width * width, 2), value, np.float32), False, False)
    openvino.save_model(openvino.Model([layers.softmax(dense, 1)], [crops], "small"), path, compress_to_fp16=False)
    return path


def test_a_network_that_gives_no_number_fails_its_frames(analyze: Analyze, folder: Path, tmp_path: Path) -> None:
    model = small_network(tmp_path / "nan.xml", 32, float("nan"))
    (tmp_path / "nan.xml.json").write_text('{"input": "rgb", "scale": 255, "capillary_class": 1}')
    done = analyze(folder, "--model", model, expect=None)
    assert done.returncode == 3, done.stderr
    assert set(results.statuses(done.out).values()) == {"failed"}
    text = (done.out / "results.jsonl").read_text()
    assert "NaN" not in text.replace(str(results.frames(done.out)[0]["error"]), "")


# --- wrong usage


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (["--workers", "many"], "--workers"),
        (["--workers", "-1"], "--workers"),
        (["--workers", "2.5"], "--workers"),
        (["--workers", "2x"], "--workers"),
        (["--workers"], "--workers"),
        (["--frames", "99999999999999999999"], "--frames"),
        (["--scale-um-per-px", "nan"], "--scale-um-per-px"),
        (["--scale-um-per-px", "0"], "--scale-um-per-px"),
        (["--scale-um-per-px", "1,5"], "--scale-um-per-px"),
        (["--timeout-s", "inf"], "--timeout-s"),
        (["--executor", "fast"], "--executor"),
        (["--overlay-format", "gif"], "--overlay-format"),
        (["--min-score", "1.01"], "--min-score"),
        (["--min-area-px", "500", "--max-area-px", "100"], "min_area_px"),
        (["--no-such-flag"], "--no-such-flag"),
        (["--analyzer", "nothing"], "nothing"),
        (["--executor", "ray"], "ray"),
    ],
)
def test_wrong_usage_is_named_and_exits_2(
    analyze: Analyze, folder: Path, tmp_path: Path, flags: list[str], named: str
) -> None:
    done = analyze(folder, *flags, to=tmp_path / "out", expect=2)
    assert named in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_what_is_left_out_is_named(capillaryx: Run, folder: Path) -> None:
    assert "INPUT" in capillaryx("analyze", "-o", "x", expect=2).stderr
    assert "output" in capillaryx("analyze", folder, expect=2).stderr
    assert capillaryx(expect=2).stderr
    assert "analise" in capillaryx("analise", expect=2).stderr


def test_results_are_valid_json_whatever_happens(analyze: Analyze, folder: Path) -> None:
    """A TIFF that claims a billion entries, and one whose sizes lie."""
    (folder / "m.tif").write_bytes(struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", 65535) + bytes(100))
    only_failure(analyze, folder)
    (folder / "m.tif").unlink()
    data = bytearray(pictures.tiff(pictures.tissue()))
    data[-60:] = bytes(60)
    (folder / "n.tif").write_bytes(bytes(data))
    done = analyze(folder, expect=None)
    for line in (done.out / "results.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=results.refuse_constant)
