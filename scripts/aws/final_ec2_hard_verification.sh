#!/usr/bin/env bash
# The hard verification, phases A to F: one line on stdout, exit 0 or 1.
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
PATH="$root/.venv/bin:$PATH"
command -v interlock >/dev/null && exec interlock verify --root "$root"
echo "VALIDATION BLOCKED — UNHANDLED_ERROR"
exit 1
