# Two commands: `make run` and `make test`. Everything lands in .venv/ and var/.
PYTHON ?= python3
BIN := .venv/bin
DEPLOY := deploy/make-venv
BENCHMARKS := video_scan compare held card digests prove status_endpoint status_load pages slow_clients downloads mirror growth idle

# On PostgreSQL `make test` leaves out what no database changes: the engine, browsers, the same pages for everybody,
# runs over ssh, processes that are killed, days of messages, what closes the connection of its test. `make test-postgres` leaves out nothing that has a database.
NOT_ON_POSTGRES := tests/engine tests/lab tests/faults tests/soak tests/hosts tests/platform tests/suite \
  tests/backups/admin/test_accessibility.py tests/backups/admin/test_csp_in_a_browser.py \
  tests/backups/admin/test_home_in_a_browser.py tests/backups/admin/test_keyboard.py \
  tests/backups/admin/test_every_page.py tests/backups/admin/test_film_page.py tests/backups/admin/test_who_may.py \
  tests/backups/api/test_fuzz.py tests/backups/files/test_web_servers.py tests/backups/files/test_downloads.py \
  tests/backups/files/test_relay.py tests/backups/files/test_tricks.py tests/test_backup_integration_page.py \
  tests/incidents/test_lab_inbox.py tests/incidents/test_killed.py tests/incidents/test_standby.py \
  tests/incidents/test_sending.py tests/incidents/test_watch.py tests/backups/test_worker_killed.py \
  tests/backups/runs/test_lab_runs.py tests/backups/runs/test_readers.py tests/backups/storages/test_worker.py \
  tests/backups/test_whole_path.py tests/backups/wipes tests/backups/storages/test_moves.py \
  tests/backups/storages/test_moves_from_home.py tests/backups/storages/test_second_copies.py \
  $(wildcard tests/backups/runs/test_*_run.py tests/backups/runs/test_*_doors.py)

FLOOR_OF_API := --include='backups/api/*' --fail-under=85

# Tests start Python a hundred times: it need not compile our code each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-whole test-long test-postgres fuzz-parsers fuzz-api screenshots faults soak three-hosts floors coverage mutants client-demo lint bench bench-long growth audit lock clean

run: .venv/.runtime
	@exec $(BIN)/python -m ethonode.run

test: .venv/.dev
	@.ci/install-test-servers
	@$(BIN)/python -m tests.postgres -n 3 --dist loadfile -q --draw $(NOT_ON_POSTGRES:%=--ignore=%)
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --cov --cov-report= --floors --draw
	@mkdir -p var && $(BIN)/coverage report $(FLOOR_OF_API) > var/coverage.txt || { cat var/coverage.txt; exit 1; }

test-postgres: .venv/.dev  # all that has a database, on a private PostgreSQL; WHAT=tests/people for a part
	@.ci/install-test-servers
	@$(BIN)/python -m tests.postgres -n 3 --dist loadfile $(WHAT)

# Measured by their own tests, and not at each change: it takes half as long again.
floors: .venv/.dev  # share of the lines of engine, services and API that tests run
	@.ci/install-test-servers
	@$(BIN)/pytest -n 3 --dist loadfile --cov --cov-report= tests/engine tests/devices tests/backups tests/test_backup_*.py \
	  --ignore tests/backups/admin
	@$(BIN)/coverage report --include='backups/engine/*,devices/records/*,devices/client.py,devices/loosejson.py,backups/services/*,backups/dashboard.py' --fail-under=90
	@$(BIN)/coverage report $(FLOOR_OF_API)

screenshots: .venv/.dev  # pictures of docs/guide, from the simulated lab
	@.ci/install-test-servers
	@$(BIN)/python -m tests.platform.pictures

client-demo: .venv/.dev  # what a lab's script does with the API, against a simulated lab of its own
	@$(BIN)/python -m tests.client_demo

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

