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
# What only a release and the documentation take, beside the rest: no test needs them.
RELEASE := .venv-release/.ready
SITE := .venv-docs/.ready
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade)

export UV_PYTHON_DOWNLOADS := never
# Trust what the machine trusts, as pip does, so that this also works behind a company's proxy.
export UV_SYSTEM_CERTS ?= true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test lint types pytest format messages reference screenshots bench requirements docs everywhere typed \
	dist dist-check sbom api changelog release clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

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

reference: $(READY) ## Write docs/reference from the sources
	$(RUN) -m tools.reference

screenshots: $(READY) ## Take the pictures of docs/images again (needs Chromium)
	$(RUN) -m tools.screenshots

bench: $(READY) ## Measure, and write docs/performance.md (QUICK=1 takes minutes)
	$(RUN) -m bench --write $(if $(QUICK),--quick)

docs: $(SITE) ## Build the documentation as a site with search, into site/; a dead link is an error
	.venv-docs/bin/zensical build --strict --clean

everywhere: $(RELEASE) $(READY) ## Run the tests on every supported Python that this machine has
	UV=$(abspath $(UV)) .venv-release/bin/nox --session tests

typed: $(RELEASE) $(READY) ## Check that every type of the package is told, as a user's type checker sees it
	PATH="$(abspath .venv/bin):$$PATH" .venv-release/bin/pyright --verifytypes stampledger --ignoreexternal

dist: $(RELEASE) ## Build the sdist, and from it the wheel, into dist/, and check both
	rm -rf dist
	$(UV) build --quiet --no-build-isolation --python .venv-release/bin/python --out-dir dist
	rm -f dist/.gitignore
	.venv-release/bin/twine check --strict dist/*
	.venv-release/bin/check-wheel-contents dist/*.whl

dist-check: dist $(READY) ## Install that wheel with its core dependencies alone, and run the README's first program
	rm -rf build/bare
	$(UV) venv --quiet --python .venv-tools/bin/python build/bare
	$(UV) pip sync --quiet --python build/bare/bin/python --require-hashes requirements/core.txt
	$(UV) pip install --quiet --python build/bare/bin/python --no-deps --no-index dist/*.whl
	$(UV) pip check --quiet --python build/bare/bin/python
	$(RUN) -m tools.first_program > build/bare/first.py
	cd build/bare && bin/python -I -W error first.py

sbom: $(RELEASE) dist ## List what the wheel and all its extras come to, into dist/stampledger.cdx.json
	rm -rf build/whole
	$(UV) venv --quiet --python .venv-tools/bin/python build/whole
	$(UV) pip sync --quiet --python build/whole/bin/python --require-hashes requirements/all.txt
	$(UV) pip install --quiet --python build/whole/bin/python --no-deps --no-index dist/*.whl
	.venv-release/bin/cyclonedx-py environment --pyproject pyproject.toml --mc-type library --output-reproducible \
		--gather-license-texts --validate --output-file dist/stampledger.cdx.json build/whole/bin/python

api: $(RELEASE) ## Compare what is public with a release: AGAINST=v0.1.0
	.venv-release/bin/griffecli check stampledger --search src --against $(AGAINST)

changelog: $(RELEASE) ## Show what the next release will say
	.venv-release/bin/towncrier build --draft --version next

release: $(RELEASE) ## Gather changes/ into CHANGELOG.md: VERSION=0.2.0
	.venv-release/bin/towncrier build --yes --version $(VERSION)

requirements: $(TOOLS) ## Compile the pinned requirements again (UPGRADE=1 takes newer versions)
	$(COMPILE) pyproject.toml --all-extras --group dev --output-file requirements/dev.txt
	$(COMPILE) pyproject.toml --constraint requirements/dev.txt --output-file requirements/core.txt
	$(COMPILE) pyproject.toml --all-extras --constraint requirements/dev.txt --output-file requirements/all.txt
	$(COMPILE) --group release --output-file requirements/release.txt
	$(COMPILE) --group docs --output-file requirements/docs.txt
	$(COMPILE) --group tools --output-file requirements/tools.txt

clean: ## Remove everything that was made here
	rm -rf .venv .venv-tools .venv-release .venv-docs .nox .cache site .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
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

$(RELEASE): $(TOOLS) requirements/release.txt
	@echo "Setting up .venv-release"
	@$(UV) venv --quiet --clear --python .venv-tools/bin/python .venv-release
	@$(UV) pip sync --quiet --python .venv-release/bin/python --require-hashes requirements/release.txt
	@touch $@

$(SITE): $(TOOLS) requirements/docs.txt
	@echo "Setting up .venv-docs"
	@$(UV) venv --quiet --clear --python .venv-tools/bin/python .venv-docs
	@$(UV) pip sync --quiet --python .venv-docs/bin/python --require-hashes requirements/docs.txt
	@touch $@
