#!/usr/bin/env bash
# Brings every wheel that locks/server.txt pins, checked by its hash, and the wheel of this tree, into the folder $1.
set -euo pipefail
mkdir -p "$1"
rm -f "$1"/interlock-*.whl
python=.venv/bin/python
"$python" -m pip download --quiet --only-binary :all: --python-version 3.11 --require-hashes --no-deps -r locks/server.txt --dest "$1"
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$1" .
