# Snapveil on one machine. Each target does all of its own set-up; `make help` lists them.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done || true)
BIN := .venv/bin
WORKERS ?= 2
OF_MYSQL := tests/worker/mysql tests/worker/test_policy_mysql.py tests/local/engines \
	tests/local/rds/test_real_mariadb.py tests/examples/test_shop_mysql.py tests/cli/test_copying_mysql.py

export SIZE SOURCE ENGINE KEEP

.PHONY: help setup infra mysql demo test check format bench build templates scale soak faults fuzz chaos lock clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: ## make .venv with the locked dependencies and the snapveil command
	@if [ -z "$(PYTHON)" ]; then echo "Snapveil needs Python 3.11 or newer; none was found."; exit 2; fi
	@$(PYTHON) bootstrap.py

infra: setup ## add the CDK and Node.js, which write the templates and which running Snapveil does not need
	@$(PYTHON) bootstrap.py infra

demo: setup ## the main job, end to end (SIZE=20000 SOURCE=instance|cluster ENGINE=mariadb|mysql|… KEEP=1)
	@$(BIN)/snapveil demo

chaos: setup ## the demo twice under one key, the second time with everything going wrong, and a comparison
	@$(BIN)/snapveil chaos

mysql: setup ## get a real MySQL, which Debian has in its newest release only, and test masking and copying on it
	@$(BIN)/python -m local.engines mysql
	@SNAPVEIL_TEST_SERVER=mysql $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(OF_MYSQL)

test: infra check ## every check and every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

check: infra ## format, lint, types and the rules of the layout
	@$(BIN)/ruff format --check --quiet . || (echo "run: make format"; exit 1)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: infra ## format and mend what can be mended
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --quiet --fix .

bench: setup ## measure masking and cold starts; prints ratios within one run (SIZE=1000000 ROUNDS=3 PUBLISH=1)
	@$(BIN)/python -m benchmarks

build: setup ## make the Lambda zips for AWS in build/lambda; prints their sizes and cold imports
	@$(BIN)/python -m infra.artifacts

templates: infra ## write infra/templates from the code and examples/shop/*.yaml
	@$(BIN)/python -m infra.synthesis

soak: setup ## play months of weekly refreshes with constant faults and write their figures into docs/reliability.md
	@$(BIN)/python -m benchmarks.soak

scale: setup ## play a night of 100 sources on a driven clock and write its figures into docs/scale.md
	@$(BIN)/python -m benchmarks.scale

fuzz: setup ## mask PostgreSQL databases drawn from the seeds FIRST to LAST, and compare them with what they were
	@$(BIN)/python -m tests.worker.drawn $(or $(FIRST),1) $(or $(LAST),300)

faults: setup ## let a fault befall every call of the loop, one at a time; writes docs/reliability.md's figures
	@$(BIN)/python -m tests.faults
	@$(BIN)/python -m tests.faults.machine --examples 200

lock: infra ## renew requirements.lock from pyproject.toml (the one target that needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
		--extra dev --custom-compile-command "make lock" --upgrade --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate -c requirements.lock \
		--extra dev --extra infra --custom-compile-command "make lock" --upgrade --quiet pyproject.toml \
		-o requirements-infra.lock
	@$(BIN)/python -m infra.artifacts --worker-lock

clean: ## stop what a demo left running, remove what it wrote and the virtual environment
	@if [ -x $(BIN)/snapveil ]; then $(BIN)/snapveil local down; fi
	@rm -rf .venv .snapveil .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info .set-up.lock
