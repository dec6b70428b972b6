#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/report_pages.sh    Opens reports of 10 and 100,000 frames in Chromium, writes docs/report.md and its pictures.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
step "setting up (packages, Python environment)" scripts/setup.sh build run test
step "building the program (release)" scripts/build.sh release capillaryx_program
PYTHONPATH=tests step "opening reports" .venv/bin/python scripts/report_pages.py build/release/capillaryx
