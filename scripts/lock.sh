#!/usr/bin/env bash
# Writes requirements.lock from requirements.txt: exact versions with hashes, no index named.
# Takes a few minutes, since every distribution is hashed. Needs Python 3.11.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3.11}" -m venv "$tools/venv"
"$tools/venv/bin/pip" install --quiet 'pip-tools>=7.5,<8'

# redis needs it on Python before 3.11.3 (Debian's is 3.11.2); the newer do without.
echo 'async-timeout>=4.0.3' >"$tools/old-python.txt"

# --upgrade only when asked for: otherwise the versions that still fit stay as they are.
"$tools/venv/bin/pip-compile" --quiet --generate-hashes --allow-unsafe --strip-extras \
    --no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
    --no-emit-options --output-file requirements.lock "$@" \
    requirements.txt "$tools/old-python.txt"

{
    echo "# Every package of the image with its hashes, for Python 3.11 on Linux."
    echo "# Written by scripts/lock.sh from requirements.txt; do not edit."
    grep -v '^#' requirements.lock
} >"$tools/lock"
cp "$tools/lock" requirements.lock
