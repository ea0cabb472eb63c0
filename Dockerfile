# Book Chat for a Hugging Face Docker Space or any container host.
# The base image is an argument, so that it can be pinned by digest, mirrored or built locally
# (deploy/build-image.sh does the last).
ARG BASE_IMAGE=python:3.11-slim-bookworm

# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS system
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Versions come from the base image's Debian release, so that security fixes are taken.
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        build-essential ca-certificates curl gcc gnupg libpq-dev postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader

FROM system AS packages
# Exactly the locked files or nothing: same lock, same packages.
COPY requirements.lock /tmp/requirements.lock
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --no-deps --requirement /tmp/requirements.lock \
    && /opt/venv/bin/python -m pip check \
    && /opt/venv/bin/python -m compileall -q /opt/venv/lib

FROM system
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=7860 \
    DATA_DIR=/home/reader/data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /home/reader/app
COPY --chown=reader:reader . .
USER 1000
# The sample book's index is part of the image, so a cold start answers at once.
RUN python -m compileall -q . && python -m loaders
# Late, so that a new commit alone rebuilds nothing above.
ARG GIT_COMMIT=unknown
ARG VERSION=unknown
ENV GIT_COMMIT=${GIT_COMMIT}
LABEL org.opencontainers.image.title="Book Chat" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${GIT_COMMIT}"
EXPOSE 7860
# A shell reads PORT.
# hadolint ignore=DL3025
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD curl --fail --silent --show-error "http://127.0.0.1:${PORT}/health/live" || exit 1
CMD ["python", "-m", "api"]
