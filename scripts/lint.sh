#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything that finds faults without running the program. All of it is tried; any finding fails.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

"$root/scripts/setup.sh" lint
faults=0

check() {
    local title=$1
    shift
    say "$title"
    "$@" || faults=$((faults + 1))
}

tidy() {
    # The generated headers must exist before clang-tidy reads the sources.
    build dev || return 1
    git ls-files -- 'app/*.cpp' 'ui/*.cpp' 'proxycore/*.cpp' \
        | xargs -n 1 -P "$(nproc)" clang-tidy --quiet -p build/dev 2>build/clang-tidy.log
}

shell_scripts() {
    git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck -x -P scripts
}

check "layers" scripts/check-layers.py
check "clang-format" scripts/format.sh --check
check "shellcheck" shell_scripts
check "warnings as errors, then clang-tidy" tidy
[[ $faults -eq 0 ]] || fail "lint found faults in $faults of 4 checks"
say "lint found nothing"
