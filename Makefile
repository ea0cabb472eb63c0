.PHONY: run test check format audit clean
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

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

clean:
	rm -rf .venv .data .mypy_cache .ruff_cache .pytest_cache

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.run: requirements.txt | .venv/bin/python
	$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

.venv/.dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/pip install --quiet -r requirements-dev.txt
	@touch $@ .venv/.run
