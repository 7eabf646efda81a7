# The front door. `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check
DATA ?= data
PORT ?= 8420

.PHONY: help setup dev run test test-units test-calls lint format bench lock web wheel clean

help: ## List what can be done
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## Build .venv with the program at .venv/bin/visavis (about a minute)

$(VENV)/.ready: requirements/base.txt requirements/build.txt requirements/pico.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Vis-à-vis needs Python 3.11 or newer; none was found."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies …"
	@$(PIP) install --quiet --require-hashes -r requirements/base.txt -r requirements/build.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@$(PIP) install --quiet --require-hashes --no-deps --no-build-isolation -r requirements/pico.txt 2>/dev/null \
		|| echo "The Pico voice needs a C compiler and was left out; the voice will be espeak-ng."
	@VISAVIS_MODELS=.models $(BIN)/visavis models fetch \
		|| echo "The turn model could not be fetched; turns are judged by words and silence. Later: visavis models fetch"
	@touch $@

dev: $(VENV)/.dev
$(VENV)/.dev: $(VENV)/.ready requirements/dev.txt
	@$(PIP) install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

run: setup ## Start the server, print its address, a sign-in link and (first time) an API key
	@$(BIN)/visavis serve --data $(DATA) --port $(PORT)

test: dev ## Run every test: units in parallel, then whole calls one at a time
	@status=0; $(MAKE) --no-print-directory test-calls || status=1; \
	$(MAKE) --no-print-directory test-units || status=1; exit $$status

test-calls: dev ## Whole calls in a real browser and over a real server; they measure time, so they run alone
	@$(BIN)/python -m pytest tests/e2e

test-units: dev ## Everything else
	@$(BIN)/python -m pytest -n 2 --ignore tests/e2e

lint: dev ## Style, types and the direction of imports
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

format: dev ## Put the code into the house's shape
	@$(BIN)/ruff check --fix-only --quiet . ; $(BIN)/ruff format .

bench: dev ## One call's share of a core, and latency by hop
	@$(BIN)/python -m bench.call

lock: ## Pin the dependencies anew, with hashes
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip --quiet install uv
	@for set in base build dev pico; do $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header \
		$$(case $$set in base) echo pyproject.toml;; *) echo "-c requirements/base.txt requirements/$$set.in";; esac) \
		-o requirements/$$set.txt || exit 1; done

web: ## Rebuild the portal and the room from web/ (needs Node 20)
	@cd web && npm ci --no-audit --no-fund && npm run check && npm run build

wheel: dev ## Build the package into dist/
	@$(BIN)/python -m build --wheel --no-isolation

clean: ## Remove what was built; data/ stays
	rm -rf $(VENV) $(VENV)-lock dist build
