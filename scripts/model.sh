#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [CHECK=FOLDER] scripts/model.sh    Trains the shipped network again on synthetic frames, from its seed, into models/.
# CHECK: real frames with labels.coco.json, on which the finished network is measured (default: ../shared/data/frames).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environments)" scripts/setup.sh build run train
step "building the program (release)" scripts/build.sh release capillaryx_program
check=${CHECK:-../shared/data/frames}
measured=()
if [ -f "$check/labels.coco.json" ]; then measured=(--check "$check"); fi
step "training" .venv-train/bin/python training/make_model.py "${measured[@]}"
print_timings
