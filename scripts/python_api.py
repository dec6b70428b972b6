# SPDX-License-Identifier: Apache-2.0
"""Writes what of the Python package is made from the C++ side: options.py (from the one list) and _core.pyi.

usage: scripts/python_api.py FOLDER    (python/capillaryx; by a Python in which the package is installed)
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from capillaryx import _core

HEAD = '''# SPDX-License-Identifier: Apache-2.0
# Made by scripts/python_api.py from include/capillaryx/options.h.
"""Every setting of a run, as keywords."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from capillaryx import _core

if TYPE_CHECKING:
    from capillaryx.analyzer import Analyzer


class OptionKeywords(TypedDict, total=False):
    """Keywords of analyze(), analyze_to() and analyze_frame(): the flags of the command line in snake_case."""

'''
TAIL = """

DEFAULTS: dict[str, Any] = {field["name"]: field["default"] for field in _core.option_fields()}
"""
OTHER_TYPES = {
    "model": "str | os.PathLike[str]",
    "status_file": "str | os.PathLike[str]",
    "analyzer": "str | type[Analyzer]",
}


def options_module(fields: list[dict[str, Any]]) -> str:
    """The text of options.py."""
    lines = []
    for field in fields:
        kind = OTHER_TYPES.get(field["name"], field["type"])
        if field["choices"]:
            kind = f"Literal[{', '.join(repr(str(name)) for name in field['choices'])}]".replace("'", '"')
        text = str(field["help"])
        lines.append(f"    {field['name']}: {kind}\n" + f'    """{text}."""\n')
    return HEAD + "".join(lines) + TAIL


def main() -> None:
    """Writes both files."""
    folder = Path(sys.argv[1])
    written = [folder / "options.py", folder / "_core.pyi"]
    written[0].write_text(options_module(_core.option_fields()))
    stubgen = [sys.executable, "-m", "nanobind.stubgen", "-q", "-m", "capillaryx._core", "-o", str(written[1])]
    subprocess.run(stubgen, check=True)
    stub = written[1].read_text()
    written[1].write_text("# SPDX-License-Identifier: Apache-2.0\n# Made by scripts/python_api.py.\n" + stub)
    for tool in ("check", "format"):
        fix = ["--fix"] if tool == "check" else []
        subprocess.run([sys.executable, "-m", "ruff", tool, "--quiet", *fix, *map(str, written)], check=False)


if __name__ == "__main__":
    main()
