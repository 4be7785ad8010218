# The project's commands. `make` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
STACK ?= dev
CHAOS ?=
UPGRADE ?=
CONFORMANCE ?=
LONG ?=
TOOLS := . ./bin/environment
# The load generator is of the lab only, so that `make check` does without Go where there is none.
GO := $(TOOLS); bin/has-go || { echo 'Go is not there, or too old: lab/load is not checked'; exit 0; }; cd lab/load

.PHONY: help setup lab chaos upgrade conformance lab-down check docs format lint types programs unit test long-test schema

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

upgrade: setup ## take dev of the release before to this commit, under load; UPGRADE="--help" tells more (root)
	@$(TOOLS); node lab/upgrade/upgrade.ts $(UPGRADE)

conformance: ## ask Azure what the lab says of it (AZURE_SUBSCRIPTION=...); lab/conformance/README.md tells more
	@bin/setup check
	@$(TOOLS); node lab/conformance/run.ts $(CONFORMANCE)

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
	@$(TOOLS); depcruise --config .dependency-cruiser.mjs --output-type err index.ts environment inventory bootstrap components azure configuration lab
	@$(TOOLS); python ansible/tests/argument_specs.py
	@$(TOOLS); yamllint --strict .
	@$(TOOLS); cd ansible && ansible-lint --offline -q
	@$(TOOLS); shellcheck bin/* .ci/run lab/engine/build.sh lab/load/build.sh lab/fabric/isolated.sh ansible/roles/*/files/*.sh
	@$(GO); test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }; go vet ./...

programs: ## tests of the programs in Go and Python
	@$(GO); go test ./...
	@$(TOOLS); python -m unittest discover --quiet --start-directory ansible/tests

unit: programs ## unit and component tests
	@$(TOOLS); vitest run --project unit

schema: ## write the JSON Schema of the stack files
	@$(TOOLS); node environment/writeSchema.ts

test: setup ## everything: check, and the lab's tests with real machines (root)
	@$(MAKE) --no-print-directory types lint programs
	@$(TOOLS); vitest run --project unit --project lab

long-test: setup ## tests in the lab that take longer than all others together; LONG="configuration" is one file (root)
	@$(TOOLS); vitest run --project long $(LONG)
