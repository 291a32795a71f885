# Every task by name; `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help venv demo test pixels fuzz soak http-cache-tests lint bench generate serve clean

PYTHON ?= python3
VENV := .venv
TOOLS := .venv-generate
BIN := $(VENV)/bin

help:
	@echo "make venv      .venv with everything installed (quick when it is there)"
	@echo "make demo      resolve one image of every scheme with a daemon of its own, and check it"
	@echo "make test      lint, types, contracts and all tests; installs what they need"
	@echo "make pixels    the tests of right pixels alone, and how many files of which syntax are exact"
	@echo "make fuzz      damaged files of every kind, other ones at each run; FUZZ=--count=… for more"
	@echo "make soak      half an hour of everything at once, and whether anything grows; SOAK=--minutes=…"
	@echo "make http-cache-tests  the public suite of HTTP caches alone, with what fails and why"
	@echo "make lint      ruff, mypy, import-linter and buf alone"
	@echo "make bench     how fast it is, one line a measure; writes tests/benchmarks/results.md; BENCH=… for some"
	@echo "make generate  the checked-in code of every language, from proto/"
	@echo "make serve     a daemon in the foreground"

venv: $(VENV)/.installed
$(VENV)/.installed: pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "imageid needs Python 3.11 or later; set PYTHON=…"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || \
		{ echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet -e ./clients/python -e . --group dev
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --group bench
	@touch $@

$(TOOLS)/.installed: pyproject.toml
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(TOOLS)/bin/python -m pip install --quiet --group generate
	@touch $@

demo: venv
	@PYTHONPATH=tests $(BIN)/python -m demo

lint: venv $(TOOLS)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(TOOLS)/bin/buf lint proto

test: lint
	ops/install-test-tools.sh
	$(BIN)/pytest

bench: $(VENV)/.installed-bench
	ops/install-test-tools.sh
	ops/install-bench-tools.sh
	@PYTHONPATH=tests $(BIN)/python -m benchmarks $(BENCH)

pixels: venv
	ops/install-test-tools.sh
	$(BIN)/pytest -q tests/pixels

fuzz: venv
	@ops/install-test-tools.sh
	@PYTHONPATH=tests $(BIN)/python -m fuzz $(FUZZ)

soak: venv
	@PYTHONPATH=tests $(BIN)/python -m soak $(SOAK)

http-cache-tests: venv
	@ops/install-test-tools.sh
	@PYTHONPATH=tests $(BIN)/python -m http_cache_tests

generate: $(TOOLS)/.installed
	ops/generate.sh

serve: venv
	@$(BIN)/imageidd

clean:
	rm -rf $(VENV) $(TOOLS) .tools .mypy_cache .ruff_cache .pytest_cache demo-out
