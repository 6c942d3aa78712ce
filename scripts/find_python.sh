#!/usr/bin/env bash
# Prints the Python that builds .venv: the one the locks are tested with, else the newest, else whatever python3 is.
set -euo pipefail
for python in python3.11 python3.13 python3.12 python3; do
    if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        command -v "$python"
        exit 0
    fi
done
echo "Interlock needs Python 3.11 or newer with its venv module (Debian: python3 and python3-venv); found none." >&2
exit 2
