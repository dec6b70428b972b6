#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [PICTURES="NAME=FOLDER ..."] scripts/prevalence.sh
# Measures what adjusting scores to a frame's share of capillaries does, into docs/figures/prevalence.json and the table
# of docs/analysis.md. PICTURES: more sets, each a folder with truth.coco.json.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run
step "building the program (release)" scripts/build.sh release capillaryx_program
read -r -a pictures <<<"${PICTURES:-}"
step "measuring" .venv/bin/python scripts/prevalence.py build/release/capillaryx docs/analysis.md "${pictures[@]}"
print_timings
