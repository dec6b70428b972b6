#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/build.sh PRESET [TARGET...]    Configures and builds a preset of CMakePresets.json, into build/PRESET.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
preset=$1
shift
if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
cmake --preset "$preset" --log-level=WARNING >/dev/null
cmake --build --preset "$preset" --parallel "${JOBS:-$(nproc)}" "${targets[@]}"
