# fluxscape: `make run` opens the dashboard, `make test` checks everything. Both set up .venv first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
HOST   ?= 127.0.0.1
PORT   ?= 5006
# Two workers fit two cores; set JOBS=1 on a smaller machine.
JOBS   ?= 2

.PHONY: run test peers lint types imports spelling unit nojit browser slow benchmarks assets lock peers clean help

help: ## List the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "fluxscape needs Python 3.11 or newer, found " + sys.version.split()[0])'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

run: $(READY) ## Set up and serve the dashboard on http://127.0.0.1:5006
	$(BIN)/python -m fluxscape_dashboard --host $(HOST) --port $(PORT)

test: $(READY) lint types imports spelling unit nojit ## Set up and run every check and test

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

imports: $(READY)
	$(BIN)/lint-imports

spelling: $(READY)
	$(BIN)/codespell

unit: $(READY)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not slow"

nojit: $(READY) ## Kernel tests again in plain Python, so that every line of them is seen
	NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "kernel and not slow"

browser: $(READY) ## Browser tests only
	$(BIN)/python -m pytest tests/browser

slow: $(READY) ## Long fault, load and soak tests
	$(BIN)/python -m pytest -m slow

benchmarks: $(READY) ## Quick pass over every benchmark
	@for f in benchmarks/[a-z]*.py; do echo "== $$f"; $(BIN)/python $$f --quick --json || exit 1; done

peers: ## Install the peers that the benchmarks compare with, apart from fluxscape
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	VIRTUAL_ENV=$(abspath .venv-peers) .venv-peers/bin/uv pip install --quiet -r benchmarks/peers.txt

assets: $(READY) ## Rebuild the embedded data from the source packages (downloads them)
	$(BIN)/python tools/build_assets.py

lock: ## Pin the dependencies again, with hashes and without index addresses
	$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
