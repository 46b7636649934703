# One definition of each command: people, pre-commit and CI call the same targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --constraint constraints.txt
# Without bytecode on disk, every start of a signer in the tests compiles the package again.
unexport PYTHONDONTWRITEBYTECODE
# One worker more than cores: tests that start a process wait for it.
WORKERS = $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
PYTEST = -m pytest -n $(WORKERS) --dist worksteal
SECONDS ?= 10
KILLS ?= 1000
FAULTS ?= 10000
SIGNATURES ?= 10000000
SOURCES := pyproject.toml Cargo.toml Cargo.lock rust/Cargo.toml $(wildcard rust/src/*.rs)
# the files of the examples, without what a run in their own folders made
EXAMPLES := $(wildcard $(shell git ls-files examples 2>/dev/null))

help:  ## Show this text
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

run: $(VENV)/built  ## Build, and serve four interop keys at http://127.0.0.1:9000
	$(BIN)/python -m signer serve --interop 4

test: $(VENV)/dev $(VENV)/specification $(VENV)/docs $(VENV)/clients  ## Run all tests
	$(BIN)/python $(PYTEST)

quick: $(VENV)/dev  ## Run the tests that are not marked slow
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

lint: $(VENV)/dev  ## Check style, types, the stub of the extension, and the Rust code
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest signer._core
	cargo fmt --check
	cargo clippy --quiet --release -- --deny warnings
	@$(BIN)/python .ci/phrases.py

format: $(VENV)/dev  ## Format all code
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format
	cargo fmt

fuzz: $(VENV)/dev $(VENV)/fuzz  ## Look for inputs that break the signer; SECONDS= for each fuzzer
	PYTHONPATH=tests:benchmarks $(BIN)/python fuzz/fuzz.py --seconds $(SECONDS)

crashes: $(VENV)/dev  ## Kill the signer and break its disk under load; KILLS= and FAULTS= say how often
	PYTHONPATH=tests:benchmarks $(BIN)/python fuzz/kills.py --rounds $(KILLS)
	PYTHONPATH=tests:benchmarks $(BIN)/python fuzz/disk_faults.py --faults $(FAULTS)

soak: $(VENV)/dev  ## Sign SIGNATURES= times, and watch memory, descriptors, threads and latency
	PYTHONPATH=tests:benchmarks $(BIN)/python fuzz/soak.py --signatures $(SIGNATURES)

races:  ## Run the queue of the signing threads in every order
	cd fuzz/races && CARGO_TARGET_DIR=$(CURDIR)/target/races RUSTFLAGS='--cfg loom' cargo test --quiet --release --locked

# Its fuzzers get the same inputs each time, so that a new find does not stop an innocent change.
check: test lint $(VENV)/fuzz  ## Run what CI runs
	PYTHONPATH=tests:benchmarks $(BIN)/python fuzz/fuzz.py --check --seconds 3

profile: $(VENV)/built  ## Tell where each microsecond of a sign request goes
	$(BIN)/python benchmarks/breakdown.py $(ARGS)

bench: $(VENV)/built  ## Measure all that is fast, as ratios to raw blst; ARGS=--all for the rest
	$(BIN)/python benchmarks/bench.py $(ARGS)

coverage: $(VENV)/dev $(VENV)/specification $(VENV)/clients  ## Report which lines the tests run, processes included
	$(INSTALL) 'coverage>=7.10'
	$(BIN)/coverage erase
	$(BIN)/coverage run $(PYTEST)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

audit: $(VENV)/dev  ## Check licences, sources and advisories of all dependencies
	.ci/audit $(BIN)/python

docs: $(VENV)/docs  ## Build the site into site/, strictly and without the network
	@# without --quiet, which would hide the warnings from --strict
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

wheels:  ## Build wheels for Linux into dist/, and check them in empty environments
	docs/wheels

release:  ## Build and check all that a release publishes, into dist/; publishes nothing
	.ci/release $(ARGS)

screenshots: $(VENV)/dev  ## Take the pictures of the live page, with the system's Chromium
	PYTHONPATH=tests $(BIN)/python docs/screenshots.py

setup: $(VENV)/dev  ## Prepare everything, with a hook that lints before each commit
	$(BIN)/pre-commit install

clean:  ## Remove what was built
	rm -rf $(VENV) target dist site python/signer/*.so

$(VENV)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "expected Python 3.11 or later, found $$($(PYTHON) --version): set PYTHON=" >&2; exit 1; }
	@command -v cargo >/dev/null || \
		{ echo "expected a Rust toolchain, found no cargo: see https://rustup.rs" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/built: $(VENV)/pip $(SOURCES)
	@echo "building the extension in release mode: about a minute the first time"
	$(INSTALL) --editable .
	@touch $@

$(VENV)/dev: $(VENV)/built constraints.txt
	$(INSTALL) --group dev
	@touch $@

$(VENV)/specification: $(VENV)/dev
	@$(INSTALL) --group specification || echo "not installed: consensus-specs as Python"
	@touch $@

$(VENV)/fuzz: $(VENV)/dev
	@$(INSTALL) --group fuzz || echo "not installed: atheris, so parsers are not fuzzed"
	@touch $@

$(VENV)/docs: $(VENV)/dev
	@$(INSTALL) --group docs || echo "not installed: what builds the site"
	@touch $@

# Clients in other languages, where these are installed; tests skip what is not built.
$(VENV)/clients: $(VENV)/pip $(wildcard tests/clients/*/*) tests/examples/build $(EXAMPLES)
	@echo "building clients in the installed languages: about a minute the first time"
	@for build in tests/clients/*/build tests/examples/build; do bash $$build || echo "not built: $$build"; done
	@touch $@

.PHONY: help run test quick lint format fuzz crashes soak races check bench profile coverage audit docs wheels release screenshots setup clean
