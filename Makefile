# make run: open the app.  make test: everything CI runs.  Both set up .venv by themselves.
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PINNED := $(INSTALL) --require-hashes --no-deps -r requirements.lock -r requirements-torch.lock  # make LOCKED=1 run

.PHONY: run test thorough lint types imports unit format bench quality docs lock licences clean help

help:            ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

run: .venv/installed            ## open prep
	@$(BIN)/prep

test: lint types imports unit   ## everything CI runs

lint: .venv/installed-test      ## ruff: lint and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/installed-test     ## mypy
	$(BIN)/mypy

imports: .venv/installed-test   ## import-linter: which package may know which
	$(BIN)/lint-imports

unit: .venv/installed-test      ## pytest; compiled files are kept, since it starts many processes
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n auto

thorough: .venv/installed-test  ## each demo at twenty random settings, ten thousand broken packs: some minutes
	PREP_SETTINGS=20 $(BIN)/python -m pytest -n auto tests/demos
	PREP_MUTATIONS=10000 $(BIN)/python -m pytest -n auto tests/content/test_broken_packs.py

format: .venv/installed-test    ## let ruff rewrite
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed-test     ## measure speed, as ratios against a peer in the same run
	$(BIN)/python benchmarks/first_paint.py
	$(BIN)/python benchmarks/demo_runs.py
	$(BIN)/python benchmarks/nf4.py
	$(BIN)/python benchmarks/key_latency.py
	$(BIN)/python benchmarks/browse.py
	$(BIN)/python benchmarks/interview_plan.py
	-$(BIN)/python benchmarks/rebuild.py
	-$(BIN)/python benchmarks/scale.py --anki $(BIN)/python
	$(BIN)/python benchmarks/sync.py

quality: .venv/installed-test   ## every benchmark, and docs/quality.md from what they measured: about an hour
	$(BIN)/python docs/quality.py

lock: .venv/installed-test      ## pin every package, with hashes, and renew docs/licences.md
	$(INSTALL) 'uv>=0.9,<1'
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/lock.py
	$(BIN)/python docs/licences.py

licences: .venv/installed-test  ## renew docs/licences.md
	$(BIN)/python docs/licences.py

docs: .venv/installed-test      ## render the pictures in docs/, README's table of demos, the schemas of packs
	$(BIN)/python docs/shots.py
	$(BIN)/python docs/browser_shot.py
	$(BIN)/python docs/demo_table.py
	$(BIN)/python docs/schemas.py

clean:           ## remove what the targets above made
	rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .hypothesis dist build

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "prep needs Python 3.11 or newer; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 2; }
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python pyproject.toml
	@echo "Installing prep into .venv (once; torch makes it take a minute)"
	$(if $(LOCKED),$(PINNED))
	$(INSTALL) $(if $(LOCKED),--no-deps) -e .
	@touch $@

.venv/installed-test: .venv/bin/python pyproject.toml
	@echo "Installing prep and what its tests need into .venv (once)"
	$(if $(LOCKED),$(PINNED))
	$(INSTALL) $(if $(LOCKED),--no-deps) -e '.[test]'
	@touch $@ .venv/installed
