#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Measures the release build beside nginx; --quick takes one minute instead of four.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

"$root/scripts/setup.sh" bench
build release -- switchyard
cmake -S "$root/tests/bench" -B "$root/build/bench" -G Ninja >"$root/build/configure-bench.log"
cmake --build "$root/build/bench"
exec python3 "$root/tests/bench/bench.py" --program "$root/build/release/bin/switchyard" \
    --helpers "$root/build/bench" "$@"
