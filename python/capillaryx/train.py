# SPDX-License-Identifier: Apache-2.0
"""Fine-tunes the shipped network on your own labels: python -m capillaryx.train --labels coco.json --frames FOLDER

Needs capillaryx[train]. What it does and writes: `python -m capillaryx.train --help`. The same as `make train` of a
checkout, whose training/fine_tune.py the wheel holds in capillaryx/training.
"""

import sys
from importlib import import_module
from pathlib import Path

from capillaryx.__main__ import PROGRAM

FOLDER = Path(__file__).parent / "training"


def main() -> int:
    """Gives the exit code."""
    sys.path.insert(0, str(FOLDER))
    try:
        fine_tune = import_module("fine_tune")
    except ModuleNotFoundError as error:
        print(f"capillaryx.train needs {error.name}: pip install 'capillaryx[train]'", file=sys.stderr)
        return 2
    fine_tune.main(program=PROGRAM, base=FOLDER / "capillary.onnx")
    return 0


if __name__ == "__main__":
    sys.exit(main())
