#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FRAMES=FOLDER LABELS=FILE TOGETHER=A,B,C] scripts/synthetic_or_real.sh
# Measures what tells synthetic capillaries from real ones, into docs/figures/synthetic_or_real.json (docs/accuracy.md shows it).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
frames=${FRAMES:-../shared/data/frames}
labels=${LABELS:-$frames/labels.coco.json}
[ -f "$labels" ] || die "$labels: no such file; say which real frames: make synthetic-or-real FRAMES=folder LABELS=coco.json"
step "setting up (packages, Python environments)" scripts/setup.sh build run train
step "building the program (release)" scripts/build.sh release capillaryx_program
step "training" .venv-train/bin/python training/synthetic_or_real.py --frames "$frames" --labels "$labels" \
  --together "${TOGETHER:-f13,f14,f17}" --figures docs/figures/synthetic_or_real.json
print_timings
