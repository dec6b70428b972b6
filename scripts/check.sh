#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/check.sh    Every linter over every source; stops at the first that is not clean.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environment)" scripts/setup.sh build check

sources() { git ls-files --cached --others --exclude-standard -- "$@" | sort -u; }
mapfile -t cpp < <(sources '*.cc' '*.h')
mapfile -t python_folders < <(sources '*.py' | xargs -n1 dirname | sort -u)
mapfile -t shell < <(sources '*.sh' .ci/run)

# A folder at a time: the sources of one import each other by their bare names, which two folders may both have.
mypy_folders() {
  local folder
  for folder in "${python_folders[@]}"; do .venv/bin/python -m mypy "$folder"/*.py; done
}

codespell_prose() {
  git ls-files -- '*.md' '*.h' '*.cc' '*.py' '*.sh' '*.ts' '*.tsx' ':!web/dist' ':!src/source/*_test.cc' ':!src/image/*' ':!tests/test_model.py' \
    ':!tests/test_bad_input.py' ':!tests/test_analyze.py' ':!tests/test_frame_networks.py' ':!tests/test_video_files.py' ':!training/make_stub_networks.py' | xargs .venv/bin/codespell
}

step "front end" scripts/web.sh --check
step "clang-format" clang-format-14 --dry-run --Werror "${cpp[@]}"
step "shellcheck" shellcheck --external-sources --source-path=SCRIPTDIR "${shell[@]}"
step "ruff" .venv/bin/ruff check --quiet .
step "ruff format" .venv/bin/ruff format --check --quiet .
step "mypy" mypy_folders
step "spelling" codespell_prose
step "prose" .venv/bin/python scripts/prose.py
step "includes" .venv/bin/python -m pytest -q tests/test_includes.py
step "configuring (dev)" scripts/build.sh dev capillaryx_generated
step "clang-tidy" .venv/bin/python scripts/clang_tidy.py build/dev
print_timings
echo "all checks passed"
