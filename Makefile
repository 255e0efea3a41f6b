# The commands of the project. Each one makes the environment `.venv` first when it is missing or older than the lock.

BIN := .venv/bin
INSTALLED := .venv/.installed
# Tried in this order; `make test PYTHON=/path/to/python` puts another one first.
PYTHONS = $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python

# So many processes test side by side, each with a Neo4j of its own; files stay whole. WORKERS=0 tests in one process.
WORKERS ?= 2
PYTEST = $(BIN)/pytest -n $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.PHONY: demo up test check fmt help

demo: $(INSTALLED) ## see a conversation become memory: DEMO_FILE=chat.jsonl takes yours, ARGS=--exit stops at the end
	@$(BIN)/ourmem demo $(ARGS)

up: $(INSTALLED) ## serve the API, with its own Neo4j unless NEO4J_URI names one
	@$(BIN)/ourmem up $(ARGS)

test: $(INSTALLED) ## run all tests; ARGS=tests/unit runs some
	@$(PYTEST) $(ARGS)

# The quick checks come first, so that a misplaced comma is known in seconds.
check: $(INSTALLED) ## what CI runs: format, lint, types, then all tests and limits
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(PYTEST)

fmt: $(INSTALLED) ## format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 14

$(INSTALLED): requirements.lock pyproject.toml
	@for python in $(PYTHONS); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then exec "$$python" -P app/bootstrap.py; fi; \
	done; \
	echo "error: no Python 3.11 or newer was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1
