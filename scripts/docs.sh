#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/docs.sh    Makes the pages and pictures of docs/ that come from the program itself, on a synthetic frame;
# and what of python/capillaryx/ comes from the C++ side.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run
scripts/build.sh release capillaryx_program
scripts/python.sh
build/python-venv/bin/python scripts/python_api.py python/capillaryx
program=build/release/capillaryx
"$program" options-table >docs/options.md

work=build/docs
rm -rf "$work"
"$program" phantom 1 --first 4 -o "$work/frames" --quiet
"$program" analyze "$work/frames" -o "$work/results" --stages --quiet
stages=("$work"/results/stages/*/[a-f]_*.png)
[ ${#stages[@]} = 6 ] || die "six pictures of stages were expected, not ${#stages[@]}"
mkdir -p docs/pictures
# Colour at full resolution: halved, green lines would bleach what they surround.
picture() { ffmpeg -v error -y "${@:1:$#-1}" -pix_fmt yuvj444p -q:v 3 "${@: -1}"; }
# A part of the frame as recorded and as analysed, side by side.
part="crop=960:600:480:480,scale=720:-2:flags=lanczos"
picture -i "${stages[0]}" -i "${stages[5]}" -filter_complex "[0]${part}[l];[1]${part}[r];[l][r]hstack" docs/pictures/capillaries.jpg
# The paper's Fig. 2 (a) to (f).
inputs=()
for stage in "${stages[@]}"; do inputs+=(-i "$stage"); done
scaled=""
for i in 0 1 2 3 4 5; do scaled+="[$i]scale=480:270:flags=area,setsar=1,format=rgb24[s$i];"; done
picture "${inputs[@]}" -filter_complex "${scaled}[s0][s1][s2][s3][s4][s5]xstack=inputs=6:layout=0_0|480_0|960_0|0_270|480_270|960_270" \
  docs/pictures/stages.jpg
echo "made: docs/options.md docs/pictures/ python/capillaryx/{options.py,_core.pyi}"
