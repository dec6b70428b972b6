#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FRAMES=FOLDER] scripts/compare.sh    Runs every built-in algorithm over labelled frames and writes the table into
# docs/comparators.md. FRAMES holds frames and labels.coco.json (default: ../shared/data/frames).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
frames=${FRAMES:-../shared/data/frames}
[ -f "$frames/labels.coco.json" ] || die "no $frames/labels.coco.json (these frames are no part of this repository)"
scripts/setup.sh build run
scripts/build.sh release capillaryx_program
build/release/capillaryx compare "$frames" -o out/compare --labels "$frames/labels.coco.json" --executor serial --force
.venv/bin/python scripts/compare_table.py out/compare/compare.json docs/comparators.md
