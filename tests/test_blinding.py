# SPDX-License-Identifier: Apache-2.0
"""A pseudonymised run holds no name of a file, folder or subject, and can be unblinded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pictures
import pytest
from conftest import Analyze, Run

NAMES = (b"Meyer", b"meyer", b"Schulz", b"vorher", b"nachher", b"ward7")
TABLES = ("measurements.csv", "groups.csv")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "ward7"
    for number, (subject, visit) in enumerate((s, v) for s in ("Meyer", "Schulz") for v in ("vorher", "nachher")):
        (folder / subject / visit).mkdir(parents=True)
        for still in range(2):
            picture = pictures.png(pictures.tissue(seed=2 * number + still))
            (folder / subject / visit / f"{subject.lower()}_{still}.png").write_bytes(picture)
    (folder / "Meyer/vorher/meyer_bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "Meyer/vorher/meyer_bad.avi").write_bytes(b"RIFF\x10\0\0\0AVI meyer")
    return folder


def names_in(folder: Path) -> list[str]:
    found = [str(path) for path in folder.rglob("*") if any(name in os.fsencode(path.name) for name in NAMES)]
    for path in folder.rglob("*"):
        if path.is_file():
            found += [f"{path}: {name.decode()}" for name in NAMES if name in path.read_bytes()]
    return found


def test_no_byte_of_the_output_holds_a_name(data: Path, capillaryx: Run, tmp_path: Path) -> None:
    out, key = tmp_path / "out", tmp_path / "key.csv"
    videos = [data / "Meyer/vorher/meyer_bad.avi"] if shutil.which("ffmpeg") else []
    done = capillaryx("analyze", data, *videos, "-o", out, "--pseudonymise", key, expect=3)
    assert names_in(out) == []
    assert not any(name.decode() in done.stdout + done.stderr for name in NAMES)
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"Meyer" in key.read_bytes()


def test_unblinded_tables_are_those_of_a_run_with_names(
    data: Path, capillaryx: Run, analyze: Analyze, tmp_path: Path
) -> None:
    plain = analyze(data, expect=3).out
    out, key, back = tmp_path / "out", tmp_path / "key.csv", tmp_path / "back"
    capillaryx("analyze", data, "-o", out, "--pseudonymise", key, expect=3)
    assert any((out / name).read_bytes() != (plain / name).read_bytes() for name in TABLES)
    capillaryx("unblind", out, key, "-o", back)
    for name in TABLES:
        assert (back / name).read_bytes() == (plain / name).read_bytes(), name


def test_a_rerun_with_the_same_key_is_equal_and_can_be_resumed(data: Path, capillaryx: Run, tmp_path: Path) -> None:
    first, second, key = tmp_path / "a", tmp_path / "b", tmp_path / "key.csv"
    capillaryx("analyze", data, "-o", first, "--pseudonymise", key, expect=3)
    capillaryx("analyze", data, "-o", second, "--pseudonymise", key, expect=3)
    for name in (*TABLES, "study.csv", "coco.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    journal = second / "results.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:4]))
    capillaryx("analyze", data, "-o", second, "--pseudonymise", key, "--resume", expect=3)
    assert (first / "groups.csv").read_bytes() == (second / "groups.csv").read_bytes()


def test_a_key_that_others_may_read_is_refused(data: Path, capillaryx: Run, tmp_path: Path) -> None:
    key = tmp_path / "key.csv"
    capillaryx("analyze", data, "-o", tmp_path / "a", "--pseudonymise", key, expect=3)
    key.chmod(0o644)
    said = capillaryx("analyze", data, "-o", tmp_path / "b", "--pseudonymise", key, expect=1).stderr
    assert "chmod 600" in said


def test_the_links_are_gone_after_the_run(data: Path, program: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    command = list(map(str, [program, "analyze", data, "-o", tmp_path / "a", "--pseudonymise", tmp_path / "key.csv"]))
    subprocess.run(command, env={**os.environ, "TMPDIR": str(temporary)}, check=False, stdout=sys.stderr)
    assert list(temporary.iterdir()) == []
