# The project's commands. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
STACK ?= dev
CHAOS ?=
BENCH ?=
UPGRADE ?=
INTERRUPTIONS ?=
RENEWALS ?=
CONFORMANCE ?=
DEPLOYMENTS ?=
MATRIX ?=
MIGRATION ?=
AZURE_E2E ?=
AZURE_STATE ?=
LONG ?=
TOOLS := . ./bin/environment
# The longest one is to be named first.
SIDE_BY_SIDE := $(MAKE) --no-print-directory --jobs=2 --output-sync=target
# The load generator is of the lab only, so that `make check` does without Go where there is none.
GO := $(TOOLS); bin/has-go || { echo 'Go is not there, or too old: lab/load is not checked'; exit 0; }; cd lab/load

.PHONY: help setup lab lab-all chaos deployments matrix bench upgrade interruptions renewals migration conformance long-test scan azure-state azure-e2e lab-down check docs format lint lint-typescript lint-others types programs unit test schema

help: ## list the commands
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 15

setup: ## install everything that the project needs, pinned
	@bin/setup lab

lab: ## build an environment in the lab, send it a request from outside, tell what took how long (STACK=dev)
	@export PLATFORM_TIMES=$$(mktemp); trap 'rm -f "$$PLATFORM_TIMES"' EXIT; \
	bin/setup lab; bin/lab up $(STACK); bin/lab tour $(STACK); \
	echo; cat "$$PLATFORM_TIMES"; printf '%6d s  make lab\n' "$$SECONDS"

lab-all: ## build dev, tools and prod in one lab, tools again through its entry; a second round changes nothing; tell time and memory
	@export PLATFORM_TIMES=$$(mktemp); trap 'rm -f "$$PLATFORM_TIMES"' EXIT; \
	bin/setup lab; \
	for stack in dev tools prod tools; do bin/lab up $$stack; done; \
	for stack in dev tools prod; do bin/lab up $$stack -- --expect-no-changes; bin/lab tour $$stack; done; \
	echo; cat "$$PLATFORM_TIMES"; printf '%6d s  make lab-all\n' "$$SECONDS"; \
	free --mebi | awk '/^Mem:/ { printf "%6.1f GiB of memory used on this host, of %.1f\n", $$3 / 1024, $$2 / 1024 }'

chaos: setup ## break the environment in the lab while it is used; CHAOS="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/chaos/suite.ts --stack $(STACK) $(CHAOS)

deployments: setup ## deploy onto the environment in the lab while it is used; DEPLOYMENTS="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/deployments/suite.ts --stack $(STACK) $(DEPLOYMENTS)

matrix: setup ## what answers which host, and who reaches which port, in all environments; MATRIX="--help" tells more (root, make lab-all before)
	@$(TOOLS); node lab/matrix/matrix.ts $(MATRIX)

bench: setup ## how much the environment in the lab serves, up to its capacity and beyond; BENCH="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/bench/bench.ts --stack $(STACK) $(BENCH)

upgrade: setup ## take dev of the release before to this commit, under load; UPGRADE="--help" tells more (root)
	@$(TOOLS); node lab/upgrade/upgrade.ts $(UPGRADE)

interruptions: setup ## build dev anew, and kill pulumi up at 20 random moments: the next one completes; INTERRUPTIONS="--help" tells more (root)
	@$(TOOLS); node lab/interruptions/suite.ts --stack $(STACK) $(INTERRUPTIONS)

renewals: setup ## 90 days of seconds: certificates are renewed while proxies, the authority and the vault come and go; RENEWALS="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/renewals/suite.ts --stack $(STACK) $(RENEWALS)

migration: setup ## walk the way of docs/migration.md from an old host, under load; MIGRATION="--help" tells more (root, takes the lab down first)
	@$(TOOLS); node lab/migration/suite.ts $(MIGRATION)

long-test: setup ## the lab's tests that take up to an hour each (root); LONG=environments runs one
	@$(TOOLS); vitest run --project long $(LONG)

scan: setup ## Checkov over the ARM templates of dev, prod and tools; policy/README.md tells more
	@bin/scan --install
	@$(TOOLS); vitest run --project unit lab/engine/scan.test.ts

conformance: ## ask Azure what the lab says of it (AZURE_SUBSCRIPTION=...); lab/conformance/README.md tells more
	@bin/setup check
	@$(TOOLS); node lab/conformance/run.ts $(CONFORMANCE)

azure-state: ## make the account, vault and key that keep the stacks' state on Azure; docs/azure.md tells more
	@bin/azure-state $(AZURE_STATE)

azure-e2e: ## build a stack on Azure itself, ask it what the lab's is asked, destroy it (STACK=dev; it costs money)
	@bin/setup check
	@$(TOOLS); node e2e/main.ts --stack $(STACK) $(AZURE_E2E)

lab-down: ## remove everything that the lab made on this machine
	@bin/setup check
	@bin/lab down

check: ## types, lint, unit and component tests: fast, without root
	@bin/setup check
	@$(SIDE_BY_SIDE) programs types lint
	@$(TOOLS); vitest run --project unit

types: ## check the types
	@$(TOOLS); tsc --project .

docs: ## draw docs/architecture.svg (with Graphviz)
	@dot -Tsvg docs/architecture.dot >docs/architecture.svg.new
	@printf '<!-- sha256 of architecture.dot: %s -->\n' "$$(sha256sum docs/architecture.dot | cut -d' ' -f1)" >>docs/architecture.svg.new
	@mv docs/architecture.svg.new docs/architecture.svg

format: ## format TypeScript
	@$(TOOLS); prettier --log-level warn --write .

lint: lint-typescript lint-others ## lint TypeScript, Go, Ansible, YAML and shell

lint-typescript:
	@$(TOOLS); prettier --log-level warn --check .
	@$(TOOLS); eslint --max-warnings 0 .
	@$(TOOLS); depcruise --config .dependency-cruiser.mjs --output-type err index.ts environment inventory bootstrap components azure preflight configuration delivery policy e2e lab

lint-others:
	@$(TOOLS); python ansible/tests/argument_specs.py
	@$(TOOLS); yamllint --strict .
	@$(TOOLS); cd ansible && ansible-lint --offline -q
	@$(TOOLS); shellcheck bin/* .ci/run delivery/capistrano/pipeline lab/engine/build.sh lab/load/build.sh lab/pebble/build.sh lab/fabric/isolated.sh lab/pipeline/*.sh ansible/roles/*/files/*.sh
	@$(GO); test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }; go vet ./...

programs: ## tests of the programs in Go, Ruby and Python
	@$(GO); go test ./...
	@if command -v cap >/dev/null; then for tests in delivery/capistrano/test/*_test.rb; do ruby $$tests; done; \
	else echo 'Capistrano is not there: its tests are left out'; fi
	@$(TOOLS); for tests in ansible/tests examples; do python -m unittest discover --quiet --start-directory $$tests; done

unit: programs ## unit and component tests
	@$(TOOLS); vitest run --project unit

schema: ## write the JSON Schema of the stack files
	@$(TOOLS); node environment/writeSchema.ts

test: setup ## everything: check, and the lab's tests with real machines (root)
	@$(SIDE_BY_SIDE) programs types lint
	@$(TOOLS); vitest run --project unit --project lab
