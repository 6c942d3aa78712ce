#!/usr/bin/env bash
# The closeout, steps 1 to 7: the report, the operator's four commands, and one last line.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PATH="$root/.venv/bin:$PATH"
command -v interlock >/dev/null && exec interlock verify close --root "$root"
echo "VALIDATION BLOCKED — UNHANDLED_ERROR"
exit 1
