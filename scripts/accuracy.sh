#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures accuracy and speed with the release program and writes docs/accuracy.md.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run
[ ! -d ../shared ] || scripts/setup.sh other_frames
scripts/build.sh release
if [ -d ../shared ]; then
  step "making pictures of other cameras and sizes (long the first time)" \
    build/other-frames-venv/bin/python scripts/other_frames.py ../shared build/other_frames
fi
say "measuring"
.venv/bin/python scripts/accuracy.py build/release/capillaryx ../shared docs/accuracy.md
.venv/bin/python scripts/accuracy_clips.py build/release/capillaryx ../shared docs/accuracy_clips.md
.venv/bin/python scripts/readme.py
