#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/test.sh    Sets up, builds and passes the unit tests (ctest) and the whole-program tests (pytest).
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environment)" scripts/setup.sh build run test
step "building the program (release)" scripts/build.sh release capillaryx_program
step "building the Python package" scripts/python.sh
step "building the unit tests (dev)" scripts/build.sh dev
step "making the portable bundle" scripts/bundle.sh
step "unit tests" ctest --preset dev --parallel "$(nproc)"
step "instruction counts of the stages" scripts/instructions.sh
step "whole-program tests" .venv/bin/python -m pytest tests
step "tests of the Python package" build/python-venv/bin/python -m pytest python/tests
print_timings
