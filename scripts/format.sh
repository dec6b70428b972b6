#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/format.sh    Puts every source into the project's format.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build check
git ls-files -z --cached --others --exclude-standard -- '*.cc' '*.h' | xargs -0 clang-format-14 -i
.venv/bin/ruff check --quiet --fix .
.venv/bin/ruff format --quiet .