test-whole: .venv/.dev  # every case of every test; `make test` draws some of those that have many, by its seed
	@.ci/install-test-servers
	@$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

test-long: .venv/.dev  # what CI runs in a short form: more sequences, more kills, a million files
	@.ci/install-test-servers
	ETHONODE_TEST_SEQUENCES=5000 ETHONODE_TEST_ENTRIES=1000000 ETHONODE_KILLS=200 ETHONODE_PULLS=100 \
	  ETHONODE_RESTARTS=2 \
	  $(BIN)/pytest -n 2 --timeout 7200 tests/engine tests/incidents/test_killed.py tests/platform/test_units.py

fuzz-parsers: .venv/.dev  # 100,000 inputs to each parser of outside data, by what they reach; INPUTS, SEED, ONLY=name
	@$(BIN)/pip install --quiet --require-hashes --no-deps -r requirements-fuzz.txt
	@$(BIN)/python -m tests.fuzz_parsers $(if $(INPUTS),--inputs $(INPUTS)) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only "$(ONLY)")

fuzz-api: .venv/.dev  # the whole API by its schema, by everybody; CASES a case of each operation
	ETHONODE_API_CASES=$(or $(CASES),10) $(BIN)/pytest -n 2 --timeout 7200 --hypothesis-show-statistics tests/backups/api/test_fuzz.py

bench-long: .venv/.dev
	$(BIN)/python -m benchmarks.video_scan --long
	$(BIN)/python -m benchmarks.held
	$(BIN)/python -m benchmarks.digests
	$(BIN)/python -m benchmarks.prove
	$(BIN)/python -m benchmarks.mirror --long
	$(BIN)/python -m benchmarks.idle

soak: .venv/.dev  # endurance: the stack on hosts of its own, with a lab, while everything is struck: docs/reliability.md
	@.ci/install-test-servers
	@$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),14) --devices $(or $(DEVICES),200) $(if $(SEED),--seed $(SEED)) \
	  $(if $(KILLS),--kills $(KILLS))

three-hosts: .venv/.dev  # two storages beside the host of ethonode, in namespaces: docs/storages.md; needs root
	@.ci/install-test-servers
	@$(BIN)/python -m tests.three_hosts

growth: .venv/.dev  # what years of history cost: 50, 200, 500 devices, a week, a year, three years
	$(BIN)/python -m benchmarks.growth

bench: .venv/.dev
	@for bench in $(BENCHMARKS); do \
	  echo "== $$bench"; $(BIN)/python -m benchmarks.$$bench --short || exit 1; done

audit: .venv/.dev  # known holes of what is locked: fails where not all could be asked for, too
	@$(BIN)/python -m tests.audit --all

lock: .venv/.dev
	$(BIN)/uv pip compile requirements.in -o requirements.txt --python-version 3.11 --universal --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links
	$(BIN)/uv pip compile requirements-dev.in -o requirements-dev.txt --python-version 3.11 --universal --generate-hashes --no-strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links
	$(BIN)/uv pip compile requirements-fuzz.in -o requirements-fuzz.txt --python-version 3.11 --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage htmlcov mutants
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.runtime: requirements.txt $(DEPLOY)
	@PYTHON=$(PYTHON) $(DEPLOY) requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt $(DEPLOY)
	@PYTHON=$(PYTHON) $(DEPLOY) requirements-dev.txt
	@touch $@ .venv/.runtime

faults: .venv/.dev  # random worlds against the product; SEED=.. DEVICE=.. tries one case again; WIPES=1: only the question
	@.ci/install-test-servers
	@$(BIN)/python -m tests.faults --devices $(or $(DEVICES),1000) $(if $(SEED),--seed $(SEED)) \
	  $(if $(DEVICE),--device $(DEVICE)) $(if $(KIND),--kind "$(KIND)") $(if $(HEALTHY),--healthy) $(if $(WIPES),--wipes)
