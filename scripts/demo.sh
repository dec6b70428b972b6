#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [INPUT=PATH] scripts/demo.sh    Sets up, builds, analyses PATH or frames that the program draws.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
say "setting up (packages, Python environment)"
scripts/setup.sh build run
say "building (the first time takes a few minutes)"
scripts/build.sh release capillaryx_program
program=build/release/capillaryx
if [ -z "${INPUT:-}" ]; then
  INPUT=out/demo/phantoms
  say "drawing six frames whose truth is known into $INPUT"
  rm -rf out/demo/phantoms
  "$program" phantom 6 -o "$INPUT"
fi
say "analysing $INPUT"
status=0
"$program" analyze "$INPUT" -o out/demo/results --force || status=$?
[ $status = 0 ] || [ $status = 3 ] || exit $status
say "done; look at"
echo "   $PWD/out/demo/results/report.html   the report: open it in a browser"
echo "   $PWD/out/demo/results/overlays/     the frames with their capillaries"
echo "   $PWD/out/demo/results/results.csv   one row per frame, for a spreadsheet"
echo "Your own frames:   make demo INPUT=FOLDER   or   $program analyze FOLDER -o RESULTS"
exit $status
