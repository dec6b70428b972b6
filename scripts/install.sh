#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [PREFIX=/usr/local] scripts/install.sh    Installs program, library, headers and CMake package.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
prefix=${PREFIX:-/usr/local}
scripts/setup.sh build run
scripts/build.sh release
cmake --install build/release --prefix "$prefix" >/dev/null
say "installed: $prefix/bin/capillaryx, $prefix/include/capillaryx, find_package(capillaryx)"
echo "It uses OpenVINO from $(readlink -f .venv): keep that folder."
