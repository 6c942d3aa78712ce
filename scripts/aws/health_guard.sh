#!/usr/bin/env bash
# PASS when the backend runs, is healthy and answers ready; else FAIL.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit health_guard --root "$root" --profile aws "$@"
echo FAIL
exit 1
