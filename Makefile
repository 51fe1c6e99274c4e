# `make run` starts everything, `make test` runs every test; both set themselves up.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
SOAK_MINUTES ?= 60
JOBS ?= 2
SAMPLE ?= 40
MINUTES ?= 10
SEED ?= 0
FAST ?= 0
COVERAGE ?= 0
AGAIN ?= 0
WORKERS ?= 1,3
STATIONS ?= 500 2000
STARTS ?= 2000 10000
WINDOW ?= 60
NODE ?= node

.PHONY: run install docs test coverage lint wheel report bench bench-peers bench-starts bench-scale bench-against bench-core bench-pages bench-frames screenshots soak mutants chaos conformance
.DEFAULT_GOAL := run

# A stamp is renewed only when its requirements change. The environment is upgraded in place.
$(VENV)/.made:
	@.ci/make-venv "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/.run-stamp: requirements.txt requirements-docs.txt constraints.txt $(VENV)/.made
	@echo "Installing requirements.txt"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt \
		-r requirements-docs.txt -c constraints.txt
	@touch $@

$(VENV)/.dev-stamp: requirements.txt requirements-docs.txt requirements-tracing.txt requirements-dev.txt constraints.txt $(VENV)/.made
	@echo "Installing requirements-dev.txt"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/.run-stamp

# What `make run` needs, without a start.
install: $(VENV)/.run-stamp

run: $(VENV)/.run-stamp
	@exec $(BIN)/python manage.py up

lint: $(VENV)/.dev-stamp
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

# The pages under /docs; a warning, a dead link too, fails it. See docs/contributing/writing.md.
docs: $(VENV)/.run-stamp
	@$(BIN)/python -m documentation build

# dist/: the command `ocpp-emulator` as a package, see docs/reference/command-line.md.
wheel: docs
	@$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .
	@rm -rf build ocpp_emulator.egg-info

# Licences and known faults of the dependencies; it fails at nothing.
report: $(VENV)/.dev-stamp
	@.ci/report $(BIN)/python

# FAST=1: the core and the quick tests that concern what has changed. SEED: of the order.
test: $(if $(filter-out 0,$(FAST)),$(VENV)/.dev-stamp,lint)
	@$(if $(filter-out 0,$(FAST)),,.ci/test-tools)
	@FAST=$(FAST) SEED=$(SEED) COVERAGE=$(COVERAGE) AGAIN=$(AGAIN) .ci/test $(BIN)/python $(PYTEST_ARGS)

# The same with a table of what was run of each package; see docs/contributing/tests.md.
coverage:
	@$(MAKE) test COVERAGE=1

bench: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks $(BENCH_ARGS)

# The whole platform as its users run it, beside the peers whose folders SOLIDSTUDIO and SAP name (see
# docs/explanation/benchmarks.md), run by NODE. `BENCH_ARGS=--quick` tells in two minutes where our CPU goes.
bench-peers: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.fleets --stations $(STATIONS) --window $(WINDOW) --node "$(NODE)" \
		$(if $(SOLIDSTUDIO),--solidstudio "$(SOLIDSTUDIO)") $(if $(SAP),--sap "$(SAP)") $(BENCH_ARGS)

# How soon thousands of stations are there, by each way to start them: STARTS says how many.
bench-starts: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.starts --stations $(STARTS) $(BENCH_ARGS)

# What a station costs in fleets of 1,000 to 100,000, in as many workers as that takes.
bench-scale: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.scale $(BENCH_ARGS)

# AGAINST: the commit whose worker this tree's is compared with.
bench-against: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.against $(AGAINST) $(BENCH_ARGS)

# The core alone, without sockets and log, against that commit's.
bench-core: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.core $(AGAINST) $(BENCH_ARGS)

# The first byte of every page of the admin, with so many stations and messages.
bench-pages: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.pages $(BENCH_ARGS)

# Whether pages stay smooth under messages, and what open pages cost the web process.
bench-frames: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.frames $(BENCH_ARGS)

# The pictures of docs/img.
screenshots: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.pictures

soak: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.soak --minutes $(SOAK_MINUTES)

# ONLY: mutants whose id or file has this in it. JOBS: how many at the same time.
# MODULE: in place of the list, a sample of the tool's mutants of a module or a package.
mutants: $(VENV)/.dev-stamp
ifdef MODULE
	@exec $(BIN)/python -m mutants.by_tool "$(MODULE)" --sample $(SAMPLE) --seed $(SEED) --jobs $(JOBS)
else
	@exec $(BIN)/python -m mutants --only "$(ONLY)" --jobs $(JOBS)
endif

# For example `make chaos MINUTES=60 SEED=7 WORKERS=3`; see docs/contributing/chaos.md.
chaos: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m chaos --minutes $(MINUTES) --seed $(SEED) --workers $(WORKERS) $(CHAOS_ARGS)

# Every suite against the reference CSMS and against broken ones; see docs/reference/conformance.md.
# For example `make conformance CONFORMANCE_ARGS="--suite 16 --only 'TC_04*' --verbose"`.
conformance: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m conformance $(CONFORMANCE_ARGS)
