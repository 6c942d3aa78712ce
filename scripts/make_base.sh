#!/usr/bin/env bash
# Writes the root file system of a minimal Debian with these packages (a,b,c) as a tar to stdout; it names no host of this machine.
set -euo pipefail
sources=/etc/apt/sources.list.d/debian.sources
[ -r "$sources" ] || sources=/etc/apt/sources.list
mmdebstrap --quiet --variant=minbase --include="$1" --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --customize-hook='rm -rf "$1/etc/apt/sources.list" "$1/etc/apt/sources.list.d" "$1/var/log/apt" "$1/var/log/dpkg.log"' \
    bookworm - - <"$sources"
