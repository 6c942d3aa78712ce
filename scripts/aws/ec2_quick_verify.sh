#!/usr/bin/env bash
# The stack brought up, then the hard verification: its line and its exit code.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PATH="$root/.venv/bin:$PATH"
command -v interlock >/dev/null && exec interlock verify quick --root "$root"
echo "VALIDATION BLOCKED — UNHANDLED_ERROR"
exit 1
