#!/usr/bin/env bash
# Writes locks/*.txt anew: every version with its hashes, for Python 3.11 and newer, with no address in it. Give --upgrade for newest.
set -euo pipefail
venv=$(mktemp -d)
trap 'rm -rf "$venv"' EXIT
python=$(scripts/find_python.sh)
"$python" -m venv "$venv"
"$venv/bin/python" -m pip install -qq uv
compile() {
    "$venv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --group build "$@" pyproject.toml
}
compile "$@" --output-file locks/core.txt
compile "$@" --all-extras --constraint locks/core.txt --output-file locks/dev.txt
compile "$@" --extra postgres --constraint locks/core.txt --output-file locks/server.txt # what the image holds
