# make help lists the targets.

# The version that is built. make generate carries it into the chart and the manifests.
VERSION ?= 0.1.0
# The operator's image. deploy, cluster-load and build-installer take any reference, also one with a digest.
IMG ?= ghcr.io/xatube/xatube-operator:$(VERSION)
# Platforms of docker-buildx.
PLATFORMS ?= linux/amd64,linux/arm64
# Workers of the cluster of cluster-up.
NODES ?= 2
# Minor version of Kubernetes of the cluster, e.g. make demo KUBERNETES=1.34. Empty: that of the cluster that is up, else the newest.
KUBERNETES ?=
# Which test packages and tests to run, e.g. make test-e2e E2E_ARGS='-run TestDeletion'.
E2E_ARGS ?=
# Which faults, e.g. make test-chaos CHAOS_ARGS='-run TestFaults/NodeKilled'.
CHAOS_ARGS ?=
# How many end-to-end tests run side by side, each with a platform of its own.
E2E_PARALLEL ?= 2

# With MONITORING=1 the cluster of the end-to-end tests has prometheus-operator and a Prometheus, which scrapes the operator.
MONITORING ?=

# What is built for development is kept here, by version.
CACHE ?= $(or $(XATUBE_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/xatube-operator)

GOLANGCI_LINT_VERSION := v2.15.0
KUBE_API_LINTER_VERSION := v0.0.0-20260716143926-092fe0c72997
HELM_VERSION := v4.3.1

CONTROLLER_GEN := go tool -modfile=hack/tools/go.mod controller-gen
CRD_REF_DOCS := go tool -modfile=hack/tools/go.mod crd-ref-docs
# Shows the failed tests once more at the end, where the log of a long run is looked at first.
GOTESTSUM := go tool -modfile=hack/tools/go.mod gotestsum --format standard-verbose --
GOFUMPT := go tool -modfile=hack/tools/go.mod gofumpt
KUSTOMIZE := go tool -modfile=hack/tools/go.mod kustomize
SETUP_ENVTEST := go tool -modfile=hack/tools/go.mod setup-envtest
CLUSTER := go run -C $(CURDIR)/hack/cluster . $(if $(KUBERNETES),--kubernetes $(KUBERNETES))

# Programs with dependencies of their own, built into the cache once.
GOLANGCI_LINT := $(CACHE)/tools/golangci-lint-$(GOLANGCI_LINT_VERSION)/golangci-lint
KUBE_API_LINTER := $(CACHE)/tools/kube-api-linter-$(KUBE_API_LINTER_VERSION)/golangci-lint-kube-api-linter
HELM := $(CACHE)/tools/helm-$(HELM_VERSION)/helm

# The Go modules of this repository that hold code.
MODULES := . $(patsubst %/,%,$(dir $(filter-out hack/tools/go.mod,$(wildcard */*/go.mod */*/*/go.mod))))
CRD := config/crd/bases/xatube.io_xatubeclusters.yaml
CHART := charts/xatube-operator

OUT := $(CURDIR)/dist
include test/e2e/images.mk

# The commands that follow speak to the cluster of cluster-up.
ON_CLUSTER = KUBECONFIG=$$($(CLUSTER) kubeconfig); export KUBECONFIG
# The chart runs IMG. Its build is noted on the pods, so that a new build under the old reference replaces them.
HELM_FLAGS = --set image.repository=$$(sed 's/:[^:]*$$//' <<<$(IMG)) --set image.tag=$$(sed 's/.*://' <<<$(IMG)) \
	--set-string podAnnotations.build=$$(sha256sum $(CURDIR)/dist/image.tar | cut -c1-12) $(if $(MONITORING),--set serviceMonitor.enabled=true)

# One way of compiling for programs and tests: nothing here needs C, and each package is compiled once.
export CGO_ENABLED := 0

SHELL := /usr/bin/env bash -o pipefail
.SHELLFLAGS := -ec

.PHONY: all
all: build

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make \033[36mTARGET\033[0m\n"} \
		/^[a-zA-Z0-9_-]+:.*##/ {printf "  \033[36m%-18s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

.PHONY: demo
demo: cluster-load $(HELM) ## Make a cluster with a whole platform on it, and try it.
	$(ON_CLUSTER); \
	$(HELM) upgrade --install xatube-operator $(CHART) --namespace xatube-system --create-namespace --wait --timeout 3m $(HELM_FLAGS); \
	KUBECTL_DIR=$$($(CLUSTER) bin) go run ./hack/demo

##@ Development

.PHONY: generate
generate: manifests bench-figures ## Generate code, manifests, chart and reference from the types and markers.
	$(CONTROLLER_GEN) object paths=./api/... paths=./internal/eck paths=./internal/grafana paths=./internal/objectstore
	mkdir -p $(CHART)/files/crds docs
	cp $(CRD) $(CHART)/files/crds/
	cp config/rbac/role.yaml $(CHART)/files/role.yaml
	perl -pi -e 's/^(version|appVersion): .*/$$1: $(VERSION)/' $(CHART)/Chart.yaml
	perl -pi -e 's/newTag: .*/newTag: $(VERSION)/' config/manager/kustomization.yaml
	$(CRD_REF_DOCS) --source-path=api \
		--config=hack/reference/config.yaml --templates-dir=hack/reference --renderer=markdown \
		--output-path=docs/reference.md --log-level=ERROR

.PHONY: manifests
manifests: ## Generate the CRD and the role.
	$(CONTROLLER_GEN) crd:maxDescLen=400 paths=./api/... output:crd:dir=config/crd/bases
	go run ./hack/crd $(CRD)
	$(CONTROLLER_GEN) rbac:roleName=manager-role paths=./internal/controller/... paths=./cmd/... output:rbac:dir=config/rbac

.PHONY: fmt
fmt: ## Format the code.
	$(GOFUMPT) -l -w .

.PHONY: vet
vet: ## Run go vet on every module.
	@for module in $(MODULES); do echo "go vet: $$module"; go -C $$module vet -tags e2e ./...; done

.PHONY: lint
lint: $(GOLANGCI_LINT) $(KUBE_API_LINTER) ## Run the linters on every module.
	@for module in $(MODULES); do \
		echo "golangci-lint: $$module"; \
		(cd $$module && $(GOLANGCI_LINT) run --config $(CURDIR)/.golangci.yml ./...); \
	done
	$(KUBE_API_LINTER) run --config .golangci.api.yml ./api/...

.PHONY: verify
verify: generate fmt verify-modules verify-crd-size ## Generate everything and fail if anything differs from what is committed.
	@changes=$$(git status --porcelain) && test -z "$$changes" || \
		{ echo "These files differ from what is generated, or are not committed; run make generate fmt and commit:"; echo "$$changes"; git diff; exit 1; }

.PHONY: verify-modules
verify-modules:
	@for module in $(MODULES) hack/tools; do echo "go mod tidy: $$module"; go -C $$module mod tidy -diff; done

# kubectl apply keeps the whole object in an annotation of at most 262144 bytes.
.PHONY: verify-crd-size
verify-crd-size:
	@size=$$(wc -c < $(CRD)); echo "CRD: $$size bytes"; test $$size -lt 150000 || { echo "$(CRD) must stay below 150000 bytes"; exit 1; }

##@ Test

# As root on Linux the tests get the servers of the cluster's images, real NGINX, ffmpeg, Redis and promtool, through
# XATUBE_NGINX and the like; elsewhere those on the PATH, and tests without one say so and are skipped.
WITH_SERVERS := if [ "$$(uname)$$(id -u)$$XATUBE_NGINX" = Linux0 ]; then servers=$$($(CLUSTER) servers); \
	export XATUBE_NGINX=$$servers/nginx XATUBE_FFMPEG=$$servers/ffmpeg XATUBE_REDIS=$$servers/redis-server \
	XATUBE_PROMTOOL=$$servers/promtool; fi
# The API server of the minor version $$minor: a release where one can be downloaded, else built into the cache.
ASSETS := $$($(SETUP_ENVTEST) use $$minor.x --bin-dir $(CACHE)/envtest -p path 2>/dev/null || $(CLUSTER) assets --kubernetes $$minor)
WITH_ASSETS := minor=$$($(CLUSTER) releases | tail -n 1); export KUBEBUILDER_ASSETS=$${KUBEBUILDER_ASSETS:-$(ASSETS)}
# What a version of Kubernetes can refuse: the CRD with its rules, and what the operator writes. Its last line tells the cost of the rules.
TEST_VERSION := echo "== Kubernetes $$minor"; export KUBEBUILDER_ASSETS=$(ASSETS); \
	go test -short -timeout 20m ./test/cel ./internal/controller; \
	go test -v -run TestCostOfRules ./test/cel | grep '^Kubernetes'

.PHONY: test
test: test-unit test-oldest test-modules ## Run all tests that need no cluster.

.PHONY: test-versions
test-versions: ## Run the tests against a real API server on every supported version of Kubernetes.
	@for minor in $$($(CLUSTER) releases); do $(TEST_VERSION); done

.PHONY: test-oldest
test-oldest: ## Run them on the oldest one.
	@minor=$$($(CLUSTER) releases | head -n 1); $(TEST_VERSION)

.PHONY: test-unit
test-unit: ## Run the unit tests and those against a real API server, side by side: they wait more than they work.
	@$(WITH_ASSETS); $(WITH_SERVERS); go test -short -p 4 -parallel 8 -timeout 20m ./api/... ./cmd/... ./hack/... ./internal/... ./test/bench ./test/dashboards ./test/drive/... ./test/cel/... ./test/fuzz ./test/rtmpfuzz

.PHONY: test-sweep
test-sweep: ## Kill the operator after each of its writes, against a real API server.
	@$(WITH_ASSETS); go test ./internal/controller -run TestAnOperatorThatIsKilledAtAnyWrite -timeout 30m

.PHONY: test-neighbours
test-neighbours: ## Let the nodes of 250 of 1000 platforms be dead, and see that the others do not wait, against a real API server.
	@$(WITH_ASSETS); XATUBE_PLATFORMS=$(or $(PLATFORMS_BESIDE),1000) go test ./internal/controller -run TestDeadNodesDoNotHoldUpOtherPlatforms -count=1 -v -timeout 60m

# How many specs have to be accepted; the number of the first, which with the seed decides it.
N ?= 300
FIRST ?= 0

.PHONY: fuzz
fuzz: SEED ?= 1
fuzz: ## Draw N specs from the schema of the CRD, and let a real API server and the operator judge each.
	@$(WITH_ASSETS); go run ./test/fuzz -n $(N) -seed $(SEED) -first $(FIRST)

.PHONY: test-cel
test-cel: ## Try every admission rule against a real API server.
	@$(WITH_ASSETS); go test ./test/cel/...

# The tests read files of the repository outside their module, which go's cache of results does not see.
.PHONY: test-modules
test-modules: ## Run the tests of the other modules: cluster, chart and fixtures.
	@for module in $(filter-out .,$(MODULES)); do echo "go test: $$module"; go -C $$module test -count=1 ./...; done

.PHONY: test-e2e
test-e2e: cluster-load load-visitors load-logging $(if $(MONITORING),cluster-monitoring) $(HELM) ## Run the end-to-end tests on the cluster of cluster-up.
	$(ON_CLUSTER); export HELM=$(HELM) HELM_FLAGS="$(HELM_FLAGS)" AUDIT_LOG=$$($(CLUSTER) audit-log 2>/dev/null) KUBECTL_DIR=$$($(CLUSTER) bin 2>/dev/null); \
	$(GOTESTSUM) -tags e2e ./test/e2e/... -count=1 -parallel $(E2E_PARALLEL) -timeout 45m $(E2E_ARGS)

.PHONY: test-chaos
test-chaos: cluster-load $(HELM) ## Break a platform on the cluster of cluster-up while people use it.
	go build -C hack/cluster -o $(OUT)/cluster .
	go build -C test/probe -o $(OUT)/probe .
	$(ON_CLUSTER); export CLUSTER=$(OUT)/cluster PROBE=$(OUT)/probe; \
	$(HELM) upgrade --install xatube-operator $(CHART) --namespace xatube-system --create-namespace --wait --timeout 3m $(HELM_FLAGS); \
	$(GOTESTSUM) -tags e2e ./test/chaos/... -count=1 -timeout 45m $(CHAOS_ARGS)

# Each benchmark installs the operator, tells its progress on standard error, and prints one line of JSON at its end.
BENCH = $(ON_CLUSTER); \
	$(HELM) upgrade --install xatube-operator $(CHART) --namespace xatube-system --create-namespace --wait --timeout 3m $(HELM_FLAGS) >&2; \
	go run ./test/bench

.PHONY: bench-ready
bench-ready: cluster-load $(HELM) ## Measure how long a platform takes to be ready, next to its database alone.
	$(BENCH) ready

.PHONY: bench-rollout
bench-rollout: cluster-load load-visitors $(HELM) ## Count failed requests while images, replicas, edge, credentials and operator change.
	$(BENCH) rollout

.PHONY: bench-failover
bench-failover: KILLS := 5
bench-failover: cluster-load load-visitors $(HELM) ## Kill the primary KILLS times: how long nobody can write, next to CloudNativePG alone, and how many requests fail.
	$(BENCH) -kills $(KILLS) failover

.PHONY: bench-nodeloss
bench-nodeloss: cluster-load load-visitors $(HELM) ## Measure the same when the primary's node vanishes.
	export CLUSTER="$(CLUSTER)"; $(BENCH) nodeloss

.PHONY: bench-switchover
bench-switchover: cluster-load load-visitors $(HELM) ## Measure how long nobody can write during a planned switchover.
	$(BENCH) switchover

.PHONY: bench-streams
bench-streams: cluster-load load-visitors $(HELM) ## Count stalls and disconnects of streams while the ingest is rolled and scaled down.
	$(BENCH) streams

.PHONY: bench-rtmp-fuzz
bench-rtmp-fuzz: SESSIONS := 20000
bench-rtmp-fuzz: SEED := 0
bench-rtmp-fuzz: ## Attack the entry of the ingest with SESSIONS mutated sessions of RTMP, made of SEED; needs no cluster.
	@$(WITH_SERVERS); go test ./test/rtmpfuzz -count=1 -v -run '^TestFuzz$$' -timeout 20m -args -sessions=$(SESSIONS) -seed=$(SEED) | \
		tee /dev/stderr | grep '^{"bench"' | tail -n 1

# With real servers on the loopback, and no cluster: edge and ingest as the operator configures them, and ffmpeg.
.PHONY: bench-viewers
bench-viewers: ## Count what ever more viewers of a live stream cost the ingest, and compare the edge with plain nginx.
	mkdir -p $(OUT)
	@$(WITH_SERVERS); XATUBE_BENCH_VIEWERS=$(OUT)/viewers.json go test ./internal/component/edge -run 'TestViewers$$' -count=1 -v -timeout 10m >&2
	@cat $(OUT)/viewers.json

.PHONY: bench
bench: ## Run all benchmarks, about an hour, and keep their results in docs/benchmarks.
	mkdir -p dist
	for name in ready failover nodeloss switchover rollout streams viewers; do \
		$(MAKE) --silent --no-print-directory bench-$$name | tail -n 1 >dist/result.json; mv dist/result.json docs/benchmarks/$$name.json; \
	done
	$(MAKE) bench-figures

.PHONY: bench-figures
bench-figures: ## Write the plot and the tables of docs/benchmarks.md from docs/benchmarks/*.json.
	go run ./hack/figures docs/benchmarks

.PHONY: verify-dashboards
verify-dashboards: MONITORING := 1
verify-dashboards: cluster-load load-visitors cluster-monitoring $(HELM) ## Ask a real Prometheus everything that dashboards and rules ask, after traffic, and draw it.
	$(ON_CLUSTER); \
	$(HELM) upgrade --install xatube-operator $(CHART) --namespace xatube-system --create-namespace --wait --timeout 3m $(HELM_FLAGS) >&2; \
	go run ./test/dashboards -pictures docs/dashboards

##@ Build

.PHONY: build
build: ## Build the operator, and the gate, the door and the exporter that are in its image.
	go build -ldflags "-s -w -X main.version=$(VERSION)" -o bin/manager ./cmd
	go build -ldflags "-s -w" -o bin/ ./cmd/rtmp-gate ./cmd/edge-exporter ./cmd/database-door

.PHONY: build-image
build-image: build ## Build the operator's image without a container engine, as an archive.
	$(CLUSTER) build-image --binary $(CURDIR)/bin/manager --add $(CURDIR)/bin/rtmp-gate:/rtmp-gate --add $(CURDIR)/bin/edge-exporter:/edge-exporter --add $(CURDIR)/bin/database-door:/database-door --ref $(IMG) --output $(CURDIR)/dist/image.tar

.PHONY: docker-build
docker-build: ## Build the operator's image with Docker.
	docker build --build-arg VERSION=$(VERSION) --tag $(IMG) .

.PHONY: docker-buildx
docker-buildx: ## Build and push the operator's image for several platforms.
	docker buildx build --platform $(PLATFORMS) --build-arg VERSION=$(VERSION) --tag $(IMG) --push .

.PHONY: build-installer
build-installer: dist/kustomization.yaml ## Write dist/install.yaml, for plain kubectl apply.
	$(KUSTOMIZE) build dist > dist/install.yaml

# config/default with IMG, without a change to the checkout.
.PHONY: dist/kustomization.yaml
dist/kustomization.yaml:
	mkdir -p dist
	printf 'resources:\n- ../config/default\n' > $@
	cd dist && go tool -modfile=$(CURDIR)/hack/tools/go.mod kustomize edit set image ghcr.io/xatube/xatube-operator=$(IMG)
	sed 's/name: controller-manager/name: xatube-operator-controller-manager/' config/manager/image.yaml > dist/image.yaml
	printf 'replacements:\n- path: image.yaml\n' >> $@

##@ Cluster

.PHONY: cluster-up
cluster-up: ## Make a real Kubernetes cluster: kind with a Docker engine, else a local one (Linux, root).
	$(CLUSTER) prepare
	$(CLUSTER) up --nodes $(NODES)

.PHONY: cluster-down
cluster-down: ## Remove the cluster with all its data.
	$(CLUSTER) down

.PHONY: cluster-monitoring
cluster-monitoring: cluster-up ## Install prometheus-operator and a Prometheus on the cluster.
	$(CLUSTER) addon monitoring

.PHONY: kubeconfig
kubeconfig: ## Print the path of the cluster's kubeconfig.
	@$(CLUSTER) kubeconfig

.PHONY: cluster-load
cluster-load: cluster-up build-image $(FIXTURE_ARCHIVES) ## Load the operator's image and those of the application into the cluster.
	$(CLUSTER) load $(CURDIR)/dist/image.tar $(FIXTURE_ARCHIVES)

.PHONY: load-logging
load-logging: cluster-up $(LOGGING_ARCHIVES) ## Load the collector and the sink of the tests of spec.logging into the cluster.
	$(CLUSTER) load $(LOGGING_ARCHIVES)

.PHONY: load-visitors
load-visitors: cluster-up $(VISITORS_ARCHIVE)
	$(CLUSTER) load $(VISITORS_ARCHIVE)

##@ Deployment, to the cluster of the current kubeconfig

.PHONY: install
install: manifests ## Install the CRD.
	kubectl apply -k config/crd

.PHONY: uninstall
uninstall: ## Remove the CRD, and with it every platform.
	kubectl delete -k config/crd --ignore-not-found

.PHONY: deploy
deploy: build-installer ## Deploy the operator.
	kubectl apply -f dist/install.yaml

.PHONY: undeploy
undeploy: build-installer ## Remove the operator and the CRD, and with it every platform.
	kubectl delete -f dist/install.yaml --ignore-not-found

##@ Tools

.PHONY: tools
tools: $(GOLANGCI_LINT) $(KUBE_API_LINTER) $(HELM) ## Build the linters and helm into the cache.

$(GOLANGCI_LINT):
	GOBIN=$(@D) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION)

$(KUBE_API_LINTER):
	GOBIN=$(@D) go install sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter@$(KUBE_API_LINTER_VERSION)

$(HELM):
	GOBIN=$(@D) go install helm.sh/helm/v4/cmd/helm@$(HELM_VERSION)
