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

if [[ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]]; then
    say "no display: starting the proxy alone (Ctrl+C ends it)"
    exec "$program" serve "$@"
fi

# `serve` prints these lines itself; the tray application has its menu for them.
say_how_to_try() {
    local tries
    for tries in {1..100}; do
        "$program" env >/dev/null 2>&1 && break
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    [[ $tries -lt 100 ]] || return 0
    cat >&2 <<END
Switchyard is in the tray. Try it in another terminal:

  eval "\$('$program' env)"
  curl -sS "\$ANTHROPIC_BASE_URL/v1/messages" -H "authorization: Bearer \$ANTHROPIC_AUTH_TOKEN" \\
      -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' \\
      -d '{"model":"claude-sonnet-4","max_tokens":100,"messages":[{"role":"user","content":"Hello"}]}'
  claude

END
}

say "starting the tray application"
say_how_to_try $$ &
exec "$program" "$@"
