# Everything a developer runs; `make demo` and `make test` need nothing but Python 3.10 to 3.13.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TORCH := 2.13.0
# Where pip finds PyTorch's CPU build if neither pip nor uv does by itself (an --extra-index-url).
TORCH_INDEX ?=
WORKERS ?= 2

.PHONY: demo test lint types coverage benchmarks host resources clean help

help:
	@echo "make demo        take a synthetic CT through Vertebra, label and segment; pictures in demo-output/"
	@echo "make test        lint, types and all tests with coverage, as the project's check does"
	@echo "make host        open the modules in a small window of our own, without Slicer"
	@echo "make benchmarks  measure speed; takes several minutes"
	@echo "make resources   write the generated files in Resources/ and docs/ anew"

$(VENV)/ready: pyproject.toml Makefile Testing/make_environment.sh
	PYTHON="$(PYTHON)" TORCH="$(TORCH)" TORCH_INDEX="$(TORCH_INDEX)" \
		sh Testing/make_environment.sh "$(VENV)"
	@touch $@

demo: $(VENV)/ready
	$(BIN)/python Testing/demo.py demo-output

test: lint types coverage

lint: $(VENV)/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/ready
	$(BIN)/mypy

coverage: $(VENV)/ready
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile \
		--cov --cov-report=term:skip-covered --cov-fail-under=90 --durations=15

benchmarks: $(VENV)/ready
	for script in Testing/benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script; done

host: $(VENV)/ready
	$(BIN)/python Testing/host

resources: $(VENV)/ready
	$(BIN)/python CMake/update_lists.py
	$(BIN)/python Testing/engine/bad_inputs.py

clean:
	rm -rf $(VENV) demo-output test-output build .pytest_cache .mypy_cache .ruff_cache .hypothesis
