#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/sanitize.sh asan|tsan    The unit tests under sanitizers.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=$1
step "setting up (packages, Python environment)" scripts/setup.sh build run test
step "building ($preset)" scripts/build.sh "$preset"
step "unit tests ($preset)" ctest --preset "$preset" --parallel "$(nproc)"
print_timings
