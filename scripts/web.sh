#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: scripts/web.sh [--check]    Types and tests of the front end, and its build into web/dist/.
# --check: an error if the build does not give the bytes that are committed.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
scripts/setup.sh web

# Installs what the lock file names, by its hashes. Its stamp saves the next time.
install() {
  local stamp=web/node_modules/.installed
  sha256sum web/package-lock.json | cmp -s - "$stamp" && return
  npm --prefix web ci --ignore-scripts --no-audit --no-fund --loglevel=error
  sha256sum web/package-lock.json >"$stamp"
}
run() { (cd web && "$@"); }

step "installing the packages of web/package-lock.json" install
step "types" run node_modules/.bin/tsc --project .
step "tests of the components" run node test.mjs
if [ "${1:-}" = --check ]; then
  kept=$(mktemp -d)
  trap 'rm -rf "$kept"' EXIT
  cp web/dist/* "$kept"
  step "building" run node build.mjs
  if ! diff -rq "$kept" web/dist; then
    cp "$kept"/* web/dist
    die "web/dist/ is not what its sources give: make web builds it; then commit it"
  fi
else
  step "building" run node build.mjs
fi
