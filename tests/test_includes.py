# SPDX-License-Identifier: Apache-2.0
"""Rooms include only what CMakeLists.txt lets them see."""

import re
from pathlib import Path

import pytest
from conftest import ROOT

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
ROOM = re.compile(r"^capillaryx_room\(\s*(\w+)([^)]*)\)", re.MULTILINE)
PROGRAM = re.compile(r"^capillaryx_program\(([^)]*)\)", re.MULTILINE)


def named_rooms(arguments: str) -> set[str]:
    """The rooms after ROOMS, up to LIBRARIES."""
    return set(arguments.partition("ROOMS")[2].partition("LIBRARIES")[0].split())


CMAKE = (ROOT / "CMakeLists.txt").read_text()
ROOMS = {room: named_rooms(arguments) for room, arguments in ROOM.findall(CMAKE)}
COMMANDS_MAY_SEE = {room for arguments in PROGRAM.findall(CMAKE) for room in named_rooms(arguments)}
PUBLIC = {path.name for path in (ROOT / "include/capillaryx").glob("*.h")}


def foreign_includes(folder: Path, may_see: set[str]) -> list[str]:
    """Includes of rooms (src/ROOM/...) that files of a folder may not see."""
    rooms = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    return [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in sorted(folder.rglob("*"))
        if path.suffix in {".h", ".cc"}
        for name in INCLUDE.findall(path.read_text())
        if (room := name.split("/")[0]) in rooms and "/" in name and room not in may_see
    ]


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_room_includes_only_rooms_that_it_names(room: str) -> None:
    assert foreign_includes(ROOT / "src" / room, ROOMS[room] | {room}) == []


def test_every_room_is_known() -> None:
    folders = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    assert folders <= set(ROOMS) | {"cli"}


def test_executor_and_analysis_never_see_each_other() -> None:
    assert "analysis" not in ROOMS["executor"]
    assert "executor" not in ROOMS["analysis"]


def test_rooms_form_no_circle() -> None:
    seen: set[str] = set()
    for room, named in ROOMS.items():
        assert named <= seen, f"{room} names a room that stands after it"
        seen.add(room)


def test_commands_see_public_headers_and_their_own_rooms_only() -> None:
    assert foreign_includes(ROOT / "src/cli", COMMANDS_MAY_SEE | {"cli"}) == []


@pytest.mark.parametrize("header", sorted(PUBLIC))
def test_public_header_includes_only_public_headers(header: str) -> None:
    names = INCLUDE.findall((ROOT / "include/capillaryx" / header).read_text())
    ours = [name for name in names if "/" in name]
    assert all(name.startswith("capillaryx/") and name.removeprefix("capillaryx/") in PUBLIC for name in ours)
    assert not [name for name in names if "/" not in name and name.endswith((".h", ".hpp"))], (
        "only the standard library"
    )


def test_there_are_ten_public_headers() -> None:
    assert len(PUBLIC) == 10


def test_a_forbidden_include_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test_includes.ROOT", tmp_path)
    for room in ("executor", "analysis"):
        (tmp_path / "src" / room).mkdir(parents=True)
    (tmp_path / "src/executor/bad.cc").write_text('#include "analysis/rois.h"\n')
    assert foreign_includes(tmp_path / "src/executor", {"executor"}) == ["src/executor/bad.cc includes analysis/rois.h"]
