#!/usr/bin/env bash
# Makes the two images of compose.yaml with the container engine at hand, from Debian packages and hashed wheels: no registry is asked.
#   scripts/build_images.sh            on a host with Debian's mirror, mmdebstrap and a container engine
#   INTERLOCK_BASE=… scripts/build_images.sh     over another base that has Python 3.11, its venv module and certificates
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${INTERLOCK_TAG:-local}
engine=${ENGINE:-docker}
revision=$(git rev-parse HEAD)
[ -z "$(git status --porcelain)" ] || revision="$revision-dirty"

scripts/fetch_wheels.sh build/wheels
base() { # name packages: a base of our own, when it is not there yet
    "$engine" image inspect "$1:bookworm" >/dev/null 2>&1 && return
    scripts/make_base.sh "$2" | "$engine" import - "$1:bookworm" >/dev/null
}
[ -n "${INTERLOCK_BASE:-}" ] || base interlock-base python3,python3-venv,ca-certificates
base interlock-db-base postgresql-15,ca-certificates
export DOCKER_BUILDKIT=${DOCKER_BUILDKIT:-0}
"$engine" build --quiet --network none --tag "interlock:$tag" --file deploy/image/Containerfile \
    --build-arg "BASE=${INTERLOCK_BASE:-interlock-base:bookworm}" --build-arg "REVISION=$revision" .
"$engine" build --quiet --network none --tag "interlock-db:$tag" --file deploy/db/Containerfile .
