# What a developer and CI run. `make` alone lists the targets.
#
# The first target that needs it makes .venv: a small environment for uv inside it, and with that
# uv everything that uv.lock names. Nothing has to be installed but Python and make.

UV_VERSION := 0.13.9
PYTHONS := python3 python3.13 python3.12 python3.11

BIN := .venv/bin
UV := .venv/tools/bin/uv
SYNCED := .venv/.synced

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never
# Proxies sign with authorities that only the system knows; a slim system may know none, though.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt),)
export UV_SYSTEM_CERTS := 1
endif

# Where it is set, every process compiles anew all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo migrate test chaos bench check schema

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo 'Options of a command: make demo ARGS="--help"'

demo: $(SYNCED) ## Start everything with embedded servers and a simulated field
	$(BIN)/wattledger demo $(ARGS)

migrate: $(SYNCED) ## Bring the database of DATABASE_URL to the newest schema
	$(BIN)/wattledger migrate $(ARGS)

test: $(SYNCED) ## Run the tests, on all cores
	$(BIN)/pytest -n auto -q -rs --ignore=tests/chaos $(ARGS)

chaos: $(SYNCED) ## Run the tests that kill servers and processes, one at a time
	$(BIN)/pytest -q --hypothesis-profile=random tests/chaos $(ARGS)

bench: $(SYNCED) ## Measure and print ratios
	$(BIN)/python -m benchmarks $(ARGS)

check: $(SYNCED) ## Check format, style, types, imports, lock and schema
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(UV) lock --check
	$(BIN)/wattledger schema --check

schema: $(SYNCED) ## Write schema.graphql and what frontend-contract has of it anew
	$(BIN)/wattledger schema --write

$(SYNCED): pyproject.toml uv.lock $(UV)
	$(UV) sync --frozen
	@touch $@

$(UV):
	@python=; for name in $(PYTHONS); do \
		if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$name; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'Wattledger needs Python 3.11 or newer; none of "$(PYTHONS)" is.' >&2; exit 1; \
	fi; \
	set -e; \
	test -x $(BIN)/python || $$python -m venv --without-pip .venv; \
	$$python -m venv --clear .venv/tools || { \
		echo 'Python cannot make environments; on Debian and Ubuntu: apt install python3-venv' >&2; \
		exit 1; \
	}; \
	.venv/tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@
