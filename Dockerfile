# Book Chat for a Hugging Face Docker Space or any container host.
# The base image is an argument, so that it can be mirrored or built locally.
ARG BASE_IMAGE=python:3.11-slim-bookworm

FROM ${BASE_IMAGE} AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends build-essential gcc libpq-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv /opt/venv \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check -r requirements.txt

FROM ${BASE_IMAGE}
ARG GIT_COMMIT=unknown
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=7860 \
    DATA_DIR=/data \
    GIT_COMMIT=${GIT_COMMIT}
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        build-essential curl gcc gnupg libpq-dev postgresql-client python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 reader \
    && install -d -o reader -g reader /data /app
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY --chown=reader:reader . .
USER reader
# The sample book's index is part of the image, so a cold start answers at once.
RUN python -m loaders
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD curl --fail --silent --show-error "http://127.0.0.1:${PORT}/health/live" || exit 1
CMD ["python", "-m", "api"]
