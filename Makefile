# make demo: the main job on a bare machine.  make test: everything that CI runs.  make lint: lint, format, types and spelling.  make lab: JupyterLab.  make app: the recommender in a browser.  make web: the web page.  make bench: speed and memory.  make docs: the site.  make docs-check: check its pages without Quarto.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SETUP  := settings.ini setup.py constraints.txt

.PHONY: demo test lint format lab app web bench readme docs docs-check clean help
.DELETE_ON_ERROR:

help:
	@head -1 Makefile | cut -c3-

demo: $(VENV)/.default
	@$(BIN)/mediarec demo
	@echo
	@echo "Next: make lab opens the notebooks, make test runs the tests, make bench measures."

test: $(VENV)/.dev
	@$(BIN)/python tests/run.py

lint: $(VENV)/.dev
	@$(BIN)/python tests/lint.py

format: $(VENV)/.dev
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

lab: $(VENV)/.lab
	@$(BIN)/python -m ipykernel install --prefix $(VENV) --name python3 --display-name "Python 3 (mediarec)" >/dev/null
	@$(BIN)/jupyter lab --notebook-dir=nbs $(LAB)

app: $(VENV)/.lab
	@test -e model/manifest.json || $(BIN)/mediarec build --clusters all
	@$(BIN)/mediarec app --model model $(APP)

web: $(VENV)/.web
	@$(BIN)/mediarec web $(WEB)

bench: $(VENV)/.bench
	@$(BIN)/python benchmarks/bench.py $(BENCH)

readme: $(VENV)/.dev
	@$(BIN)/python tests/readme.py

docs: $(VENV)/.dev
	@$(BIN)/python tests/docs.py build

docs-check: $(VENV)/.dev
	@$(BIN)/python tests/docs.py check

clean:
	rm -rf $(VENV) build dist model _docs _proc *.egg-info

$(BIN)/python:
	@$(PYTHON) -c 'import sys; assert (3, 11) <= sys.version_info < (3, 14), f"mediarec needs Python 3.11 to 3.13; this is {sys.version.split()[0]}. Name another: make demo PYTHON=python3.12"'
	@$(PYTHON) -m venv $(VENV) || { echo "The module venv is missing. On Debian or Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.default: $(BIN)/python $(SETUP)
	@echo "Installing mediarec into $(VENV) (about a minute the first time) ..."
	@$(PIP) -e .
	@touch $@

# the extras: .dev, .lab, .web, .bench
$(VENV)/.%: $(VENV)/.default
	@echo "Installing the extra [$*] ..."
	@$(PIP) -c constraints.txt -e ".[$*]"
	@touch $@
