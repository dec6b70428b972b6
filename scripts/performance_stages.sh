#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FRAMES=FOLDER] [REPEATS=15] scripts/performance_stages.sh
# Measures the stages of one worker and writes docs/performance_stages.md.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
frames=${FRAMES:-../shared/data/frames}
scripts/setup.sh build run
scripts/build.sh release capillaryx_program machine_limits stage_work
if [ ! -d "$frames" ]; then
  frames=build/performance/frames
  say "no real frames: drawing some"
  build/release/capillaryx phantom 12 -o "$frames" --force --quiet
fi
.venv/bin/python scripts/performance_stages.py build/release/capillaryx build/release/machine_limits \
  build/release/stage_work "$frames" docs/performance_stages.md
