#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FRAMES=FOLDER] [ROUNDS=5] [BENCH_FRAMES=100] [STEPS="bench system live memory"] scripts/performance.sh
# Measures the parallel system (bench: also the peer, where it is there) and writes docs/performance.md and docs/figures/.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
frames=${FRAMES:-../shared/data/frames}
read -ra steps <<<"${STEPS:-bench system live memory}"
scripts/setup.sh build run bench figures
scripts/build.sh release capillaryx_program
scripts/build.sh bench executor_benchmark
[ ! -f "${PEER:-../shared/peers/seed_stack}/requirements.txt" ] || scripts/peer.sh
if [ ! -d "$frames" ]; then
  frames=build/performance/frames
  say "no real frames: drawing some"
  build/release/capillaryx phantom 12 -o "$frames" --force --quiet
fi
.venv/bin/python scripts/performance.py build/release/capillaryx build/bench/executor_benchmark "$frames" docs/performance.md "${steps[@]}"
bench=build/performance/bench.figures.json
[ ! -f "$bench" ] || BENCH=$bench scripts/figures.sh
scripts/performance_stages.sh
.venv/bin/python scripts/readme.py
echo "written: docs/performance.md, the figures of README.md"
