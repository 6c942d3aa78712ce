#!/usr/bin/env bash
# Brings .venv to what locks/$1.txt pins, then lays this tree over it. Wheels only: nothing is compiled, no setup script runs.
set -euo pipefail
lock="locks/$1.txt"
log=.venv/install.log

steps() { # one dot per package, so that a slow line is seen to move
    awk '/^Collecting /{printf "."} /^Installing collected/{printf " unpacking"} {fflush()} END{print ""}' >&2
}

if [ ! -x .venv/bin/python ]; then
    python=$(scripts/find_python.sh)
    "$python" -m venv .venv
fi
printf 'Installing %s ' "$lock" >&2
if ! .venv/bin/python -m pip install --only-binary :all: --require-hashes -r "$lock" 2>&1 | tee "$log" | steps ||
    ! .venv/bin/python -m pip install --no-deps --no-build-isolation -e . >>"$log" 2>&1; then
    grep -v '^WARNING' "$log" | tail -n 15 >&2
    echo "The installation of $lock failed; the whole of it is in $log." >&2
    exit 1
fi
