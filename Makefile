# `make help` lists the targets. What takes more than a few lines is a script in hack/.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 0
TOOL := go tool -modfile=hack/tools/go.mod
# golangci-lint with kube-api-linter built in.
LINT := $(TOOL) golangci-lint-kube-api-linter
IMG ?= forewarn:dev
# The kubectl of the local control plane, where it is built.
KUBECTL ?= $(firstword $(wildcard bin/controlplane/*/kubectl) kubectl)
# For go test, for instance TESTFLAGS='-run TestGate -v'.
TESTFLAGS ?=
# A folder of published contracts to measure on, where it is not the usual one.
BENCH_DATA ?=

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2} /^##@/{print "\n" substr($$0, 5)}' Makefile

##@ Write

.PHONY: generate
generate: ## Write the deep copies of the kinds
	$(TOOL) controller-gen object:headerFile=hack/boilerplate.go.txt paths=./api/...

.PHONY: manifests
manifests: ## Write the CRDs and the manager's role
	$(TOOL) controller-gen crd paths=./api/... output:crd:dir=config/crd/bases
	$(TOOL) controller-gen rbac:roleName=forewarn-manager paths=./controllers/... paths=./internal/... output:rbac:dir=config/rbac

.PHONY: fmt
fmt: ## Format the Go code
	$(LINT) fmt

##@ Check

.PHONY: lint
lint: ## Lint the Go code
	$(LINT) config verify
	$(LINT) run

.PHONY: lint-api
lint-api: ## Hold the kinds to the Kubernetes API conventions
	$(LINT) run --config=.golangci-kal.yml ./api/...

.PHONY: verify
verify: ## Check that what is generated is current and that the linters pass
	hack/verify.sh

.PHONY: test
test: ## Run all tests, those against a real API server included
	@assets=$$(hack/controlplane/build.sh) && KUBEBUILDER_ASSETS=$$assets go test -timeout=30m $(TESTFLAGS) ./...

.PHONY: test-race
test-race: export CGO_ENABLED = 1
test-race: override TESTFLAGS += -race
test-race: test ## Run all tests with the race detector (needs a C compiler)

.PHONY: bench
bench: ## Run the benchmarks (BENCH_DATA=folder of published contracts)
	@assets=$$(hack/controlplane/build.sh) && KUBEBUILDER_ASSETS=$$assets $(if $(BENCH_DATA),FOREWARN_DATA=$(abspath $(BENCH_DATA))) \
		go test -p=1 -timeout=60m -run='^$$' -bench=. $(TESTFLAGS) ./internal/... ./test/...

##@ Build and run

.PHONY: build
build: ## Build bin/manager and bin/forewarn
	go build -o bin/ ./cmd/manager ./cmd/forewarn

.PHONY: controlplane
controlplane: ## Build the local control plane (about 10 min, once)
	@hack/controlplane/build.sh >/dev/null

.PHONY: gateway
gateway: ## Build the gateway through which tests send real requests (7 min of processor time, once)
	@hack/gateway/build.sh >/dev/null

.PHONY: cluster-up
cluster-up: controlplane ## Start a local cluster; writes .cluster/kubeconfig
	go run ./hack/cluster up

.PHONY: cluster-down
cluster-down: ## End the local cluster
	go run ./hack/cluster down

.PHONY: run
run: build cluster-up ## Run the manager against the local cluster
	hack/run.sh

.PHONY: demo
demo: build controlplane ## Play the story on a real API server
	hack/demo.sh

##@ Deploy

.PHONY: install
install: ## Install the CRDs where kubectl points to
	$(TOOL) kustomize build config/crd | $(KUBECTL) apply --server-side --force-conflicts -f -

.PHONY: deploy
deploy: ## Install forewarn where kubectl points to
	$(TOOL) kustomize build config/default | $(KUBECTL) apply --server-side --force-conflicts -f -

.PHONY: undeploy
undeploy: ## Remove what deploy installed, except the CRDs
	@KUBECTL=$(KUBECTL) hack/undeploy.sh

.PHONY: docker-build
docker-build: ## Build the manager's image (IMG=name:tag)
	docker build -t $(IMG) .
