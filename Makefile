# Everything a newcomer needs, with nothing but python3 (3.11 or later) and make. `make help` lists it.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
RUN := .venv/installed-run
DEV := .venv/installed-dev

.DEFAULT_GOAL := help
.PHONY: help install run test lint format migrate bench laws schema revision openapi env docker-up clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DEV) ## Create the environment with everything that development needs

run: $(RUN) ## Start Moorage (HOST, PORT, MOORAGE_HOME, DATABASE_URL); Ctrl-C stops it, data is kept
	@exec $(BIN)/python -m moorage serve

test: $(DEV) ## Run the tests; ARGS="tests/domains -k hold" for some of them
	@$(BIN)/python -m pytest -q -n auto $(ARGS)

laws: $(DEV) ## Run the laws in full: storms, crashes, any order, any request
	@MOORAGE_LAWS=full $(BIN)/python -m pytest -q -n auto tests/laws $(ARGS)

lint: $(DEV) ## Check style, types and the direction of imports
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: $(DEV) ## Put every file into shape
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

migrate: $(RUN) ## Bring the database to the schema of this version
	@$(BIN)/python -m moorage migrate

bench: $(RUN) ## Measure; BENCH="book --http" for one of them
	@$(BIN)/python -m moorage bench $(BENCH)

revision: $(DEV) ## Write the next migration from the models; name="what it does"
	@$(BIN)/python -m migrations.revise "$(name)"

schema: $(DEV) ## Write database/schema.sql anew
	@$(BIN)/python -m migrations.snapshot

openapi: $(DEV) ## Write tests/contracts/openapi/*.json and docs/errors.md anew
	@$(BIN)/python -m moorage.wiring.openapi_snapshot

env: $(DEV) ## Write .env.example anew
	@$(BIN)/python -m moorage.wiring.env_example

docker-up: ## Build and start Moorage in containers, with PostgreSQL and Redis (compose.yaml)
	@docker compose up --build --detach --wait

clean: ## Remove the environment and caches; data in var/ is kept
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .schemathesis

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Moorage needs Python 3.11 or later: install it, or say which with PYTHON=…"; exit 1; }
	@echo "Creating the environment (.venv) with $$($(PYTHON) --version) …"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
	  echo "Python cannot create environments here; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

# Redone only when the lock has changed. The larger set holds the smaller one, at the same versions.
$(RUN): requirements.lock | $(BIN)/python
	@echo "Installing what $< pins …"
	@$(PIP) install --require-hashes -r requirements.lock
	@touch $@

$(DEV): requirements-dev.lock requirements.lock | $(BIN)/python
	@echo "Installing what $< pins …"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $(RUN) $@
