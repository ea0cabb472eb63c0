#!/usr/bin/env bash
# Writes requirements.lock and requirements-dev.lock: exact versions with hashes, no index named,
# good for Python 3.11 to 3.13 on Linux and macOS, x86-64 and arm64.
# `scripts/lock.sh --upgrade` takes newer versions, otherwise what still fits stays as it is.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    tools=$(mktemp -d)
    trap 'rm -rf "$tools"' EXIT
    "${PYTHON:-python3.11}" -m venv "$tools/venv"
    "$tools/venv/bin/pip" install --quiet 'uv>=0.9,<1'
    uv=$tools/venv/bin/uv
fi

constraint=
for name in requirements requirements-dev; do
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
        --no-header $constraint --output-file "$name.lock" "$@" "$name.txt" >/dev/null
    {
        echo "# Exact versions with hashes. Written by scripts/lock.sh from $name.txt; do not edit."
        cat "$name.lock"
    } >"$name.lock.new"
    mv "$name.lock.new" "$name.lock"
    constraint="--constraint requirements.lock"
done
