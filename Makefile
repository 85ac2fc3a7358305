# Hashcart. `make` lists what there is; `make demo` and `make test` need nothing but Python 3.11+ and make.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check soak bench format lock migration schema explorer clean

# Which Python makes .venv; empty: the newest of 3.11 to 3.14 on the PATH (see .ci/setup).
PYTHON ?=
export PYTHON

python := .venv/bin/python
say := @printf '==> %s\n'

# Three processes for two cores: many tests wait for others. Who has nothing left takes over from who has most.
pytest := $(python) -m pytest -n 3 --dist worksteal
# The tests start some hundred processes: compiled modules are kept, also where the environment says otherwise.
test check soak: export PYTHONDONTWRITEBYTECODE =

help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r name text; do \
		printf '%-18s %s\n' "$$name" "$$text"; done

# The stamp holds the clone's path: a clone that moved, or whose Python is gone, is set up again.
ifneq "$(shell test -x $(python) && cat .venv/ready 2>/dev/null)" "$(CURDIR)"
.PHONY: .venv/ready
endif
.venv/ready: pyproject.toml requirements.lock .ci/setup
	@.ci/setup

demo: .venv/ready ## Run a seeded brand with live cart adds, at http://127.0.0.1:8000
	@exec .venv/bin/hashcart demo

test: .venv/ready ## Run the tests that a machine with Python alone can run (4 minutes at most)
	@HASHCART_TEST_PYTHON_ALONE=1 $(pytest)

check: .venv/ready ## Check format, lint, types, contracts, and every test on PostgreSQL 18 and 15
	$(say) "Format and lint"
	@$(python) -m ruff format --check .
	@$(python) -m ruff check .
	$(say) "Types"
	@$(python) -m mypy
	@$(python) -m mypy .ci/lock.py .ci/migration.py
	$(say) "Contracts between the layers"
	@.venv/bin/lint-imports --no-logo
	$(say) "Every test on PostgreSQL 18, and those that touch the database on 15"
	@PYTEST="$(pytest)" .ci/tests

soak: .venv/ready ## Run the tests whose counts grow, with their full counts (see tests/README.md)
	$(say) "About an hour on two cores; a line for each test that has ended"
	@HASHCART_TEST_SCALE=soak $(pytest) -m scaled -v

bench: .venv/ready ## Measure, and print the figures
	@$(python) -m benchmarks

format: .venv/ready ## Format the code and mend what the linter can mend
	@$(python) -m ruff check --fix-only --quiet .
	@$(python) -m ruff format .

lock: .venv/ready ## Write requirements.lock from pyproject.toml; UPGRADE=1 takes the newest versions
	@$(python) .ci/lock.py $(if $(UPGRADE),--upgrade)

migration: .venv/ready ## Draft a migration: make migration NAME="create coupons"
	@test -n "$(NAME)" || { echo 'Say what it does: make migration NAME="create coupons"' >&2; exit 2; }
	@$(python) .ci/migration.py "$(NAME)"

schema: .venv/ready ## Write graphql/schema.graphql, openapi/openapi.yaml and the golden files
	@.venv/bin/hashcart schema --write
	@HASHCART_GOLDEN=write $(python) -m pytest -q tests/reads/test_operations.py

explorer: ## Build the explorer's files from their source, and look at their types (Node.js 20 or newer)
	@npm ci --prefix app/explorer/source --no-audit --no-fund --loglevel=error
	@npm run --prefix app/explorer/source --silent types
	@npm run --prefix app/explorer/source --silent build
	$(say) "The explorer is built into app/explorer/assets"

clean: ## Remove .venv and what the tools cached; the embedded database stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
