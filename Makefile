# Every command of the project. `make help` lists them.

PORT ?= 8000
PYTHON := .venv/bin/python
LOCK := .venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--quiet --custom-compile-command "make lock"

# Where it is set, every start would compile our own modules again.
unexport PYTHONDONTWRITEBYTECODE

# `make -j run test` would install twice at once into the same .venv.
.NOTPARALLEL:

.DEFAULT_GOAL := help
.PHONY: help install dev training run test check fix lock docs screens bench faults fuzz

help: ## List these commands.
	@grep -hE '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: ## Install what Lantern runs on, into .venv.
	@sh deploy/install.sh base

dev: ## Install what its tests run on, too.
	@sh deploy/install.sh dev

training: ## Install what training a classifier needs, into .venv.
	@sh deploy/install.sh train

run: install ## Serve a living demo: make run [PORT=8000].
	@$(PYTHON) manage.py serve --demo --port $(PORT)

test: dev ## Run every test: SQLite in memory, PostgreSQL and Redis, real Chromium.
	@$(PYTHON) -m tests.run $(TESTS)

check: dev ## Lint, types, layers, migrations, documents in step with the code.
	@sh deploy/check.sh

fix: dev ## Repair what can be repaired without thinking.
	@$(PYTHON) -m ruff check --fix --quiet . || true
	@$(PYTHON) -m ruff format --quiet .
	@$(PYTHON) manage.py write_docs

docs: install ## Write the pages of docs that are drawn from the code.
	@$(PYTHON) manage.py write_docs

lock: dev ## Write the lock files again from pyproject.toml.
	@$(LOCK) --extra screening --output-file requirements.lock
	@$(LOCK) --extra screening --extra dev --constraints requirements.lock --output-file requirements-dev.lock
	@$(LOCK) --extra screening --extra train --constraints requirements.lock --output-file requirements-train.lock

screens: dev ## Take the screenshots in docs/screens again.
	@$(PYTHON) -m tests.screens

bench: dev ## Measure delivery against its baselines: make bench [NAME=fanout SECONDS=10 RUNS=3].
	@$(PYTHON) -m tests.bench $(NAME) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(RUNS),--runs $(RUNS))

faults: dev ## Break everything and count: make faults [SECONDS=120 SEED=1].
	@$(PYTHON) -m tests.faults --seconds $(or $(SECONDS),120) --seed $(or $(SEED),1)

fuzz: dev ## Throw frames at a running server: make fuzz [FRAMES=1000000 SEED=1].
	@$(PYTHON) -m tests.fuzz --frames $(or $(FRAMES),1000000) --seed $(or $(SEED),1)
