# `make run` starts everything, `make test` runs every test; both set themselves up.

VENV   := .venv
BIN    := $(VENV)/bin
PYTHON ?= $(shell command -v python3.11 || command -v python3)
SOAK_MINUTES ?= 30

.PHONY: run test lint bench soak
.DEFAULT_GOAL := run

# A stamp is renewed only when its requirements change. The environment is upgraded in place.
$(VENV)/.made:
	@.ci/make-venv "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/.run-stamp: requirements.txt constraints.txt $(VENV)/.made
	@echo "Installing requirements.txt"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/.dev-stamp: requirements.txt requirements-dev.txt constraints.txt $(VENV)/.made
	@echo "Installing requirements-dev.txt"
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@ $(VENV)/.run-stamp

run: $(VENV)/.run-stamp
	@exec $(BIN)/python manage.py up

lint: $(VENV)/.dev-stamp
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

test: lint
	@.ci/test-tools
	$(BIN)/python -m pytest $(PYTEST_ARGS)

bench: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks $(BENCH_ARGS)

soak: $(VENV)/.dev-stamp
	@exec $(BIN)/python -m benchmarks.soak --minutes $(SOAK_MINUTES)
