#!/usr/bin/env bash
# PASS when nothing died since the last audit, and disk, memory, clock and cycles are as they must be; else FAIL.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit stability_check --root "$root" --profile aws "$@"
echo FAIL
exit 1
