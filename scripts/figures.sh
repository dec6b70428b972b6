#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [BENCH=bench.json] [OUT=docs/figures] scripts/figures.sh    Draws the paper's figures 5, 6 and 7 of what
# `capillaryx bench` measured, as SVG and PNG.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
bench=${BENCH:-bench.json}
[ -f "$bench" ] || die "no $bench: measure first (build/release/capillaryx bench FRAMES -o $bench)"
scripts/setup.sh figures
build/figures-venv/bin/python scripts/figures.py "$bench" "${OUT:-docs/figures}"
