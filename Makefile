# make demo and make test are all the set-up there is; both do nothing again when up to date.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
CHROMIUM ?= chromium
INSTALLED := $(VENV)/.installed
# By file, for files share what is dear to make.
SIDE_BY_SIDE := -n auto --dist loadfile
SOURCES := simulator models pipelines dashboards dags benchmarks tests

.DEFAULT_GOAL := help
.PHONY: help install demo schedules test test-quick test-slow test-services test-energyplus lint bench base-network plots requirements bundle clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(INSTALLED)  ## make .venv with the hashed requirements and the project

$(INSTALLED): requirements.txt infra/uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' \
	  || { echo "coldaisle needs Python 3.11, '$(PYTHON)' is not it; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' \
	  || { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --quiet --require-hashes -r infra/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode --no-deps --no-build-isolation -e .
	@touch $@

demo: install  ## the main job on a simulated site, end to end, in under five minutes
	$(BIN)/coldaisle demo

schedules: install  ## Airflow with the schedules of dags/, on loopback only, until Ctrl-C
	infra/schedules.sh

test: lint  ## lint, types, import direction, tests but the slow ones
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not slow and not services"

test-quick: lint  ## before each commit: what runs in two minutes
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "not slow and not medium and not browser and not services"

test-slow: install  ## the tests that take over ten seconds each
	$(BIN)/pytest $(SIDE_BY_SIDE) -m "slow and not services"

test-services: install  ## a cluster on this machine: PostgreSQL, Redis, MLflow, Airflow with two workers (minutes)
	infra/install_services.sh
	$(BIN)/pytest -m services tests/services

test-energyplus: install  ## run EnergyPlus: write the golden tables anew, test its adapter and our parts against it
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --require-hashes -r infra/energyplus.txt
	$(BIN)/python -m tests.energyplus.make_goldens
	$(BIN)/pytest tests/energyplus tests/simulator -k "energyplus or golden"

lint: install
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install  ## benchmarks, one with ONLY=name
	$(BIN)/python -m benchmarks $(ONLY)

base-network: install  ## simulate random sites and learn anew where the networks of changes start from (minutes)
	$(BIN)/python -m benchmarks.pretraining

plots: install  ## draw docs/optima.png anew; needs a chromium browser, CHROMIUM=path
	$(BIN)/python -m pipelines.simulation.optima_plot .coldaisle/optima.html
	$(CHROMIUM) --headless --no-sandbox --hide-scrollbars --window-size=1500,540 --virtual-time-budget=5000 \
	  --screenshot=docs/optima.png file://$(CURDIR)/.coldaisle/optima.html

requirements:  ## resolve pyproject.toml anew: requirements.txt to develop, infra/requirements.txt to deploy
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra cluster --universal --python-version 3.11 --generate-hashes \
	  --constraints requirements.txt \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file infra/requirements.txt
	printf "uv\nhatchling\neditables\n" | $(BIN)/uv pip compile - --universal --python-version 3.11 --generate-hashes \
	  --constraints requirements.txt \
	  --no-emit-index-url --no-header --no-annotate --quiet --output-file infra/uv.txt

bundle: install  ## dist/coldaisle-bundle: everything to install without a network
	infra/bundle.sh

clean:  ## remove .venv
	rm -rf $(VENV)
