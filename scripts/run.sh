#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the release and starts it: the tray application where there is a display, else the proxy
# alone. Arguments go to the program.
set -euo pipefail
source "$(dirname "$0")/environment.sh"

"$root/scripts/setup.sh" run
build release -- switchyard
program="$root/build/release/bin/switchyard"

if [[ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]]; then
    say "starting the tray application; the lines to try it: $program env"
    exec "$program" "$@"
fi
say "no display: starting the proxy alone (Ctrl+C ends it)"
exec "$program" serve "$@"
