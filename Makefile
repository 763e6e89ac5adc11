# Lamella: every command a person needs. Try `make help`.

PYTHON ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python
WEB := frontend/web
STAMPS := .stamps
# Passed on to pip, for instance to choose another build of torch.
PIP_ARGS ?=
# How tests share the processors; files stay whole. PARALLEL= runs them one after another.
PARALLEL ?= -n 2 --dist loadfile
PORT ?= 8000
ROUNDS ?= 3
# Torch's waiting threads must sleep: spinning ones slow everything else down many times.
export OMP_WAIT_POLICY ?= passive

.DEFAULT_GOAL := help
.PHONY: help install install-test web demo demo-simulated bench-annotator bench-consensus bench-science bench-desks check lint types \
        imports migrations web-check messages test test-python test-postgres test-web browser screenshots format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 28

install: $(STAMPS)/install ## Python packages, pinned, in their own environment
install-test: $(STAMPS)/install-test ## the same, and what the tests need
web: $(STAMPS)/web ## build the front end

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(STAMPS)/install: pyproject.toml requirements/constraints.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet $(PIP_ARGS) -c requirements/constraints.txt -e .
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/install-test: pyproject.toml requirements/constraints.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet $(PIP_ARGS) -c requirements/constraints.txt -e '.[test]'
	@mkdir -p $(STAMPS) && touch $@ $(STAMPS)/install

$(STAMPS)/install-bench: pyproject.toml requirements/constraints.txt | $(VENV)/bin/pip
	$(VENV)/bin/pip install --quiet $(PIP_ARGS) -c requirements/constraints.txt -e '.[bench]'
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/npm: $(WEB)/package.json $(WEB)/package-lock.json
	cd $(WEB) && npm ci --no-audit --no-fund --loglevel=error
	@mkdir -p $(STAMPS) && touch $@

WEB_SOURCES := $(shell find $(WEB)/src -type f 2>/dev/null) $(WEB)/vite.config.ts
$(STAMPS)/web: $(STAMPS)/npm $(WEB_SOURCES)
	cd $(WEB) && npm run --silent build
	@touch $@

demo: install web ## a study to try at http://localhost:8000 (IMAGE=, LABELS=: your own stack)
	LAMELLA_DATA=$${LAMELLA_DATA:-var/demo} $(PY) manage.py demo --port $(PORT) \
		$(if $(IMAGE),--image "$(IMAGE)") $(if $(LABELS),--labels "$(LABELS)") $(DEMO_ARGS)

demo-simulated: install web ## play a study through with simulated volunteers (ROUNDS=3, JSON=FILE)
	rm -rf var/demo-simulated
	LAMELLA_DATA=var/demo-simulated $(PY) manage.py demo_simulated --port $(PORT) --rounds $(ROUNDS) \
		$(if $(IMAGE),--image "$(IMAGE)") $(if $(LABELS),--labels "$(LABELS)") \
		$(if $(JSON),--json "$(JSON)") $(if $(PLOT),--plot "$(PLOT)") $(DEMO_ARGS)

bench-annotator: install-test web browser ## the correction page against its budgets, beside napari (JSON=FILE)
	$(PY) -m benchmarks.annotator $(if $(JSON),--json "$(JSON)") $(BENCH_ARGS)

bench-science: install ## what the science promises, measured (JSON=FILE, FULL=1, ONLY=name,…; resumable)
	LAMELLA_DATA=var/bench $(PY) -m benchmarks $(if $(FULL),--full) $(if $(ONLY),--only "$(ONLY)") \
		$(if $(JSON),--json "$(JSON)") $(BENCH_ARGS)

bench-consensus: $(STAMPS)/install-bench ## consensus of masks and marks, measured (JSON=FILE, FULL=1, ONLY=part,…, SEED=N)
	$(PY) -m benchmarks.consensus $(if $(FULL),--full) $(if $(ONLY),--only "$(ONLY)") \
		$(if $(SEED),--seed $(SEED)) $(if $(JSON),--json "$(JSON)") $(BENCH_ARGS)

bench-desks: install-test web ## pages and offers over a million tasks (JSON=FILE, DATABASE=sqlite, SCALE=0.01)
	$(PY) -m benchmarks.desks $(if $(DATABASE),--database $(DATABASE)) $(if $(SCALE),--scale $(SCALE)) \
		$(if $(JSON),--json "$(JSON)") $(BENCH_ARGS)

check: lint types imports migrations web-check ## everything that needs no running

lint: install-test
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types: install-test
	$(VENV)/bin/mypy

imports: install-test
	PYTHONPATH=platform:. $(VENV)/bin/lint-imports

migrations: install-test
	LAMELLA_DATA=$$(mktemp -d) $(PY) manage.py makemigrations --check --dry-run

web-check: $(STAMPS)/npm
	cd $(WEB) && npm run --silent check

test: install-test web browser check test-web test-python test-postgres ## all of the tests

test-python: install-test web browser
	$(PY) -m pytest $(PARALLEL) $(PYTEST_ARGS)

test-postgres: install-test ## the database tests once more, on a real PostgreSQL
	LAMELLA_TEST_DATABASE=postgres $(PY) -m pytest tests/platform tests/flows -m "not browser and not processes" \
		--ignore tests/platform/volumes --ignore tests/platform/cubes/readers $(PARALLEL) $(PYTEST_ARGS)

test-web: $(STAMPS)/web
	cd $(WEB) && npm run --silent test && npm run --silent size

browser: install-test ## system packages that the browser tests drive, where they can be installed
	@$(PY) scripts/install_browser.py

screenshots: install-test web browser ## the pictures of the documents, from the phantom
	$(PY) scripts/screenshots.py

messages: install ## bring the catalogues of languages up to date with the sources
	LAMELLA_DATA=$$(mktemp -d) $(PY) manage.py messages $(LANGUAGES)

format: install-test ## tidy the code
	$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

clean: ## remove what was built (not var/, which holds data)
	rm -rf $(STAMPS) $(WEB)/dist $(WEB)/node_modules $(VENV) build
