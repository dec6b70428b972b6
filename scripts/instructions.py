#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: instructions.py PROGRAM COUNTS.json [--update]

Runs PROGRAM (stage_instructions) under valgrind's callgrind and compares the instructions of each stage with those
kept. More than the tolerance in either direction is an error: what became slower shows, and what became faster is kept
with --update. No load on the machine moves these counts; compilers and libraries do, and the release pins both.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOLERANCE = 0.03
STAGES = {
    "read PNG": "capillaryx::decode_png(",
    "read JPEG": "capillaryx::decode_jpeg(",
    "reduce": "capillaryx::reduce_frame(",
    "background": "capillaryx::Background::fit(",
    "darkness": "capillaryx::measure_darkness(",
    "ssim": "capillaryx::SsimMap::measure(",
    "rois": "capillaryx::RoiFinder::find(",
    "network input": "capillaryx::NetworkInputMaker::fill(",
    "depths": "capillaryx::DensityStage::measure_regions(",
    "contours": "capillaryx::DensityStage::draw_chosen(",
}


def count(program: str) -> dict[str, int]:
    """Instructions of each stage, with all that it calls, over the whole run."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program], check=True, capture_output=True
        )
        text = subprocess.run(
            ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(out)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    counts = {}
    for stage, function in STAGES.items():
        found = re.search(rf"^\s*([\d,]+) .*?:{re.escape(function)}", text, re.MULTILINE)
        if not found:
            raise SystemExit(f"error: callgrind saw no {function}...)")
        counts[stage] = int(found[1].replace(",", ""))
    return counts


def main() -> int:
    if len(sys.argv) not in (3, 4) or sys.argv[3:] not in ([], ["--update"]):
        raise SystemExit(__doc__)
    program, kept_file = sys.argv[1], pathlib.Path(sys.argv[2])
    if " avx2 " not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        print("skipped: the counts kept are those of AVX2, which this machine does not have")
        return 0
    counts = count(program)
    if "--update" in sys.argv:
        kept_file.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
        print(f"written: {kept_file}")
        return 0
    kept = json.loads(kept_file.read_text(encoding="utf-8"))
    moved = []
    for stage, now in counts.items():
        change = now / kept[stage] - 1
        print(f"{stage:14} {now / 1e6:9.2f} million instructions {100 * change:+6.1f} %")
        if abs(change) > TOLERANCE:
            moved.append(stage)
    if moved:
        print(f"error: more than {100 * TOLERANCE:.0f} % from {kept_file}: {', '.join(moved)}")
        print("Where that is wanted: scripts/instructions.sh --update")
    return 1 if moved else 0


if __name__ == "__main__":
    sys.exit(main())
