#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FRAMES=FOLDER] [TURNS=3] [QUICK=1] scripts/scaling.sh    Measures what Python and Ray cost on this machine, simulates
# clusters with the figures, and writes them into docs/scaling.md and docs/figures/. QUICK: see scripts/scaling.py.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "the Python package" scripts/python.sh
step "the simulation" scripts/build.sh release scaling_simulation
frames=${FRAMES:-build/scaling/frames}
if [ ! -d "$frames" ]; then build/release/capillaryx phantom 8 -o "$frames" --quiet; fi
step "measuring" build/python-venv/bin/python scripts/scaling.py "$frames"
print_timings
