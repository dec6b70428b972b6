#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: BASE=COMMIT [FILTER=REGEX] [ROUNDS=9] [PROGRAMS="analysis_benchmark image_benchmark"] scripts/bench_compare.sh
# Builds the benchmarks of a commit beside those of this checkout, runs them in turns, says what moved beyond noise.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ -n "${BASE:-}" ] || die "BASE is missing: make bench-compare BASE=COMMIT"
commit=$(git rev-parse --verify --quiet "$BASE^{commit}") || die "there is no commit $BASE"
read -ra programs <<<"${PROGRAMS:-analysis_benchmark image_benchmark overlay_benchmark}"
scripts/setup.sh build bench
tree=$PWD/build/compare/$commit
if [ ! -e "$tree/CMakeLists.txt" ]; then
  mkdir -p "$tree"
  git archive "$commit" | tar -x -C "$tree"
  ln -sfn "$PWD/.venv" "$tree/.venv"
fi
say "building ${commit:0:12}"
"$tree/scripts/build.sh" bench "${programs[@]}"
say "building what is here"
scripts/build.sh bench "${programs[@]}"
say "comparing ${commit:0:12} with what is here"
.venv/bin/python scripts/bench_compare.py "$tree/build/bench" build/bench --rounds "${ROUNDS:-9}" --filter "${FILTER:-.}"
