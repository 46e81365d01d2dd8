#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Formats every C++ source; with --check, only says what is not formatted and fails.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

"$root/scripts/setup.sh" format
options=(-i)
[[ "${1:-}" != --check ]] || options=(--dry-run -Werror)
git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.h' \
    | xargs -0 --no-run-if-empty clang-format "${options[@]}"
