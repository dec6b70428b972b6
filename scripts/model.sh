#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/model.sh    Trains the shipped network anew on drawn frames, from its seed, into models/.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environments)" scripts/setup.sh build run train
step "building the program (release)" scripts/build.sh release capillaryx_program
step "training" .venv-train/bin/python training/make_model.py
print_timings
