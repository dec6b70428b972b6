#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/docs.sh    Makes the pages of docs/ that come from the program itself.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh build run
scripts/build.sh release capillaryx_program
build/release/capillaryx options-table >docs/options.md
