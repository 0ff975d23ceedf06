# Everything a person types in a checkout; `make` alone lists it.
#
# The environment in .venv is made once and installed again only where pyproject.toml has changed.
# Another Python:  make test PYTHON=python3.13      Another folder:  make test VENV=/somewhere/else

PYTHON ?= python3
VENV ?= .venv
OUT ?= build

RUN := $(VENV)/bin/python
MADE := $(VENV)/.made-with-$(subst /,-,$(PYTHON))
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs generate coverage frameworks libraries defects floats coq never-wrong bench clean
.DELETE_ON_ERROR:
.SUFFIXES:

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED)-c ## the story of AdamW: equations, verdicts, proofs, kernels, one page
	@$(RUN) -m symopt.demo $(OUT)/demo

test: $(INSTALLED)-test ## every test, with PyTorch; C is tested where there is a compiler
	@echo "==> running the tests, a process a core"
	@$(RUN) -m pytest -q -rs --numprocesses auto --dist loadfile
	@echo "==> all tests passed; what was skipped is listed above with its reason"

lint: $(INSTALLED)-lint ## ruff and mypy
	@echo "==> ruff check"
	@$(RUN) -m ruff check .
	@echo "==> ruff format --check"
	@$(RUN) -m ruff format --check .
	@echo "==> mypy"
	@$(RUN) -m mypy

docs: $(INSTALLED)-c ## a page for each rule, into build/docs
	@echo "==> writing pages"
	@$(RUN) -m symopt.docs.site $(OUT)/docs

generate: $(INSTALLED)-c ## write every kernel below generated/ again
	@echo "==> writing generated/"
	@$(VENV)/bin/symopt generate

coverage: $(INSTALLED)-test ## write docs/coverage.md again, with proofs about the frameworks that are installed; minutes
	@echo "==> writing docs/coverage.md"
	@$(RUN) -m symopt.docs.coverage docs/coverage.md

frameworks: $(INSTALLED)-test ## write docs/frameworks.md again: ten rules in PyTorch, optax and Keras, all pairs
	@echo "==> writing docs/frameworks.md"
	@$(RUN) -m symopt.docs.frameworks docs/frameworks.md

libraries: $(INSTALLED)-test ## write docs/libraries.md again, from the libraries that are installed; takes long
	@echo "==> writing docs/libraries.md"
	@$(RUN) -m symopt.docs.libraries docs/libraries.md

defects: $(INSTALLED)-c ## write docs/defects.md again, from the verdicts on specs/defects
	@echo "==> writing docs/defects.md"
	@$(RUN) -m symopt.docs.defects docs/defects.md

floats: $(INSTALLED)-test ## write docs/floats.md again, from runs of kernels in small types
	@echo "==> writing docs/floats.md"
	@$(RUN) -m symopt.docs.floats docs/floats.md

coq: $(INSTALLED)-c ## theorems as files for Coq, into build/coq, and Coq's word on each
	@echo "==> exporting theorems and compiling them"
	@$(RUN) -m symopt.coq $(OUT)/coq

never-wrong: $(INSTALLED)-test ## thousands of wrong and of rewritten rules against an oracle; takes long
	@echo "==> comparing 5000 mutants and 2000 rewrites with their rules"
	@$(RUN) -m tests.never_wrong --mutants 5000 --rewrites 2000

bench: $(INSTALLED)-test ## kernels against their peers, as ratios; prover and readers, in seconds
	@echo "==> measuring AdamW, one loop"
	@$(RUN) benchmarks/adamw_c.py
	@echo "==> measuring LAMB, two sweeps"
	@$(RUN) benchmarks/sweeps_c.py
	@echo "==> measuring the prover"
	@$(RUN) benchmarks/prover.py
	@echo "==> measuring how long code takes to read"
	@$(RUN) benchmarks/lifting.py

clean: ## remove what make made: the environment, build/ and caches
	@echo "==> removing $(OUT), caches and $(VENV)"
	@rm -rf $(OUT) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
	@if [ -f '$(VENV)/pyvenv.cfg' ]; then rm -rf '$(VENV)'; fi

# symopt in editable mode with one of its extras: .installed-c, .installed-test, .installed-lint.
$(INSTALLED)-%: pyproject.toml $(MADE)
	@echo "==> installing symopt[$*] and what it needs into $(VENV)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

# The stamp's name holds PYTHON, so another Python makes another environment. Only a folder that is
# an environment is ever cleared.
$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "symopt needs Python 3.11 or newer; '$(PYTHON)' is none: say make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "'$(PYTHON)' cannot make environments; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@if [ -e '$(VENV)' ] && [ ! -f '$(VENV)/pyvenv.cfg' ]; then \
		echo "$(VENV) exists and is no Python environment; say make VENV=another-folder" >&2; exit 1; fi
	@echo "==> making $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv --clear '$(VENV)'
	@touch $@
