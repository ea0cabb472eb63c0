.PHONY: run test check format audit lock release clean
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv installs several times faster than pip, where it is there.
ifneq ($(shell command -v uv 2>/dev/null),)
VENV = uv venv --quiet --allow-existing --python $(PYTHON) .venv
INSTALL = uv pip install --quiet --require-hashes --python $(BIN)/python
else
VENV = $(PYTHON) -m venv .venv
INSTALL = $(BIN)/python -m pip install --quiet --require-hashes
endif

run: .venv/.run
	@$(BIN)/python -m api

test: .venv/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/python -m pytest -q tests/test_imports.py
	$(BIN)/python -m scripts.audit

# As in check, but it fails where PyPI's advisories cannot be reached.
audit: .venv/.dev
	$(BIN)/python -m scripts.audit --strict

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Exact versions for make run and make test, from the ranges in requirements*.txt.
lock:
	bash scripts/lock.sh $(ARGS)

# make release VERSION=1.2.3 ARGS=--dry-run
release: .venv/.dev
	$(BIN)/python -m scripts.release $(VERSION) $(ARGS)

clean:
	rm -rf .venv .data .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	$(VENV)

# What was tested is what runs: exact versions with hashes, for Linux and macOS, x86-64 and arm64.
.venv/.run: requirements.lock | .venv/bin/python
	$(INSTALL) -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock | .venv/bin/python
	$(INSTALL) -r requirements-dev.lock
	@touch $@ .venv/.run
