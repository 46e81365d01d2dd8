#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the tests with the real clients. SWITCHYARD_PROGRAM is the program to test; arguments are
# test files (all when there are none). What is missing fails and is named; nothing is skipped.
set -eu
cd "$(dirname "$0")"

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    echo "tests/e2e: node and npm are needed (apt-get install nodejs npm)" >&2
    exit 1
fi
if [ ! -x "${SWITCHYARD_PROGRAM:-}" ]; then
    echo "tests/e2e: SWITCHYARD_PROGRAM must be the path of the built switchyard" >&2
    exit 1
fi
SWITCHYARD_PROGRAM=$(realpath "$SWITCHYARD_PROGRAM")
export SWITCHYARD_PROGRAM

# The lock file npm wrote for what is installed tells whether it is what the project asks for. The
# packages' own scripts are not run: the client's binary is in its platform package.
stamp=node_modules/.installed-from
if ! cmp -s package-lock.json "$stamp"; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json "$stamp"
fi

if [ $# -eq 0 ]; then
    set -- *.test.mjs
fi
exec node --test --test-reporter="${E2E_REPORTER:-spec}" "$@"
