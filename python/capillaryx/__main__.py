# SPDX-License-Identifier: Apache-2.0
"""The `capillaryx` command: the C++ program of this package, or the same in this process where Python has a part."""

import os
import sys
from pathlib import Path

PROGRAM = Path(__file__).parent / "bin" / "capillaryx"


def value_of(flag: str, words: list[str]) -> str:
    """The value of a flag (`--flag value` or `--flag=value`); empty where it is not given."""
    for place, word in enumerate(words):
        if word == flag and place + 1 < len(words):
            return words[place + 1]
        if word.startswith(flag + "="):
            return word.removeprefix(flag + "=")
    return ""


def main() -> int:
    """Runs the command line; gives the exit code."""
    words = sys.argv[1:]
    own = value_of("--analyzer", words).startswith("python:")
    ray = value_of("--executor", words) == "ray"
    if not (own or ray):
        os.execv(PROGRAM, ["capillaryx", *words])
    # As `python -m` does: a module in the current folder is found.
    sys.path.insert(0, str(Path.cwd()))
    from capillaryx import UsageError, _core
    from capillaryx.analysis import enable_ray
    from capillaryx.analyzer import set_worker_command

    if ray:
        try:
            enable_ray()
        except UsageError as error:
            print(f"capillaryx: {error}", file=sys.stderr)
            return 2
    if own:
        set_worker_command()
    return _core.run_command(["capillaryx", *words])


if __name__ == "__main__":
    sys.exit(main())
