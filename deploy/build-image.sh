#!/usr/bin/env bash
# Builds the image without Docker and without a container registry (as root on Debian or Ubuntu):
#
#   apt-get install buildah debootstrap
#   deploy/build-image.sh [IMAGE]            # default: localhost/book-chat
#
# The base is Debian bookworm (its own Python is 3.11), made by debootstrap once and kept as
# localhost/bookworm-python. BASE_IMAGE=... takes another base, such as one pinned by digest.
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-localhost/book-chat}
base=${BASE_IMAGE:-localhost/bookworm-python}
commit=${GIT_COMMIT:-$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)}

make_base() {
    local root container
    root=$(mktemp -d)
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-pip,python3-venv \
        bookworm "$root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah commit --quiet --rm "$container" "$base" >/dev/null
    rm -rf "$root"
}

if [ -z "${BASE_IMAGE:-}" ] && ! buildah inspect --type image "$base" >/dev/null 2>&1; then
    make_base
fi

# A machine behind a proxy of its own has its authorities and pip settings here. They are mounted
# while building and are not part of the image.
mounts=()
for file in /etc/ssl/certs/ca-certificates.crt /etc/pip.conf; do
    if [ -f "$file" ]; then mounts+=(--volume "$file:$file:ro"); fi
done

buildah bud --isolation chroot --format docker --layers --pull-never "${mounts[@]}" \
    --build-arg "BASE_IMAGE=$base" --build-arg "GIT_COMMIT=$commit" --tag "$image" .
echo "built $image from $base at commit $commit"
