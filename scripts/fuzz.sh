#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: [FUZZ_SECONDS=60] scripts/fuzz.sh [TARGET...]    Builds the fuzz targets and runs each for so many seconds.
# What a target finds is left in build/fuzz/findings/; corpora grow in build/fuzz/corpus/.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
seconds=${FUZZ_SECONDS:-60}
scripts/setup.sh build fuzz
targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(git ls-files --cached --others --exclude-standard 'src/*_fuzz.cc' | xargs -rn1 basename -s .cc | sort)
[ ${#targets[@]} -gt 0 ] || die "no fuzz target in src/"
scripts/build.sh fuzz "${targets[@]}"
mkdir -p build/fuzz/findings
for target in "${targets[@]}"; do
  say "$target, $seconds s"
  mkdir -p "build/fuzz/corpus/$target"
  corpora=("build/fuzz/corpus/$target")
  # Committed examples to start from, where the target has them.
  seeds=tests/corpus/${target%_fuzz}
  [ ! -d "$seeds" ] || corpora+=("$seeds")
  "build/fuzz/$target" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -verbosity=0 -print_funcs=0 -print_final_stats=1 \
    -artifact_prefix="build/fuzz/findings/$target-" "${corpora[@]}"
done
printf '\n%d fuzz targets ran %s s each and found nothing\n' "${#targets[@]}" "$seconds"
