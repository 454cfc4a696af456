# Two commands: `make run` and `make test`. Everything lands in .venv/ and var/.
PYTHON ?= python3
BIN := .venv/bin
DEPLOY := deploy/make-venv
BENCHMARKS := video_scan compare card status_endpoint mirror idle

.PHONY: run test test-long faults floors _floors coverage mutants lint bench bench-long lock clean

run: .venv/.runtime
	@exec $(BIN)/python -m ethonode.run

test: .venv/.dev
	@.ci/install-test-servers
	@$(BIN)/pytest -n 2 --cov --cov-report=
	@$(MAKE) --no-print-directory floors

# Share of the lines that tests run. Says nothing unless it is too little.
floors:
	@mkdir -p var && $(MAKE) -s _floors > var/coverage.txt || { cat var/coverage.txt; exit 1; }

_floors:
	@$(BIN)/coverage report --include='backups/engine/*,devices/records/*,devices/client.py,devices/loosejson.py,backups/services/*,backups/dashboard.py' --fail-under=90
	@$(BIN)/coverage report --include='backups/api/*' --fail-under=85

coverage: .venv/.dev
	@$(BIN)/pytest -n 2 --cov --cov-report=html --cov-report=term-missing:skip-covered

mutants: .venv/.dev
	$(BIN)/mutmut run
	$(BIN)/mutmut results

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy .
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py check --fail-level WARNING

test-long: .venv/.dev  # what CI runs in a short form: more sequences, more kills, a million files
	@.ci/install-test-servers
	ETHONODE_TEST_SEQUENCES=5000 ETHONODE_TEST_ENTRIES=1000000 ETHONODE_KILLS=200 ETHONODE_PULLS=100 \
	  $(BIN)/pytest -n 2 --timeout 7200 tests/engine

bench-long: .venv/.dev
	$(BIN)/python -m benchmarks.video_scan --long
	$(BIN)/python -m benchmarks.mirror --long
	$(BIN)/python -m benchmarks.idle

bench: .venv/.dev
	@for bench in $(BENCHMARKS); do \
	  echo "== $$bench"; $(BIN)/python -m benchmarks.$$bench --short || exit 1; done

lock: .venv/.dev
	$(BIN)/uv pip compile requirements.in -o requirements.txt --python-version 3.11 --universal --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links
	$(BIN)/uv pip compile requirements-dev.in -o requirements-dev.txt --python-version 3.11 --universal --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.runtime: requirements.txt $(DEPLOY)
	@PYTHON=$(PYTHON) $(DEPLOY) requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt $(DEPLOY)
	@PYTHON=$(PYTHON) $(DEPLOY) requirements-dev.txt
	@touch $@ .venv/.runtime

faults: .venv/.dev  # random worlds against the product; SEED=.. DEVICE=.. tries one case again
	@.ci/install-test-servers
	@$(BIN)/python -m tests.faults --devices $(or $(DEVICES),1000) $(if $(SEED),--seed $(SEED)) \
	  $(if $(DEVICE),--device $(DEVICE)) $(if $(KIND),--kind "$(KIND)") $(if $(HEALTHY),--healthy)
