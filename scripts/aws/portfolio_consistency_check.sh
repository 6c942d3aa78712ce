#!/usr/bin/env bash
# PASS when our ledger and the exchange's wallet agree; else FAIL. DEBUG=1 says by how much they do not.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.venv/bin/interlock
[ -x "$program" ] || program=interlock
[ "${DEBUG:-0}" = 1 ] || exec 2>/dev/null
shopt -s execfail
exec "$program" audit portfolio_consistency_check --root "$root" --profile aws "$@"
echo FAIL
exit 1
