# SPDX-License-Identifier: Apache-2.0
"""usage: scripts/prose.py [FILE...]    Reports words and phrases that plain technical English replaces.

Reads pages, comments, docstrings, help texts and messages, not code: in sources only comments and string literals.
Exits with 1 if it found something. docs/contributing.md says which English the project writes.
"""

import re
import subprocess
import sys
from pathlib import Path

REPLACEMENTS = {
    r"cut short": "interrupted, truncated",
    r"films?": "video, clip",
    r"goes on where": "resumes",
    r"passed over": "skipped",
    r"anew": "again",
    r"mend(?:s|ed|ing)?": "fix",
    r"reckon(?:s|ed|ing)?|works? out": "compute, estimate",
    r"(?:cannot|can't) be told|untellable": "ambiguous, unknown",
    r"(?:which|that) tells?|tells? (?:the|how|what|which|whether|where|apart)": "reports, shows, indicates",
    r"(?:is|are|be) told": "reported",
    r"drawn (?:frames?|tissue|ones?|capillar\w+)": "synthetic",
    r"roads? not taken": "rejected alternative",
    r"pretend(?:s|ed)?": "simulated",
    r"asked for ahead|in wait": "prefetched",
    r"locked[- ]down|locks? (?:itself|them) down|gives? away": "sandboxed",
    r"(?:of|by) (?:one's|your|their|its) own(?! [a-z])|one's own": "custom, user-defined, your own X",
    r"that it stands on": "local, on this machine",
    r"by itself found|found out by itself": "detected automatically",
    r"not a picture by its suffix": "unrecognised file extension",
    r"not touched by": "unaffected by",
    r"kinds? of pictures?": "file format, image",
    r"(?:rows?|lines?) (?:a|each) (?:frame|clip|file|capillary|worker)": "per",
    r"(?:ms|seconds?|frames?) a (?:frame|second|worker)": "per",
    r"in its depth|a hundredth of": "plain numbers",
}
BAD = re.compile("|".join(rf"(?P<g{i}>\b(?:{pattern})\b)" for i, pattern in enumerate(REPLACEMENTS)), re.IGNORECASE)
PAGES = {".md", ".txt"}
STRING = r'"(?:\\.|[^"\\\n])*"'
PROSE_IN = {
    ".cc": re.compile(rf"//[^\n]*|/\*.*?\*/|{STRING}", re.DOTALL),
    ".h": re.compile(rf"//[^\n]*|/\*.*?\*/|{STRING}", re.DOTALL),
    ".ts": re.compile(rf"//[^\n]*|/\*.*?\*/|{STRING}|`[^`]*`", re.DOTALL),
    ".tsx": re.compile(rf"//[^\n]*|/\*.*?\*/|{STRING}|`[^`]*`|>[^<>{{}}]+<", re.DOTALL),
    ".py": re.compile(rf'"""(?:.*?)"""|#[^\n]*|{STRING}', re.DOTALL),
    ".sh": re.compile(rf"#[^\n]*|{STRING}"),
}
SKIPPED = ("web/dist/", "web/node_modules/", "LICENSE", "scripts/prose.py", "web/package")


def prose(path: Path, text: str) -> str:
    """The text with everything that is not prose blanked, so that line numbers stay."""
    if path.suffix in PAGES:
        return re.sub(r"`[^`\n]*`", lambda code: " " * len(code.group()), text)
    kept = [" " if character != "\n" else "\n" for character in text]
    for found in PROSE_IN[path.suffix].finditer(text):
        kept[found.start() : found.end()] = text[found.start() : found.end()]
    return "".join(kept)


def findings(path: Path) -> list[str]:
    """One line per finding: file, line, the words, what to write instead."""
    text = prose(path, path.read_text(encoding="utf-8"))
    advice = list(REPLACEMENTS.values())
    return [
        f"{path}:{text.count(chr(10), 0, found.start()) + 1}: '{found.group()}': "
        f"write {advice[int(str(found.lastgroup)[1:])]}"
        for found in BAD.finditer(text)
    ]


def main() -> int:
    """Checks the files named, or every tracked file that holds prose."""
    names = (
        sys.argv[1:]
        or subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True).stdout.splitlines()
    )
    files = [Path(n) for n in names if Path(n).suffix in {*PAGES, *PROSE_IN} and not n.startswith(SKIPPED)]
    found = [line for path in files if path.exists() for line in findings(path)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
