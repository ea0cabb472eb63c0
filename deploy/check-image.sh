#!/usr/bin/env bash
# Starts the image that deploy/build-image.sh made, without Docker, and looks at it from outside:
#
#   deploy/check-image.sh [IMAGE]            # default: localhost/book-chat
#
# Needs buildah (as root) and, on this side, the packages of requirements.txt (PYTHON=... names
# the interpreter that has them; default .venv/bin/python).
set -euo pipefail
cd "$(dirname "$0")/.."

image=${1:-localhost/book-chat}
python=${PYTHON:-.venv/bin/python}
port=${PORT:-17861}
container=$(buildah from --pull-never "$image")
server=
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    buildah rm "$container" >/dev/null
}
trap stop EXIT
inside() { buildah run --isolation chroot "$container" -- "$@"; }

echo "size: $(buildah images --format '{{.Size}}' "$image")"
echo "user: $(inside id -u)"
[ "$(inside id -u)" = 1000 ]
inside python -c 'import sys; assert sys.version_info[:2] == (3, 11), sys.version'
inside sh -c 'for tool in curl gcc gpg make psql pg_config; do command -v $tool; done' >/dev/null

# No secret and nothing of the developers' in any layer.
inside sh -c 'for path in .env .git tests notebooks docs; do [ ! -e "$path" ] || exit 1; done'
if buildah inspect --type image "$image" | grep -iE '"[A-Z_]*(API_KEY|SECRET|PASSWORD|TOKEN)='; then
    echo "a secret in the image's environment" >&2
    exit 1
fi

# A cold start: from nothing to the first answer.
started=$(date +%s%N)
buildah run --isolation chroot --env "PORT=$port" "$container" -- python -m api 2>/tmp/book-chat-image.log &
server=$!
until curl --fail --silent --output /dev/null "http://127.0.0.1:$port/health/ready"; do
    kill -0 "$server" || { cat /tmp/book-chat-image.log; exit 1; }
    sleep 0.05
done
ready=$(date +%s%N)
curl --fail --silent --output /dev/null "http://127.0.0.1:$port/chat/invoke" \
    --header 'content-type: application/json' --data '{"input": {"question": "What is ROS 2?"}}'
answered=$(date +%s%N)
echo "cold start: ready after $(((ready - started) / 1000000)) ms," \
    "first answer after $(((answered - started) / 1000000)) ms"

# The health check that the image declares.
buildah run --isolation chroot --env "PORT=$port" "$container" -- sh -c \
    "$(buildah inspect --type image --format '{{index .Docker.Config.Healthcheck.Test 1}}' "$image")"
echo
"$python" -m deploy.smoke "http://127.0.0.1:$port" --origin https://book.example
