#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures accuracy and speed with the release program and writes docs/accuracy.md.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run
scripts/build.sh release
say "measuring"
.venv/bin/python scripts/accuracy.py build/release/capillaryx ../shared docs/accuracy.md
.venv/bin/python scripts/accuracy_clips.py build/release/capillaryx ../shared docs/accuracy_clips.md
.venv/bin/python scripts/readme.py
