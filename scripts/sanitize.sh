#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/sanitize.sh asan|tsan    The unit tests under sanitizers, and the whole program: asan with processes
# as workers, killed ones among them; tsan with threads.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=$1
step "setting up (packages, Python environment)" scripts/setup.sh build run test
step "building ($preset)" scripts/build.sh "$preset"
# OpenVINO's own TBB, not Debian's that OpenCV brings along: it can be made to open libraries as sanitizers want it.
LD_LIBRARY_PATH=$(.venv/bin/python -c 'import pathlib, openvino; print(pathlib.Path(openvino.__file__).parent / "libs")')
export LD_LIBRARY_PATH TBB_ENABLE_SANITIZERS=1
step "unit tests ($preset)" ctest --preset "$preset" --parallel "$(nproc)"
export CAPILLARYX_PROGRAM=$PWD/build/$preset/capillaryx
if [ "$preset" = asan ]; then
  export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
  # Not the analyzer that fails: it meets a memory limit, which this sanitizer's own memory is far beyond.
  step "whole-program tests with processes as workers ($preset)" .venv/bin/python -m pytest \
    tests/test_faults.py tests/test_determinism.py tests/test_bad_input.py -m "not soak" -k "not analyzer_that_fails"
else
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/cmake/race_suppressions.txt"
  step "whole-program tests with threads as workers ($preset)" .venv/bin/python -m pytest tests/test_threads.py
fi
print_timings
