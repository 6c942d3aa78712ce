#!/usr/bin/env bash
# Installs the Debian packages of `make test-host`, or those that are named, as far as they are missing, and nothing else.
set -euo pipefail
packages=(chromium postgresql strace sudo systemd util-linux)
[ $# -eq 0 ] || packages=("$@")

installed() { [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=()
for package in "${packages[@]}"; do
    installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo --non-interactive)
echo "Installing ${missing[*]} from Debian" >&2
export DEBIAN_FRONTEND=noninteractive
"${root[@]}" apt-get update --quiet=2
"${root[@]}" apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
for package in "${missing[@]}"; do
    installed "$package" || { echo "$package is still missing after apt-get install." >&2; exit 1; }
done
