#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Every test, with the real parts. Goes on after a failure, so that one run tells all; the last line
# is the sum: "N passed, N failed". Fails when anything failed and when nothing ran.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

passed=0
failed=0
failures=()
logs="$root/build/test-logs"
mkdir -p "$logs"

count() {
    passed=$((passed + $1))
    failed=$((failed + $2))
    [[ $2 -eq 0 ]] || failures+=("$3: $2 failed")
}

stage() {
    say "[${SECONDS}s] $*"
}

# check NAME COMMAND…: one test, its verdict the exit code.
check() {
    local name=$1
    shift
    stage "$name"
    if "$@"; then count 1 0 "$name"; else count 0 1 "$name"; fi
}

# A number from the head of the JUnit file that ctest wrote; 0 when it is not there.
junit() {
    grep -s -m 1 -oP "^\s+$2=\"\K[0-9]+" "$1" || echo 0
}

# unit_tests PRESET: builds it and runs its tests. What was skipped or not run has not passed.
unit_tests() {
    local preset=$1 report="$logs/$1.xml" all bad
    stage "build $preset"
    if ! build "$preset"; then
        count 0 1 "build of $preset"
        return
    fi
    stage "tests of $preset"
    rm -f "$report"
    ctest --preset "$preset" -j2 --output-junit "$report" || true
    all=$(junit "$report" tests)
    bad=$(($(junit "$report" failures) + $(junit "$report" disabled) + $(junit "$report" skipped)))
    [[ $all -gt 0 ]] || bad=1
    count $((all > bad ? all - bad : 0)) "$bad" "tests of $preset"
}

# The core without a screen: it builds, starts, and draws in nothing that paints.
core_only() {
    local program="$root/build/core-only/bin/switchyard" libraries
    build core-only -DBUILD_TESTING=OFF -- switchyard || return 1
    "$program" --version || return 1
    libraries=$(ldd "$program") || return 1
    ! grep -E 'libQt6(Gui|Widgets)' <<<"$libraries"
}

# A number that Node's test reporter prints at the end, e.g. "pass"; 0 when it is not there.
node_count() {
    sed -n "s/^\(#\|ℹ\) $2 \([0-9]*\)$/\2/p" "$1" | awk '{ sum += $1 } END { print sum + 0 }'
}

end_to_end() {
    local log="$logs/e2e.log" good bad code=0
    stage "end to end, with the real Claude Code and the real SDK"
    SWITCHYARD_PROGRAM="$root/build/dev/bin/switchyard" tests/e2e/run.sh 2>&1 | tee "$log" || code=$?
    good=$(node_count "$log" pass)
    bad=$(($(node_count "$log" fail) + $(node_count "$log" cancelled) \
        + $(node_count "$log" skipped) + $(node_count "$log" todo)))
    # A failure before the first test, or none at all, is a failure too.
    [[ $bad -gt 0 || ($code -eq 0 && $good -gt 0) ]] || bad=1
    count "$good" "$bad" "end to end"
}

"$root/scripts/setup.sh" test || {
    echo "0 passed, 1 failed"
    exit 1
}
check "layers: the check finds faults" scripts/check-layers.py --self-test
check "layers" scripts/check-layers.py
unit_tests dev
end_to_end
check "core without a screen" core_only
unit_tests asan

for failure in ${failures[@]+"${failures[@]}"}; do
    say "$failure"
done
say "took $((SECONDS / 60)) min $((SECONDS % 60)) s; logs are in build/test-logs"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 && $passed -gt 0 ]]
