# SPDX-License-Identifier: Apache-2.0
"""`capillaryx analyze` as a person uses it."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import termios
from pathlib import Path

import numpy as np
import pictures
import pytest
import results
from conftest import Analyze, Run

FLAGS = [
    "--frames",
    "--repeat",
    "--every",
    "--scale-um-per-px",
    "--max-pixels",
    "--executor",
    "--workers",
    "--worker-kind",
    "--model",
    "--analyzer",
    "--ray-address",
    "--timeout-s",
    "--max-attempts",
    "--memory-limit-mb",
    "--when-behind",
    "--pace",
    "--no-sandbox",
    "--resume",
    "--force",
    "--stages",
    "--no-overlays",
    "--overlay-format",
    "--status-file",
    "--csv-separator",
    "--quiet",
]


def test_help_lists_every_flag(capillaryx: Run) -> None:
    text = capillaryx("analyze", "--help").stdout
    listed = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", text, re.MULTILINE))
    assert set(FLAGS) <= listed
    assert "Examples:" in text
    assert max(map(len, text.splitlines())) <= 100


def test_version_names_what_made_a_result(capillaryx: Run) -> None:
    text = capillaryx("--version").stdout
    assert re.search(r"^capillaryx \d+\.\d+\.\d+ \(commit .+\)$", text, re.MULTILINE)
    assert re.search(r"\b[0-9a-f]{64}\b", text)
    assert "research use only" in text.lower()
    assert capillaryx("-v").stdout == text


def test_help_is_a_command_too(capillaryx: Run) -> None:
    assert capillaryx("help").stdout == capillaryx("--help").stdout
    assert capillaryx("help", "analyze").stdout == capillaryx("analyze", "--help").stdout
    assert "there is no command 'nothing'" in capillaryx("help", "nothing", expect=2).stderr


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (("analyse", "x"), "analyze"),
        (("anlayze", "x"), "analyze"),
        (("eval", "x"), "evaluate"),
        (("analyze", "x", "-o", "y", "--worker", "2"), "--workers"),
        (("analyze", "x", "-o", "y", "--no-overlay"), "--no-overlays"),
        (("analyze", "x", "-o", "y", "--scale_um_per_px=2"), "--scale-um-per-px"),
    ],
)
def test_a_slip_gets_a_suggestion(capillaryx: Run, given: tuple[str, ...], meant: str) -> None:
    assert f"did you mean {meant}?" in capillaryx(*given, expect=2).stderr


def test_a_word_that_is_near_to_nothing_gets_none(capillaryx: Run) -> None:
    for given in (("xyzzy",), ("analyze", "x", "-o", "y", "--frobnicate")):
        assert "did you mean" not in capillaryx(*given, expect=2).stderr


def test_a_folder_gives_results_pictures_and_a_report(analyze: Analyze, tissue_folder: Path) -> None:
    done = analyze(tissue_folder)
    found = results.frames(done.out)
    assert [frame["source"] for frame in found] == [f"f{index:02}.png" for index in range(6)]
    assert all(frame["status"] == "ok" and frame["width"] == 240 and frame["height"] == 160 for frame in found)
    assert len(results.overlays(done.out)) == 6
    assert [row["source"] for row in results.rows(done.out)] == [frame["source"] for frame in found]
    assert "6 frames" in done.stdout
    assert "% of the area" in done.stdout
    assert "Research use only" in done.stdout
    assert str(done.out / "report.html") in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "esearch use only" in (done.out / "report.html").read_text(encoding="utf-8")


def test_folders_are_read_in_natural_order_and_other_files_are_counted(analyze: Analyze, tmp_path: Path) -> None:
    picture = pictures.png(pictures.tissue())
    for name in ("f10.png", "f2.PNG", "b/f1.png", "notes.txt"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(picture)
    done = analyze(tmp_path / "in")
    sources = [frame["source"] for frame in results.frames(done.out)]
    assert sorted(sources) == sorted(["b/f1.png", "f2.PNG", "f10.png"])
    assert sources.index("f2.PNG") < sources.index("f10.png")
    assert re.search(r"skipped +1 ", done.stdout)


def test_formats_and_depths_give_the_same_pixels(analyze: Analyze, tmp_path: Path) -> None:
    pixels = pictures.tissue()
    wide = pixels.astype(np.uint16) * 257
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    clear = np.zeros((*pixels.shape[:2], 1), np.uint8)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(pictures.png(pixels))
    (folder / "b.ppm").write_bytes(pictures.pnm(pixels))
    (folder / "c.bmp").write_bytes(pictures.bmp(pixels))
    (folder / "d.tif").write_bytes(pictures.tiff(pixels))
    (folder / "e.tiff").write_bytes(pictures.tiff(wide))
    (folder / "f.png").write_bytes(pictures.png(wide))
    (folder / "g.png").write_bytes(pictures.png(np.concatenate([pixels, opaque], axis=2)))
    (folder / "h.png").write_bytes(pictures.png(np.concatenate([pixels, clear], axis=2)))
    done = analyze(folder)
    found = results.frames(done.out)
    assert len(found) == 8
    assert len({str(frame["capillaries"]) for frame in found}) == 1
    assert len({frame["density"] for frame in found}) == 1
    assert len({frame["sha256"] for frame in found}) == 8


def test_grey_jpeg_and_webp_are_read(analyze: Analyze, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    grey = pictures.tissue()[:, :, 1].copy()
    (folder / "a.png").write_bytes(pictures.png(grey))
    (folder / "b.tif").write_bytes(pictures.tiff(grey))
    (folder / "c.pgm").write_bytes(pictures.pnm(grey))
    source = tmp_path / "colour.png"
    source.write_bytes(pictures.png(pictures.tissue()))
    pictures.convert(source, folder / "d.jpg")
    pictures.convert(source, folder / "e.webp")
    done = analyze(folder)
    found = results.frames(done.out)
    assert [frame["status"] for frame in found] == ["ok"] * 5
    assert len({str(frame["capillaries"]) for frame in found[:3]}) == 1


@pytest.mark.parametrize(("width", "height"), [(64, 64), (1000, 64), (64, 1000), (65, 67)])
def test_sizes_down_to_64(analyze: Analyze, tmp_path: Path, width: int, height: int) -> None:
    (tmp_path / "a.png").write_bytes(pictures.png(pictures.tissue(width, height)))
    (frame,) = results.frames(analyze(tmp_path / "a.png").out)
    assert (frame["width"], frame["height"], frame["status"]) == (width, height, "ok")


def test_repeat_and_frames(analyze: Analyze, tissue_folder: Path) -> None:
    found = results.frames(analyze(tissue_folder, "--repeat", 3, "--frames", 14).out)
    assert len(found) == 14
    assert found[0]["capillaries"] == found[6]["capillaries"] == found[12]["capillaries"]
    assert found[13]["source"] == "f01.png"


def test_stages_are_the_six_pictures_of_figure_2(analyze: Analyze, tissue_folder: Path) -> None:
    done = analyze(tissue_folder / "f00.png", "--stages")
    written = list((done.out / "stages").rglob("*.png"))
    assert len(written) == 6
    assert all(file.stat().st_size > 100 for file in written)


def test_overlays_can_be_left_out_or_be_png(analyze: Analyze, tissue_folder: Path) -> None:
    assert not (analyze(tissue_folder, "--no-overlays").out / "overlays").exists()
    written = results.overlays(analyze(tissue_folder, "--overlay-format", "png").out)
    assert len(written) == 6
    assert all(name.endswith(".png") and data.startswith(b"\x89PNG") for name, data in written.items())


def test_lengths_and_areas_need_a_scale(analyze: Analyze, tissue_folder: Path) -> None:
    without = results.rows(analyze(tissue_folder).out)
    assert all(row["count_per_mm2"] == "" and row["scale_um_per_px"] == "" for row in without)
    done = analyze(tissue_folder, "--scale-um-per-px", "2.5")
    for row, frame in zip(results.rows(done.out), results.frames(done.out), strict=True):
        area_mm2 = frame["valid_px"] * 2.5**2 / 1e6
        assert float(row["count_per_mm2"]) == pytest.approx(frame["count"] / area_mm2, rel=1e-6)
        assert frame["scale_um_per_px"] == 2.5


def test_synthetic_frames_by_name(analyze: Analyze) -> None:
    found = results.frames(analyze("phantom:2", "--no-overlays").out)
    assert len(found) == 2
    assert all(frame["status"] == "ok" and frame["sha256"] is None for frame in found)


def pipe_in(program: Path, out: Path, data: bytes, expect: int = 0, *flags: str) -> subprocess.CompletedProcess[bytes]:
    command = [str(program), "analyze", "-", "-o", str(out), *flags]
    done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == expect, done.stderr
    return done


def test_frames_on_standard_input(program: Path, analyze: Analyze, tmp_path: Path, tissue_folder: Path) -> None:
    frames = [pictures.tissue(seed=index) for index in range(6)]
    pipe_in(program, tmp_path / "ppm", b"".join(map(pictures.pnm, frames)))
    piped = results.frames(tmp_path / "ppm")
    read = results.frames(analyze(tissue_folder).out)
    assert [frame["capillaries"] for frame in piped] == [frame["capillaries"] for frame in read]
    pipe_in(program, tmp_path / "pgm", b"".join(pictures.pnm(frame[:, :, 1].copy()) for frame in frames))
    assert len(results.frames(tmp_path / "pgm")) == 6


def test_y4m_on_standard_input(program: Path, tmp_path: Path, tissue_folder: Path) -> None:
    stream = pictures.convert(tissue_folder / "f00.png", tmp_path / "a.y4m", "-pix_fmt", "yuv444p")
    pipe_in(program, tmp_path / "out", stream.read_bytes())
    (frame,) = results.frames(tmp_path / "out")
    assert (frame["width"], frame["height"], frame["status"]) == (240, 160, "ok")


def test_a_video_is_read_frame_by_frame(analyze: Analyze, tmp_path: Path) -> None:
    clip = pictures.video(tmp_path, tmp_path / "clip.mkv", frames=6)
    found = results.frames(analyze(clip).out)
    assert len(found) == 6
    assert found[2]["source"].endswith("clip.mkv#2")
    assert found[2]["time_s"] == pytest.approx(2 / 25, abs=1e-3)
    assert found[2]["sha256"] is None
    every = results.frames(analyze(clip, "--every", 2).out)
    assert [frame["source"].split("#")[1] for frame in every] == ["0", "2", "4"]
    assert [frame["capillaries"] for frame in every] == [frame["capillaries"] for frame in found[::2]]


def test_quiet_says_nothing(analyze: Analyze, tissue_folder: Path) -> None:
    done = analyze(tissue_folder, "--quiet")
    assert done.stdout + done.stderr == ""


def test_a_status_file_tells_where_a_run_stands(analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> None:
    analyze(tissue_folder, "--status-file", tmp_path / "status.json")
    text = (tmp_path / "status.json").read_text()
    assert '"state":"finished"' in text
    assert '"frames_done":6' in text
    assert '"frame_count":6' in text


def test_the_output_folder_may_lie_in_the_input_folder(analyze: Analyze, tmp_path: Path, tissue_folder: Path) -> None:
    shutil.copytree(tissue_folder, tmp_path / "in")
    first = results.comparable(analyze(tmp_path / "in", to=tmp_path / "in" / "out").out)
    again = analyze(tmp_path / "in", "--force", to=tmp_path / "in" / "out")
    assert results.comparable(again.out)["results.csv"] == first["results.csv"]


def test_the_locale_changes_nothing(program: Path, analyze: Analyze, tissue_folder: Path, tmp_path: Path) -> None:
    plain = results.comparable(analyze(tissue_folder, "--scale-um-per-px", "1.5").out)
    for locale in ("C", "de_DE.UTF-8", "xx_YY"):
        out = tmp_path / f"out_{locale}"
        command = [str(program), "analyze", str(tissue_folder), "-o", str(out), "--scale-um-per-px", "1.5"]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | {"LC_ALL": locale}, timeout=60)
        assert results.comparable(out) == plain


def on_a_terminal(command: list[str], columns: int, **environment: str) -> str:
    """What a command writes to a terminal that is `columns` wide."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm"} | environment
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=env)
    os.close(child)
    text = b""
    while True:
        try:
            more = os.read(parent, 65536)
        except OSError:
            break
        if not more:
            break
        text += more
    os.close(parent)
    assert process.wait(timeout=60) == 0
    return text.decode()


