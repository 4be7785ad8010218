# The project's commands. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
STACK ?= dev
CHAOS ?=
BENCH ?=
UPGRADE ?=
CONFORMANCE ?=
AZURE_E2E ?=
AZURE_STATE ?=
LONG ?=
TOOLS := . ./bin/environment
# The load generator is of the lab only, so that `make check` does without Go where there is none.
GO := $(TOOLS); bin/has-go || { echo 'Go is not there, or too old: lab/load is not checked'; exit 0; }; cd lab/load

.PHONY: help setup lab chaos bench upgrade conformance long-test azure-state azure-e2e lab-down check docs format lint types programs unit test schema

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## install everything that the project needs, pinned
	@bin/setup lab

lab: ## build an environment in the lab, send it a request from outside, tell what took how long (STACK=dev)
	@export PLATFORM_TIMES=$$(mktemp); trap 'rm -f "$$PLATFORM_TIMES"' EXIT; \
	bin/setup lab; bin/lab up $(STACK); bin/lab tour $(STACK); \
	echo; cat "$$PLATFORM_TIMES"; printf '%6d s  make lab\n' "$$SECONDS"

chaos: setup ## break the environment in the lab while it is used; CHAOS="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/chaos/suite.ts --stack $(STACK) $(CHAOS)

bench: setup ## how much the environment in the lab serves, up to its capacity and beyond; BENCH="--help" tells more (root, STACK=dev is up)
	@$(TOOLS); node lab/bench/bench.ts --stack $(STACK) $(BENCH)

upgrade: setup ## take dev of the release before to this commit, under load; UPGRADE="--help" tells more (root)
	@$(TOOLS); node lab/upgrade/upgrade.ts $(UPGRADE)

long-test: setup ## the lab's tests that take up to an hour each (root); LONG=environments runs one
	@$(TOOLS); vitest run --project long $(LONG)

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
	@$(MAKE) --no-print-directory types lint unit

types: ## check the types
	@$(TOOLS); tsc --project .

docs: ## draw docs/architecture.svg (with Graphviz)
	@dot -Tsvg docs/architecture.dot >docs/architecture.svg.new
	@printf '<!-- sha256 of architecture.dot: %s -->\n' "$$(sha256sum docs/architecture.dot | cut -d' ' -f1)" >>docs/architecture.svg.new
	@mv docs/architecture.svg.new docs/architecture.svg

format: ## format TypeScript
	@$(TOOLS); prettier --log-level warn --write .

lint: ## lint TypeScript, Go, Ansible, YAML and shell
	@$(TOOLS); prettier --log-level warn --check .
	@$(TOOLS); eslint --max-warnings 0 .
	@$(TOOLS); depcruise --config .dependency-cruiser.mjs --output-type err index.ts environment inventory bootstrap components azure preflight configuration delivery e2e lab
	@$(TOOLS); python ansible/tests/argument_specs.py
	@$(TOOLS); yamllint --strict .
	@$(TOOLS); cd ansible && ansible-lint --offline -q
	@$(TOOLS); shellcheck bin/* .ci/run lab/engine/build.sh lab/load/build.sh lab/fabric/isolated.sh ansible/roles/*/files/*.sh
	@$(GO); test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }; go vet ./...

programs: ## tests of the programs in Go and Python
	@$(GO); go test ./...
	@$(TOOLS); for tests in ansible/tests examples; do python -m unittest discover --quiet --start-directory $$tests; done

unit: programs ## unit and component tests
	@$(TOOLS); vitest run --project unit

schema: ## write the JSON Schema of the stack files
	@$(TOOLS); node environment/writeSchema.ts

test: setup ## everything: check, and the lab's tests with real machines (root)
	@$(MAKE) --no-print-directory types lint programs
	@$(TOOLS); vitest run --project unit --project lab
