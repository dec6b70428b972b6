# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by every script here: stops on errors, goes to the top of the checkout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# One line: the step that runs now.
say() { printf '\n== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# Runs a command under a title and keeps how long it took; `print_timings` lists them.
step_names=()
step_seconds=()
step() {
  local title=$1 begin=$SECONDS
  shift
  say "$title"
  "$@"
  step_names+=("$title")
  step_seconds+=($((SECONDS - begin)))
}
print_timings() {
  local i
  printf '\n'
  for i in "${!step_names[@]}"; do printf '%6d s  %s\n' "${step_seconds[i]}" "${step_names[i]}"; done
}
