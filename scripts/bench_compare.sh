#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: BASE=COMMIT [HEAD=COMMIT] [FRAMES=FOLDER] [ROUNDS=9] [REPEAT=4] scripts/bench_compare.sh
# Builds the program of commit BASE beside that of commit HEAD (default: this checkout as it is, changes and all), runs
# the two in turns over FRAMES and says which stages moved beyond noise, and whether the results did.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ -n "${BASE:-}" ] || die "BASE is missing: make bench-compare BASE=COMMIT"
commit_of() { git rev-parse --verify --quiet "$1^{commit}" || die "there is no commit $1"; }
base=$(commit_of "$BASE")
head=${HEAD:+$(commit_of "$HEAD")}
scripts/setup.sh build run
# What both have in common is compiled once: the compiler's cache sees paths below this checkout as relative ones.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# build_commit COMMIT: its program, in its own tree that is kept for the next time.
build_commit() {
  local tree=build/compare/$1
  if [ ! -d "$tree" ]; then
    rm -rf "$tree.new"
    mkdir -p "$tree.new"
    git archive "$1" | tar -x -C "$tree.new"
    ln -sfn "$PWD/.venv" "$tree.new/.venv"
    mv "$tree.new" "$tree"
  fi
  step "building ${1:0:12}" "$tree/scripts/build.sh" release capillaryx_program
}

build_commit "$base"
if [ -n "$head" ]; then
  build_commit "$head"
  now=build/compare/$head/build/release/capillaryx
else
  step "building what is here" scripts/build.sh release capillaryx_program
  now=build/release/capillaryx
fi
frames=${FRAMES:-../shared/data/frames}
if [ ! -d "$frames" ]; then
  frames=build/performance/frames
  say "no real frames: drawing some"
  "$now" phantom 12 -o "$frames" --force --quiet
fi
there=${head:0:12}
step "comparing ${base:0:12} with ${there:-what is here}" .venv/bin/python scripts/bench_compare.py \
  "build/compare/$base/build/release/capillaryx" "$now" "$frames" --rounds "${ROUNDS:-9}" --repeat "${REPEAT:-4}"
print_timings