@pytest.mark.parametrize("columns", [30, 80, 200])
def test_a_terminal_shows_a_bar_that_fits_and_gives_the_cursor_back(
    program: Path, tissue_folder: Path, tmp_path: Path, columns: int
) -> None:
    command = [str(program), "analyze", str(tissue_folder), "-o", str(tmp_path / "out"), "--repeat", "5"]
    text = on_a_terminal(command, columns)
    drawn = re.findall(r"\r([^\r\n\x1b]*)\x1b\[K", text)
    assert any("/30 frames" in line for line in drawn)
    assert max(map(len, drawn)) < columns
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    assert text.index("\x1b[?25l") < text.index("\x1b[?25h")


def test_colour_is_left_out_where_it_is_not_wanted(program: Path, tissue_folder: Path, tmp_path: Path) -> None:
    command = [str(program), "analyze", str(tissue_folder), "-o", str(tmp_path / "a")]
    assert "\x1b[1m" in on_a_terminal(command, 80)
    command[-1] = str(tmp_path / "b")
    assert "\x1b[1m" not in on_a_terminal(command, 80, NO_COLOR="1")
    command[-1] = str(tmp_path / "c")
    assert "\x1b" not in on_a_terminal(command, 80, TERM="dumb")


def test_a_reader_that_goes_away_ends_nothing(program: Path, tissue_folder: Path, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [str(program), "analyze", str(tissue_folder), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, stdout=write_end, stderr=write_end, timeout=60, check=False)
    os.close(write_end)
    assert done.returncode == 0
    assert len(results.frames(tmp_path / "out")) == 6
