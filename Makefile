# demo: the whole product on this machine · test: every check that needs only Python · peers: against independent tools · bench: the bars · chaos: 1,000 kills
PYTHON ?= python3
PYTEST = timeout 2400 .venv/bin/pytest

.PHONY: demo test peers bench chaos lint format
demo: .venv/ready
	.venv/bin/tinbao demo

test: .venv/ready lint
	$(PYTEST) -n 3

lint: .venv/ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

format: .venv/ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

peers: .venv/ready
	tests/peers/install
	$(PYTEST) -o addopts=-q tests/peers

bench: .venv/ready
	.venv/bin/python -m tests.benchmarks

chaos: .venv/ready
	.venv/bin/python -m tests.chaos --runs 1000

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "tinbao needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv --clear .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,peers]'
	touch $@
