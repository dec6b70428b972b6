# SPDX-License-Identifier: Apache-2.0
"""Videos as people have them: damaged, truncated, of old and odd kinds. Right answers or a reason, never silence."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pictures
import pytest
import results
from conftest import Analysis, Analyze

FAST = ("--executor", "serial", "--no-overlays")


@pytest.fixture(scope="module")
def ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found is None:
        pytest.skip("no ffmpeg")
    return found


@pytest.fixture
def cases(shared: Path) -> Path:
    folder = shared / "cases"
    if not folder.is_dir():
        pytest.skip("no ../shared/cases")
    return folder


def make(ffmpeg: str, *arguments: object) -> None:
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def statuses(run: Analysis) -> list[str]:
    return [frame["status"] for frame in results.frames(run.out)]


def input_line(run: Analysis) -> results.Line:
    (line,) = [line for line in results.lines(run.out) if line["type"] == "input"]
    return line


@pytest.mark.parametrize("name", ["ffv1_cut_short.mkv", "h264_cut_short.mkv", "vp9_cut_short.webm"])
def test_a_truncated_matroska_has_a_failed_last_frame(analyze: Analyze, cases: Path, ffmpeg: str, name: str) -> None:
    run = analyze(cases / name, *FAST, expect=3)
    *before, last = results.frames(run.out)
    assert len(before) >= 3
    assert {frame["status"] for frame in before} == {"ok"}
    assert last["status"] == "failed"
    assert "File ended prematurely" in last["error"]


def test_a_failed_checksum_fails_its_frame_alone(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    run = analyze(cases / "ffv1_damaged_crc.mkv", *FAST, expect=3)
    frames = results.frames(run.out)
    assert [frame["status"] for frame in frames].count("failed") >= 1
    failed = [frame for frame in frames if frame["status"] == "failed"]
    assert "slice CRC mismatch" in failed[0]["error"]
    assert failed[0]["page"] == 2
    assert [frame["status"] for frame in frames[:2]] == ["ok", "ok"]


def test_the_same_video_undamaged_is_ok(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    run = analyze(cases / "ffv1_whole.mkv", *FAST)
    assert statuses(run) == ["ok"] * 6
    line = input_line(run)
    assert (line["kind"], line["pages"], line["fps"], line["size"]) == ("video", 6, 25.0, [256, 192])
    assert len(line["sha256"]) == 64
    assert line["notes"] == []


def test_an_avi_that_is_cut_between_frames_is_noticed(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    run = analyze(cases / "mjpeg_cut_between_frames.avi", *FAST, expect=3)
    assert statuses(run) == ["ok", "ok", "ok", "failed"]
    assert "the file is truncated" in results.frames(run.out)[-1]["error"]
    notes = " ".join(input_line(run)["notes"])
    assert "header says 6 frames, the file holds 3" in notes


def test_one_damaged_frame_is_one_failed_frame_and_the_rest_is_read(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    run = analyze(cases / "mjpeg_one_bad_frame.avi", *FAST, expect=3)
    assert sorted(statuses(run)) == ["failed"] + ["ok"] * 5
    (failed,) = [frame for frame in results.frames(run.out) if frame["status"] == "failed"]
    assert failed["page"] == 1
    assert failed["time_s"] == pytest.approx(0.04)
    assert "error" in failed["error"]


def test_limited_range_video_is_as_exact_as_y4m(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    runs = [analyze(cases / name, *FAST) for name in ("i420.avi", "i420_same.y4m")]
    film, y4m = (results.frames(run.out)[0] for run in runs)
    assert len(film["capillaries"]) == len(y4m["capillaries"])
    assert film["density"] == pytest.approx(y4m["density"], rel=0.01)


def test_a_file_with_sound_alone_says_so(analyze: Analyze, cases: Path, ffmpeg: str) -> None:
    run = analyze(cases / "audio_only.mp4", *FAST, expect=3)
    (frame,) = results.frames(run.out)
    assert frame["error"] == "the file holds no video stream"


def test_an_empty_video_says_so(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    (tmp_path / "empty.avi").write_bytes(b"")
    run = analyze(tmp_path / "empty.avi", *FAST, expect=3)
    assert results.frames(run.out)[0]["error"] == "the file is empty"


def test_videos_in_a_folder_are_analysed_like_stills(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(pictures.png(pictures.tissue()))
    make(ffmpeg, "-i", folder / "a.png", "-c:v", "ffv1", folder / "b.mkv")
    (folder / "c.png").write_bytes(pictures.png(pictures.tissue(seed=2)))
    run = analyze(folder, *FAST)
    assert [frame["source"] for frame in results.frames(run.out)] == ["a.png", "b.mkv#0", "c.png"]
    still, frame, _ = results.frames(run.out)
    assert frame["file"] == "b.mkv"
    assert frame["page"] == 0
    assert frame["density"] == still["density"], "FFV1 of RGB is lossless"


def test_grey_16_bit_video_equals_its_stills(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    grey = (pictures.tissue()[..., 1].astype(np.uint16) * 257 + np.arange(160, dtype=np.uint16)[:, None]).clip(0, 65535)
    (tmp_path / "a.png").write_bytes(pictures.png(grey.astype(np.uint16)))
    make(ffmpeg, "-i", tmp_path / "a.png", "-c:v", "ffv1", "-pix_fmt", "gray16le", tmp_path / "a.mkv")
    runs = [analyze(tmp_path / name, *FAST) for name in ("a.png", "a.mkv")]
    still, video = (results.frames(run.out)[0] for run in runs)
    assert input_line(runs[1])["value_range"] == [0, 65535]
    assert "16-bit grey" in input_line(runs[1])["notes"][0]
    assert video["capillaries"] == still["capillaries"]
    assert video["density"] == still["density"]


def test_a_start_offset_stays_in_the_times(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    source = ("-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=0.12")
    make(ffmpeg, *source, "-c:v", "ffv1", "-output_ts_offset", "2.5", tmp_path / "late.mkv")
    run = analyze(tmp_path / "late.mkv", *FAST)
    assert [frame["time_s"] for frame in results.frames(run.out)] == pytest.approx([2.5, 2.54, 2.58])


@pytest.mark.parametrize("name", ["raw.h264", "raw.hevc", "raw.ivf", "raw.nut", "raw.mjpeg"])
def test_raw_streams_are_accepted(analyze: Analyze, tmp_path: Path, ffmpeg: str, name: str) -> None:
    codec = {"h264": "libx264", "hevc": "libx265", "ivf": "libvpx", "nut": "ffv1", "mjpeg": "mjpeg"}[name.split(".")[1]]
    make(ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=0.2", "-c:v", codec, tmp_path / name)
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.move(tmp_path / name, folder / name)
    run = analyze(folder, *FAST)
    assert statuses(run) == ["ok"] * 5


def test_interlaced_and_non_square_videos_carry_a_note(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    make(
        ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=180x144:r=25:d=0.2", "-vf", "setsar=16/15,setfield=tff",
        "-flags", "+ilme+ildct", "-c:v", "mpeg2video", tmp_path / "tv.mpg",
    )  # fmt: skip
    notes = " ".join(input_line(analyze(tmp_path / "tv.mpg", *FAST))["notes"])
    assert "interlaced" in notes
    assert "not square (width to height 16:15)" in notes


def test_a_video_whose_size_changes_says_where(analyze: Analyze, tmp_path: Path, ffmpeg: str) -> None:
    with (tmp_path / "two.h264").open("wb") as joined:
        for size in ("128x96", "192x128"):
            part = tmp_path / f"{size}.h264"
            make(ffmpeg, "-f", "lavfi", "-i", f"testsrc2=s={size}:r=25:d=0.12", "-c:v", "libx264", part)
            joined.write(part.read_bytes())
    run = analyze(tmp_path / "two.h264", *FAST, expect=3)
    frames = results.frames(run.out)
    assert [frame["status"] for frame in frames] == ["ok"] * 3 + ["failed"] * 3
    assert "the video's size changes: this frame has 192x128 px, the first has 128x96" in frames[3]["error"]


def test_damage_to_a_predicted_video_spoils_frames_up_to_the_next_key_frame(
    analyze: Analyze, tmp_path: Path, ffmpeg: str
) -> None:
    make(
        ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=256x192:r=25:d=1.2,noise=alls=8", "-pix_fmt", "yuv420p",
        "-c:v", "mpeg4", "-g", "10", "-q:v", "3", tmp_path / "a.avi",
    )  # fmt: skip
    whole = results.frames(analyze(tmp_path / "a.avi", *FAST).out)
    data = bytearray((tmp_path / "a.avi").read_bytes())
    at = len(data) * 45 // 100
    data[at : at + 60] = bytes(range(60))
    (tmp_path / "b.avi").write_bytes(data)
    damaged = results.frames(analyze(tmp_path / "b.avi", *FAST, expect=3).out)
    assert len(damaged) == len(whole)
    failed = [frame["page"] for frame in damaged if frame["status"] == "failed"]
    assert failed == list(range(failed[0], failed[-1] + 1))
    assert failed[-1] % 10 == 9, "the next key frame is read again"
    for ours, theirs in zip(damaged, whole, strict=True):
        if ours["status"] == "ok":
            assert ours["capillaries"] == theirs["capillaries"]


def stub(folder: Path, body: str) -> dict[str, str]:
    """An environment whose ffmpeg is a shell script; REAL is the real one."""
    real = shutil.which("ffmpeg")
    script = folder / "bin" / "ffmpeg"
    script.parent.mkdir()
    script.write_text(f"#!/bin/bash\nREAL={real}\n{body}\n")
    script.chmod(0o755)
    return os.environ | {"PATH": f"{script.parent}:{os.environ['PATH']}"}


OLD = """
if [ "${{*: -1}}" = -version ]; then echo "ffmpeg version {version}"; echo "libavcodec     {codec} / {codec}"; exit; fi
for argument in "$@"; do
  case $argument in
    -fps_mode) echo "Unrecognized option 'fps_mode'." >&2; exit 1 ;;
    *direct=1*) echo "[metadata @ 0x1] Option 'direct' not found" >&2; exit 8 ;;
  esac
