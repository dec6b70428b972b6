# SPDX-License-Identifier: Apache-2.0
"""Runs clang-tidy over the sources of a build folder, in parallel, skipping what was clean before.

usage: clang_tidy.py BUILD_FOLDER [PATTERN...]

A source stays clean as long as its text, that of every header of ours that it includes, its compile command and
.clang-tidy are the same. Tests, benchmarks and fuzz targets are left out: the compiler's warnings are enough for them.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
LEFT_OUT = ("_test.cc", "_benchmark.cc", "_fuzz.cc")
TIDY = "clang-tidy-14"


def headers_of(source: Path, folders: list[Path]) -> list[Path]:
    """Every header of ours that a source includes, directly or not."""
    found: dict[Path, None] = {}
    todo = [source]
    while todo:
        for name in INCLUDE.findall(todo.pop().read_text()):
            for folder in folders:
                header = folder / name
                if header.is_file() and header not in found:
                    found[header] = None
                    todo.append(header)
    return sorted(found)


def content_key(source: Path, command: str, folders: list[Path]) -> str:
    digest = hashlib.sha256(command.encode())
    settings = (ROOT / ".clang-tidy").read_text().splitlines()
    digest.update("\n".join(line for line in settings if not line.startswith("#")).encode())
    for path in [ROOT / "scripts/debian-packages.txt", source, *headers_of(source, folders)]:
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()


def check(source: Path, build: Path, key: Path) -> tuple[bool, str]:
    """Whether a source is clean, which `key` then records, and what clang-tidy says."""
    command = [TIDY, "--quiet", "-p", str(build), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if run.returncode == 0:
        key.touch()
    return run.returncode == 0, run.stdout or run.stderr


def main() -> int:
    build = Path(sys.argv[1]).resolve()
    patterns = sys.argv[2:]
    cache = build.parent / "clang-tidy"
    cache.mkdir(exist_ok=True)
    folders = [ROOT / "include", ROOT / "src", build / "generated"]
    keys: dict[Path, Path] = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = Path(entry["file"])
        inside = source.is_relative_to(ROOT / "src") and source.suffix == ".cc"
        if not inside or source.name.endswith(LEFT_OUT) or (patterns and not any(p in str(source) for p in patterns)):
            continue
        keys[source] = cache / content_key(source, entry["command"].replace(str(ROOT), ""), folders)
    todo = sorted(source for source, key in keys.items() if not key.exists())
    print(f"clang-tidy: {len(keys)} sources, {len(todo)} of them changed", flush=True)

    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        checked = pool.map(lambda source: check(source, build, keys[source]), todo)
        for source, (clean, output) in zip(todo, checked, strict=True):
            if not clean:
                failed += 1
                print(f"--- {source.relative_to(ROOT)}\n{output}", flush=True)
    print(f"clang-tidy: {len(keys) - failed} clean, {failed} not")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
