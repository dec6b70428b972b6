#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FUZZ_SECONDS=600] scripts/soak.sh    What takes too long for `make test`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environment)" scripts/setup.sh build run test fuzz train soak
step "building the program (release)" scripts/build.sh release capillaryx_program
step "building the scheduler simulation (dev)" scripts/build.sh dev executor_test
step "the bundle" scripts/bundle.sh
step "soak tests" .venv/bin/python -m pytest tests -m soak
step "the training recipe" .venv/bin/python -m pytest tests/test_training.py
step "the Python package" scripts/python.sh
step "soak tests of the Python package" build/python-venv/bin/python -m pytest python/tests -m soak
FUZZ_SECONDS=${FUZZ_SECONDS:-600} step "fuzzing" scripts/fuzz.sh
print_timings
