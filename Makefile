# Contributors' commands; the README's need no make. VENV is where the project is installed.
VENV ?= .venv
PYTHON = $(VENV)/bin/python

.PHONY: check lint messages test

check: lint test

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

test:
	$(PYTHON) -m pytest

# After a change of what the page says: new messages go into the catalogues to be translated, and the
# catalogues are compiled. Run it again when they are translated.
CATALOGUES = rag/page/locales
messages:
	mkdir -p build
	$(VENV)/bin/pybabel -q extract -k mark --no-location -o build/page.pot rag/page app.py
	$(VENV)/bin/pybabel -q update -D page -i build/page.pot -d $(CATALOGUES) \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date
	$(VENV)/bin/pybabel -q compile -D page -d $(CATALOGUES)
