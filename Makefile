# The commands of the house; `make` alone lists them. Everything runs from .venv in this folder.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
UV := uv==0.13.8
COMPILE := build/lock/bin/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header
PERFECT := readings provenance fingerprints disposals policies ledger
ARGS ?=
KILLS ?= 200
LINES ?= 200000
SHUFFLES ?= 20
CLAIMS := b1_registration b2_reading b3_fingerprint b6_near b6_rebuild b8_eligibility b10_simulation b11_keyset b12_growth \
	b16_import_memory b17_search b18_bulk a3_duplicates b7_pipeline b13_two_workers
SIZE ?= small
AT_ONCE ?= 3
# `make check test` has run these by then, and stopped unless all were green.
CHECKED = $(if $(filter check,$(MAKECMDGOALS)),--ignore=tests/architecture)
# Each commit has an order of tests of its own, and keeps it: what was green is green again.
SEED ?= $(shell git rev-list --count HEAD 2> /dev/null || echo 1)

.PHONY: help setup demo test serve worker check fix migration openapi lock bench drill size coverage pictures

help:
	@echo "The two commands to start with are 'make demo' and 'make test'. All of them:"
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

setup: $(READY)  ## prepare .venv and the build-time assets; the others do it by themselves
	@echo "Ready. 'make' alone lists the commands."

demo: $(READY)  ## show a small backlog travel to its answers; IMAGES=DIR: do so with your own folder
	@$(BIN)/catalogue demo $${IMAGES:+--images "$$IMAGES"} $(ARGS)

test: $(READY)  ## run the tests on a real PostgreSQL; ARGS="-k word" for some of them, SEED=7: in another order
	@$(BIN)/pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder --randomly-seed=$(SEED) $(CHECKED) $(ARGS)

serve: $(READY)  ## serve the API, with an embedded PostgreSQL unless CATALOGUE_DATABASE_URL is set
	@exec $(BIN)/catalogue serve

worker: $(READY)  ## read, complete, fingerprint and compare what is registered
	@exec $(BIN)/catalogue worker

check: $(READY) | build  ## formatter, linter, types, order of imports, migrations, triggers, grants, contract
	@echo "Format";    $(BIN)/ruff format --check --quiet . || { echo "Not formatted: make fix"; exit 1; }
	@echo "Lint";      $(BIN)/ruff check --quiet .
	@echo "Types";     $(BIN)/mypy --no-error-summary
	@echo "Order of imports"; $(BIN)/lint-imports --no-logo > build/lint-imports.txt || { cat build/lint-imports.txt; exit 1; }
	@echo "Contract";  $(BIN)/catalogue openapi | cmp - openapi/openapi.json || { echo "openapi/openapi.json is not current: make openapi"; exit 1; }
	@echo "Shape; migrations, triggers and grants against a database"; $(BIN)/pytest -q --no-header -o addopts= tests/architecture

fix: $(READY)  ## format, and mend what the linter can mend
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

migration: $(READY)  ## begin a migration: make migration m="Let a new thing exist"
	@test -n "$$m" || { echo 'Say what it does: make migration m="Let a new thing exist"'; exit 2; }
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/alembic revision --message "$$m" --rev-id "$$(printf %s "$$m" | tr 'A-Z ' 'a-z_' | tr -cd 'a-z0-9_' | cut -c1-32)"

openapi: $(READY) | build  ## write the contract, openapi/openapi.json
	@$(BIN)/catalogue openapi > build/openapi.json
	@mv build/openapi.json openapi/openapi.json

lock: | build  ## pin anew what pyproject.toml and package.json ask for; UPGRADE=1: the newest (needs npm)
	@test -x build/lock/bin/uv || $(PYTHON) -m venv build/lock
	@build/lock/bin/python -m pip install -qq --disable-pip-version-check $(UV)
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --output-file requirements/run.txt pyproject.toml
	@$(COMPILE) $(if $(UPGRADE),--upgrade) --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml
	@npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --loglevel=error

bench: $(READY) | bench/results  ## measure the claims (bench/README.md); SIZE=full; IMAGES=DIR as with demo
	@$(BIN)/python bench/size.py --json > bench/results/size.json
	@$(BIN)/catalogue demo --once --json $${IMAGES:+--images "$$IMAGES"} > bench/results/demo.json
	@cat bench/results/size.json bench/results/demo.json
	@for claim in $(CLAIMS); do SIZE=$(SIZE) $(BIN)/python bench/$$claim.py > bench/results/$$claim.json || exit 1; done
	@for claim in $(CLAIMS); do cat bench/results/$$claim.json; done

drill: $(READY) | bench/results  ## the long proofs: KILLS=200 LINES=200000 kills during imports, kills of the embedded server, refusals by SQL
	@PYTHONPATH=tests $(BIN)/python tests/drills/kills.py --kills $(KILLS) --lines $(LINES) > bench/results/kills.json; \
		status=$$?; cat bench/results/kills.json; exit $$status
	@echo "The races and tamperings come with the rooms that they are about. Kills of the embedded server, restore, refusals by SQL:"
	@$(BIN)/pytest -q tests/kit tests/refusals tests/faults $(ARGS)
	@$(BIN)/python tests/drills/fuzz_contract.py > bench/results/contract.json
	@echo "The corpus from Swift and from a folder: the same readings (bench/results/objects.json)."
	@$(BIN)/pytest -q -s tests/drills/drill_objects.py $(ARGS)
	@$(BIN)/pytest -q tests/drills/full_disk.py tests/drills/renames.py $(ARGS) && cat bench/results/renames.json
	@echo "Every attack against a watched worker, then the corpus in $(SHUFFLES) orders by 1, 2 and 4 workers (an hour or more)."
	@PYTHONPATH=tests $(BIN)/python tests/drills/drill_attacks.py > bench/results/attacks.json; \
		status=$$?; cat bench/results/attacks.json; exit $$status
	@PYTHONPATH=tests $(BIN)/python tests/drills/shuffles.py --shuffles $(SHUFFLES) > bench/results/shuffles.json; \
		status=$$?; cat bench/results/shuffles.json; exit $$status

size: $(READY)  ## how long modules and functions are: median, p90, longest, functions over 40 lines
	@$(BIN)/python bench/size.py

pictures: $(READY)  ## draw docs/pictures anew: one pair of each class, as the catalogue judges it
	@PYTHONPATH=bench:tests $(BIN)/python docs/pictures.py

coverage: $(READY)  ## run the tests under coverage: 95 % of all, 100 % where a mistake would cost an image
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -q $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report --skip-covered
	@for room in $(PERFECT); do $(BIN)/coverage report --skip-covered --include="app/$$room/*" --fail-under=100 || exit 1; done

# Redone only when what it is made from changes; stamped last, so that a setup cut short is done again.
$(READY): requirements/run.txt requirements/dev.txt pyproject.toml hatch_build.py package.json package-lock.json | build
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; exit 1; }
	@$(BIN)/python -c "" 2> /dev/null || { echo "Making .venv"; $(PYTHON) -m venv --clear .venv; }
	@echo "Installing what requirements/dev.txt pins (the first time a minute or more, 550 MB)"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@echo "Bringing ExifTool and the API pages, installing the catalogue"
	@$(PIP) install --no-deps -e .
	@perl -MDigest::MD5 -MEncode -MCompress::Zlib -e 1 2> /dev/null \
		|| echo "Warning: Perl is not complete, and images will not be read. Debian and Ubuntu: apt-get install perl"
	@touch $@

build bench/results:
	@mkdir -p $@
