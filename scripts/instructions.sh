#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/instructions.sh [--update]    Counts the instructions of the stages under callgrind and compares them
# with benchmarks/instructions.json; --update rewrites that file.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build count
scripts/build.sh release stage_instructions
.venv/bin/python scripts/instructions.py build/release/stage_instructions benchmarks/instructions.json "$@"
