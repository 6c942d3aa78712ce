#!/usr/bin/env bash
# Tells the owner one thing: _notify_telegram_fail.sh MESSAGE. Nothing on stdout; exit 0 sent, 1 not sent, 2 not configured.
set -u
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
interlock=$root/.venv/bin/interlock
[ -x "$interlock" ] || interlock=interlock
export RES_OPTIONS="timeout:3 attempts:1" # a name service that is down outlasts no 15 s
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
exec "$interlock" notify --root "$root" -- "$@"
