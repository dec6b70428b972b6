#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/bundle.sh    Makes build/bundle/capillaryx-VERSION-linux-x86_64.tar.gz: the program with every library
# that it loads, which runs from wherever it is unpacked.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run bundle
scripts/build.sh release capillaryx_program
build/bundle-venv/bin/python scripts/bundle.py build/release build/bundle
