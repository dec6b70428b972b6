# SPDX-License-Identifier: Apache-2.0
"""Writes src/evaluation/decompositions.cc: how Unicode's composed characters of alphabets are spelt decomposed (NFD),
as file names of macOS are. Korean syllables follow their own rule; compatibility ideographs are
left out, as in HFS+.

usage: unicode_table.py    (at the top of the checkout)
"""

import unicodedata
from pathlib import Path

FIRST, END = 0xC0, 0x3100
LINE = 118


def main() -> None:
    entries = []
    for code in range(FIRST, END):
        parts = [ord(part) for part in unicodedata.normalize("NFD", chr(code))]
        if parts != [code]:
            entries.append("{" + ", ".join(f"0x{part:X}" for part in (code, *parts)) + "},")
    lines = [""]
    for entry in entries:
        if len(lines[-1]) + 1 + len(entry) > LINE:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + entry
    text = [
        "// SPDX-License-Identifier: Apache-2.0",
        f"// Made by scripts/unicode_table.py from Unicode {unicodedata.unidata_version}.",
        '#include "evaluation/decompositions.h"',
        "",
        "namespace capillaryx {",
        "",
        "// clang-format off",
        f"const std::array<Decomposition, {len(entries)}> kDecompositions{{{{",
        *(f"  {line}" for line in lines),
        "}};",
        "// clang-format on",
        "",
        "}  // namespace capillaryx",
    ]
    Path("src/evaluation/decompositions.cc").write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
