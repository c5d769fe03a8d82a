# The habits of this project; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RECIPES := default baseline fast embedding
READY := $(VENV)/.ready
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint check kafka train models compare bench chaos soak incident dashboards docs lock clean

help:  ## list what can be done
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY)  ## make the environment in .venv (Python 3.11 or newer)

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed: make setup PYTHON=python3.12"; exit 78; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python3 -m venv does not work here: on Debian, apt-get install python3-venv"; exit 78; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)  ## see it at work: 5,000 real reviews through a real Kafka, labelled and counted
	@$(BIN)/python -m consumer demo

test: $(READY)  ## run the tests, with a real Kafka
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m coverage run -m pytest -m "not chaos" $(ARGS); code=$$?; \
	  $(BIN)/python -m coverage combine --quiet; $(BIN)/python -m coverage report --format=total | sed 's/.*/coverage: & %/'; exit $$code

lint: $(READY)  ## style, types and imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: lint test  ## everything a change must pass

kafka: $(READY)  ## run a real Kafka here, without Docker, until Ctrl-C
	@$(BIN)/python -m shared.dev_broker

train: $(READY)  ## train the model into models/default
	@$(BIN)/python -m consumer train

models: $(READY)  ## train every recipe into models/, cross-validated, and compare them (15 minutes)
	@for recipe in $(RECIPES); do \
	  $(BIN)/python -m consumer train --recipe $$recipe --output models/$$recipe --cross-validate || exit; done
	@$(BIN)/python -m consumer model compare --json $(RECIPES:%=models/%) > benchmarks/results/models.json
	@$(BIN)/python -m consumer model compare $(RECIPES:%=models/%)

compare: $(READY)  ## batch, real time, micro-batch and stream with each trained model; writes a page with plots (4 minutes)
	@for recipe in $(RECIPES); do \
	  test -d models/$$recipe || echo "models/$$recipe is left out: review-consumer train --recipe $$recipe --output models/$$recipe"; done
	@$(BIN)/python -m consumer compare --measure-s 1 --output build/compare --replace \
	  $(foreach recipe,$(RECIPES),$(if $(wildcard models/$(recipe)),--model models/$(recipe))); code=$$?; \
	  test $$code -gt 1 || { cp build/compare/compare.json benchmarks/results/compare.json && \
	    $(BIN)/python -m benchmarks.render_compare && echo "build/compare/index.html"; } || exit; exit $$code

bench: $(READY)  ## measure the models that `make models` trained and the stream, and write docs/performance.md (an hour)
	@$(BIN)/python -m benchmarks.hot_path
	@$(BIN)/python -m benchmarks.parity $(RECIPES:%=models/%)
	@$(BIN)/python -m benchmarks.scoring $(RECIPES:%=models/%)
	@$(BIN)/python -m benchmarks.batch
	@$(BIN)/python -m benchmarks.stream_throughput
	@$(BIN)/python -m benchmarks.stream_latency
	@$(BIN)/python -m benchmarks.stream_growth
	@$(BIN)/python -m benchmarks.stream_profile
	@$(BIN)/python -m benchmarks.metrics
	@$(BIN)/python -m benchmarks.peers setup
	@$(BIN)/python -m benchmarks.peers run
	@$(BIN)/python -m benchmarks.charts
	@$(BIN)/python -m benchmarks.render

chaos: $(READY)  ## the long fault tests, and a table of what held in docs/delivery.md (half an hour)
	@$(if $(ARGS),,CHAOS_REPORT=benchmarks/results/faults.json) $(BIN)/python -m pytest -m chaos -s $(ARGS); code=$$?; \
	  $(if $(ARGS),,$(BIN)/python -m benchmarks.render;) exit $$code

soak: $(READY)  ## twice what a consumer can take for half an hour, then drain; writes benchmarks/results/soak.json
	@$(BIN)/python -m tests.chaos.soak $(ARGS)

incident: $(READY)  ## a staged incident seen by a real Prometheus: which alerts fire, and end; draws it (4 minutes)
	@$(BIN)/python -m tests.chaos.incident $(ARGS)
	@$(BIN)/python -m benchmarks.charts

dashboards: $(READY)  ## ask every query of every Grafana board of a live stream, and draw the boards (4 minutes)
	@$(BIN)/python -m benchmarks.dashboards $(if $(wildcard models/fast),--shadow models/fast) $(ARGS)

docs: $(READY)  ## write what is generated: docs/metrics.md, the figures of docs/performance.md, the dashboards
	@$(BIN)/python -m benchmarks.render
	@$(BIN)/python -m benchmarks.render_compare
	@$(BIN)/python -m consumer.telemetry.catalogue > docs/metrics.md
	@$(BIN)/python -m deploy.grafana.dashboards

lock: $(READY)  ## pin the dependencies anew, with hashes
	$(LOCK) --upgrade --extra dev --extra bench pyproject.toml -o requirements/dev.txt
	$(LOCK) --extra samples --extra lexicon --extra batch --extra postgres --constraint requirements/dev.txt pyproject.toml -o requirements/runtime.txt
	$(BIN)/python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['build-system']['requires'], sep='\n')" | \
	  $(LOCK) --constraint requirements/dev.txt - -o requirements/build.txt
	$(BIN)/python -m benchmarks.peers lock

clean:  ## remove what was made here, but not the models
	rm -rf $(VENV) .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
