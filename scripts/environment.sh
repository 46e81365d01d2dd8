# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by the other scripts: where the project is, and the tools that setup.sh put beside it.

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
cd "$root" || exit 1

tools="$root/build/tools"
export PATH="$tools/bin:$PATH:/usr/sbin"

# Objects of one preset serve the others: same flags, another build folder.
export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1

say() {
    printf 'switchyard: %s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# build PRESET [cmake option…] [-- TARGET…]: configures and builds, quiet unless it fails.
build() {
    local preset=$1 options=() targets=()
    shift
    while [[ $# -gt 0 && $1 != -- ]]; do
        options+=("$1")
        shift
    done
    [[ $# -eq 0 ]] || targets=(--target "${@:2}")
    cmake --preset "$preset" "${options[@]}" >"$root/build/configure-$preset.log" 2>&1 || {
        cat "$root/build/configure-$preset.log" >&2
        return 1
    }
    cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}"
}

mkdir -p "$root/build"
