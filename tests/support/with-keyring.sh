#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
#
# with-keyring.sh COMMAND [ARGUMENT…]
#
# Runs COMMAND beside a real gnome-keyring: a session bus of its own, an empty home of its own, an
# unlocked login keyring. Nothing of the caller's desktop is reached, and nothing is left behind.
# COMMAND sees PRIVATE_KEYRING=1 and the usual variables (HOME, XDG_*, DBUS_SESSION_BUS_ADDRESS);
# its exit code is passed on. 125: the keyring could not be brought up, the reason is on stderr.
set -u

fail()
{
    echo "with-keyring.sh: $1" >&2
    exit 125
}

ask()
{
    destination=$1
    shift
    dbus-send --session --print-reply --dest="$destination" "$@" 2>/dev/null
}

if [ "${1-}" = --inside ]; then
    shift
    echo $$ >"$HOME/inside.pid"
    keyring=
    command=
    stop()
    {
        for process in $command $keyring; do
            kill "$process" 2>/dev/null
            wait "$process" 2>/dev/null
        done
    }
    trap stop EXIT
    trap 'exit 143' TERM INT HUP

    # The password only has to be the same for creating and unlocking, which happen here at once.
    printf 'private' | gnome-keyring-daemon --foreground --unlock --components=secrets \
        >"$HOME/keyring.log" 2>&1 &
    keyring=$!

    # The owner is asked for first: a call to the absent service would make the bus start a second
    # daemon. The alias appears when ours has unlocked its login keyring.
    attempts=0
    until ask org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
        string:org.freedesktop.secrets | grep -q true \
        && ask org.freedesktop.secrets /org/freedesktop/secrets \
            org.freedesktop.Secret.Service.ReadAlias string:default \
            | grep -q /org/freedesktop/secrets/collection; do
        attempts=$((attempts + 1))
        if [ "$attempts" -ge 200 ] || ! kill -0 "$keyring" 2>/dev/null; then
            cat "$HOME/keyring.log" >&2
            fail "gnome-keyring-daemon did not offer the Secret Service"
        fi
        sleep 0.05
    done

    # In the background, so that a signal to this shell is heard at once; a shell gives such a
    # command an empty standard input unless told otherwise.
    exec 3<&0
    "$@" <&3 3<&- &
    command=$!
    wait "$command"
    code=$?
    command=
    exit "$code"
fi

[ $# -gt 0 ] || fail "usage: with-keyring.sh COMMAND [ARGUMENT…]"
for program in dbus-run-session dbus-send gnome-keyring-daemon secret-tool; do
    command -v "$program" >/dev/null 2>&1 || fail "$program is missing; on Debian: \
apt-get install dbus dbus-daemon gnome-keyring libsecret-tools"
done

room=$(mktemp -d) || fail "no temporary directory"
session=
cleanup()
{
    # The session ends with what runs inside; asked to stop, it would leave that behind.
    if [ -n "$session" ]; then
        kill "$(cat "$room/inside.pid" 2>/dev/null || echo "$session")" 2>/dev/null
        wait "$session" 2>/dev/null
    fi
    rm -rf "$room"
}
trap cleanup EXIT
trap 'exit 143' TERM INT HUP

for folder in run config data state cache; do
    mkdir -m 700 "$room/$folder" || fail "cannot write to $room"
done
export HOME="$room" XDG_RUNTIME_DIR="$room/run" XDG_CONFIG_HOME="$room/config" \
    XDG_DATA_HOME="$room/data" XDG_STATE_HOME="$room/state" XDG_CACHE_HOME="$room/cache" \
    PRIVATE_KEYRING=1
unset DBUS_SESSION_BUS_ADDRESS GNOME_KEYRING_CONTROL SSH_AUTH_SOCK

exec 3<&0
dbus-run-session -- "$0" --inside "$@" <&3 3<&- &
session=$!
wait "$session"
code=$?
session=
exit "$code"
