#!/usr/bin/env bash
# PASS when our orders and the exchange's lists agree, both ways; else FAIL.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit reconcile_order_intents --root "$root" --profile aws "$@"
echo FAIL
exit 1
