#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FILTER=REGEX] scripts/bench.sh    Builds and runs every benchmark; results also as JSON in build/bench/.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build bench
scripts/build.sh bench
say "$(uname -m), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n1), commit $(git describe --always --dirty 2>/dev/null || echo unknown), $(date -u +%F)"
found=0
for program in build/bench/*_benchmark; do
  [ -x "$program" ] || continue
  found=1
  say "$(basename "$program")"
  "$program" --benchmark_filter="${FILTER:-.}" --benchmark_out="$program.json" --benchmark_out_format=json
done
[ $found = 1 ] || die "no benchmark in src/"