done
exec "$REAL" "$@"
"""


def test_ffmpeg_4_2_reads_videos(program: Path, tmp_path: Path, ffmpeg: str, analyze: Analyze) -> None:
    make(ffmpeg, "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=0.2", "-c:v", "ffv1", tmp_path / "a.mkv")
    environment = stub(tmp_path, OLD.format(version="4.2.2-static", codec=" 58. 54.100"))
    out = tmp_path / "out"
    command = [program, "analyze", tmp_path / "a.mkv", "-o", out, *FAST]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(results.frames(out)) == 5


def test_an_ffmpeg_that_is_too_old_is_refused(program: Path, tmp_path: Path, ffmpeg: str) -> None:
    (tmp_path / "a.mkv").write_bytes(b"x")
    environment = stub(tmp_path, OLD.format(version="4.1", codec=" 58. 35.100"))
    command = [program, "analyze", tmp_path / "a.mkv", "-o", tmp_path / "out", *FAST]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "needs ffmpeg 4.2 or later" in done.stderr


@pytest.mark.parametrize("folder", [name for name in os.environ.get("CAPILLARYX_FFMPEGS", "").split(":") if name])
def test_other_versions_of_ffmpeg_give_the_same(
    program: Path, cases: Path, tmp_path: Path, analyze: Analyze, folder: str
) -> None:
    """CAPILLARYX_FFMPEGS names folders, each with an ffmpeg: 4.2.2 and 7.0.2 are in PyPI's imageio-ffmpeg."""
    names = ["ffv1_damaged_crc.mkv", "h264_cut_short.mkv", "mjpeg_one_bad_frame.avi", "i420.avi", "audio_only.mp4"]
    files = [cases / name for name in names]
    usual = results.frames(analyze(*files, *FAST, expect=3).out)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    command = [program, "analyze", *files, "-o", tmp_path / "other", *FAST]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout + done.stderr
    other = results.frames(tmp_path / "other")
    for key in ("source", "status", "time_s", "capillaries", "density"):
        assert [frame.get(key) for frame in other] == [frame.get(key) for frame in usual], key
