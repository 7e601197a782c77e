# A clone needs make, and Python 3.11 or later; everything else is fetched, pinned and checked against its hash.
# The stamp files (.ready) are written last, so that an interrupted set-up simply starts again.

PYTHON ?= python3
# Examples per property; empty means the profile's own number (500).
EXAMPLES ?=
# Test processes. The tests of one file stay together, because the samples of one document share their names.
JOBS ?= auto

UV := .venv-tools/bin/uv
RUN := .venv/bin/python
TOOLS := .venv-tools/.ready
READY := .venv/.ready
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade)

export UV_PYTHON_DOWNLOADS := never
# Trust what the machine trusts, as pip does, so that this also works behind a company's proxy.
export UV_SYSTEM_CERTS ?= true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint types pytest format messages screenshots bench requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## Install everything into .venv (every target does so when needed)

demo: $(READY) ## See a stamp card live
	@$(RUN) -m stampledger demo

test: lint types pytest ## Check style, types and behaviour (EXAMPLES=50 is quicker)

lint: $(READY) ## Check style
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: $(READY) ## Check types
	$(RUN) -m mypy --strict

pytest: $(READY) ## Run the tests alone
	HYPOTHESIS_PROFILE=$${HYPOTHESIS_PROFILE:-ci} HYPOTHESIS_EXAMPLES=$(EXAMPLES) \
		$(RUN) -m pytest -n $(JOBS) --maxprocesses 8 --dist loadfile

format: $(READY) ## Put the code into shape
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

messages: $(READY) ## Collect what is said in the sources, and compile its translations
	$(RUN) -m tools.messages

screenshots: $(READY) ## Take the pictures of docs/images again (needs Chromium)
	$(RUN) -m tools.screenshots

bench: $(READY) ## Measure, and write docs/performance.md (QUICK=1 takes minutes)
	$(RUN) -m bench --write $(if $(QUICK),--quick)

requirements: $(TOOLS) ## Compile the pinned requirements again (UPGRADE=1 takes newer versions)
	$(COMPILE) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) --group tools --output-file requirements/tools.txt

clean: ## Remove everything that was made here
	rm -rf .venv .venv-tools .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(TOOLS): requirements/tools.txt
	@$(PYTHON) -c 'import sys; sys.exit("stampledger needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv-tools"
	@$(PYTHON) -m venv --clear .venv-tools
	@.venv-tools/bin/python -m pip install --quiet --require-hashes --requirement requirements/tools.txt
	@touch $@

$(READY): $(TOOLS) requirements/dev.txt pyproject.toml
	@echo "Setting up .venv"
	@$(UV) venv --quiet --clear --python .venv-tools/bin/python .venv
	@$(UV) pip sync --quiet --python $(RUN) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(RUN) --no-deps --no-build-isolation --editable .
	@$(UV) pip check --quiet --python $(RUN)
	@touch $@
