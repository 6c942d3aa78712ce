# Every target makes what it needs, from Python 3.11 or newer alone. `make` or `make help` lists them.

PYTHON := .venv/bin/python
HOST_TESTS := tests/browser tests/host
# Those of the row, and of the house: what waits for sockets, files and processes is left to `make test`.
SLOW_ROOMS := $(addprefix tests/rooms/, exchange host notify rehearsal research simulator store)
FAST_TESTS := $(filter-out $(SLOW_ROOMS) %.py, $(patsubst %/,%,$(wildcard tests/rooms/*))) tests/house
# First those that mostly wait for processes: the others fill the time.
WAITING_TESTS := tests/runbook tests/doors
OTHER_TESTS := $(filter-out $(WAITING_TESTS) $(HOST_TESTS), $(patsubst %/,%,$(wildcard tests/*/)))
ARGS ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo check test test-host prove mutants oracle bench release-figures host-lab lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: .venv/.dev ## the whole .venv: package, every extra, development tools

demo: .venv/.core ## simulator, platform and dashboard on real candles; ARGS="--once --days 30 --json"
	@exec .venv/bin/interlock demo $(ARGS)

check: .venv/.dev ## lint, format, types, layers, fast tests (under 60 s)
	@$(PYTHON) -m ruff check
	@$(PYTHON) -m ruff format --check
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m pytest -q -n 2 $(wildcard $(FAST_TESTS))

test: .venv/.dev ## all tests that Python alone can run (under 8 minutes)
	@$(PYTHON) -m pytest -q -n 2 --dist loadfile $(WAITING_TESTS) $(OTHER_TESTS)

test-host: .venv/.dev ## the tests that need Debian packages, which it installs
	@scripts/install_host_packages.sh
	@$(PYTHON) -m pytest -q $(or $(wildcard $(HOST_TESTS)),$(error none of $(HOST_TESTS) is here))

# These are programs of the repository and import tests.* and benchmarks.* beside the package.
prove bench mutants oracle release-figures host-lab: export PYTHONPATH := $(CURDIR)

prove: .venv/.dev ## time-boxed proofs; fails below its floor
	@scripts/install_host_packages.sh postgresql
	@$(PYTHON) tests/rehearsal/prove.py $(ARGS)

mutants: .venv/.dev ## six rooms spoilt in turn, every rule among them: a test must notice; ARGS="--room ledger"
	@$(PYTHON) tests/mutants/run.py $(ARGS)

oracle: .venv/.dev ## every trade list and indicator of an independent engine against ours, from ../shared/data
	@$(PYTHON) tests/foreign/oracle_check.py

bench: .venv/.dev ## benchmarks: figures as a table and as JSON
	@$(PYTHON) benchmarks/run.py $(ARGS)

release-figures: .venv/.dev ## the large runs, written to docs/figures
	@$(PYTHON) benchmarks/release_figures.py $(ARGS)

host-lab: .venv/.dev ## the deployment on a Debian machine of its own (root; 10 minutes); ARGS=--faults breaks each of the seven points
	@$(PYTHON) tests/host_lab/lab.py $(ARGS)

lock: ## write locks/*.txt anew; ARGS=--upgrade for the newest of everything
	@scripts/lock.sh $(ARGS)

clean: ## remove .venv, caches and build leftovers; data folders stay
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.core: locks/core.txt pyproject.toml
	@scripts/install_lock.sh core
	@touch $@

# The development lock holds the core lock too.
.venv/.dev: locks/dev.txt locks/core.txt pyproject.toml
	@scripts/install_lock.sh dev
	@touch .venv/.core $@
