#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/sanitize.sh asan|tsan    The unit tests under sanitizers; tsan also the whole program with threads.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=$1
step "setting up (packages, Python environment)" scripts/setup.sh build run test
step "building ($preset)" scripts/build.sh "$preset"
# OpenVINO's own TBB, not Debian's that OpenCV brings along: it can be told to open libraries as sanitizers want it.
LD_LIBRARY_PATH=$(.venv/bin/python -c 'import pathlib, openvino; print(pathlib.Path(openvino.__file__).parent / "libs")')
export LD_LIBRARY_PATH TBB_ENABLE_SANITIZERS=1
step "unit tests ($preset)" ctest --preset "$preset" --parallel "$(nproc)"
if [ "$preset" = tsan ]; then
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/cmake/race_suppressions.txt"
  export CAPILLARYX_PROGRAM=$PWD/build/tsan/capillaryx
  step "whole-program tests with threads as workers ($preset)" .venv/bin/python -m pytest tests/test_threads.py
fi
print_timings
