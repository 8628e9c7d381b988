# The images that the end-to-end tests and the demo need beside those of the cluster: the operator's own, and the fixture
# application (test/fixtures/xatube) under upstream's references. Upstream's images need a registry that answers; with the
# fixture in their place on the nodes, `spec: {}` runs unchanged on a machine without one. The second build of the
# fixture, next, is what updates go to.
#
# Included by the Makefile, which sets CLUSTER, the command of the ground, and OUT, the folder of what is built.

FIXTURE_VERSIONS := 6ddf065 next
FIXTURE_SOURCES  := $(shell find test/fixtures/xatube -type f -not -name '*_test.go' -not -path '*/bin/*')
FIXTURE_ARCHIVES := $(FIXTURE_VERSIONS:%=$(OUT)/fixture-%.tar)

# One static program on nothing; argv[0] chooses what it is, hence the links.
$(OUT)/fixture-%.tar: $(FIXTURE_SOURCES)
	@mkdir -p $(OUT)
	go build -C test/fixtures/xatube -buildvcs=false -ldflags "-s -w -X main.version=$*" -o $(abspath $(OUT))/fixture-$* .
	$(CLUSTER) build-image --binary $(OUT)/fixture-$* --path /usr/local/bin/xatube \
	  --link /usr/local/bin/uvicorn --link /usr/local/bin/python --link /usr/local/bin/serve \
	  --env PATH=/usr/local/bin --user 1000:1000 --workdir /app --output $@ \
	  --ref docker.io/saneome2/xatube-backend:$* --ref docker.io/saneome2/xatube-frontend:$*

# What spec.logging needs (test/fixtures/logging): the collector under upstream's reference, and the sink of the tests.
LOGGING_SOURCES  := $(shell find test/fixtures/logging -type f -not -name '*_test.go')
COLLECTOR_REF    := $(shell sed -n 's/.*ImageCollector *= *"\(.*\)"/\1/p' internal/component/naming/images.go)
LOGGING_ARCHIVES := $(OUT)/collector.tar $(OUT)/elasticsearch.tar

$(OUT)/collector.tar: $(LOGGING_SOURCES) internal/component/naming/images.go
	@mkdir -p $(OUT)
	go build -C test/fixtures/logging -buildvcs=false -ldflags "-s -w" -o $(OUT)/otelcol-contrib ./otelcol
	$(CLUSTER) build-image --binary $(OUT)/otelcol-contrib --path /otelcol-contrib --user 10001:10001 --output $@ --ref $(COLLECTOR_REF)

$(OUT)/elasticsearch.tar: $(LOGGING_SOURCES)
	@mkdir -p $(OUT)
	go build -C test/fixtures/logging -buildvcs=false -ldflags "-s -w" -o $(OUT)/elasticsearch ./cmd/elasticsearch
	$(CLUSTER) build-image --binary $(OUT)/elasticsearch --path /elasticsearch --output $@ --ref docker.io/xatube/elasticsearch-fixture:dev

# The visitors of the benchmarks.
VISITORS_ARCHIVE := $(OUT)/visitors.tar

.PHONY: $(VISITORS_ARCHIVE)
$(VISITORS_ARCHIVE):
	go build -ldflags "-s -w" -o $(OUT)/visitors ./test/load
	$(CLUSTER) build-image --binary $(OUT)/visitors --path /load --ref docker.io/xatube/load:dev --output $@
