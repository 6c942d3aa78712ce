#!/usr/bin/env bash
# PASS when nobody but this host reaches our ports, by compose and by the sockets; else FAIL.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit verify_no_public_ports --root "$root" --profile aws "$@"
echo FAIL
exit 1
