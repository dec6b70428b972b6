#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: LABELS=FILE FRAMES=FOLDER [OUTPUT=FOLDER] [OPTIONS="--resume --seed=2 ..."] scripts/train.sh
# Fine-tunes the shipped network on your own COCO labels; training/fine_tune.py --help lists the OPTIONS.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
if [ -z "${LABELS:-}" ] || [ -z "${FRAMES:-}" ]; then die "say which: make train LABELS=coco.json FRAMES=folder"; fi
[ -f "$LABELS" ] || die "$LABELS: no such file"
[ -d "$FRAMES" ] || die "$FRAMES: no such folder"
step "setting up (packages, Python environments)" scripts/setup.sh build run train
step "building the program (release)" scripts/build.sh release capillaryx_program
read -r -a more <<<"${OPTIONS:-}"
step "training" .venv-train/bin/python training/fine_tune.py --labels "$LABELS" --frames "$FRAMES" \
  --output "${OUTPUT:-out/own_network}" "${more[@]}"
print_timings
