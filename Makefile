# Contributors' commands; the README's need no make. VENV is where the project is installed.
VENV ?= .venv
PYTHON = $(VENV)/bin/python

.PHONY: check lint test

check: lint test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest
