#!/usr/bin/env bash
# The nightly integrity audit: PASS or FAIL, and one message to the owner of a failure.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit nightly --root "$root" --profile aws "$@"
echo FAIL
exit 1
