# make test    the real servers, every check, and all tests with the race detector
# make servers the servers alone; `go test ./...` uses whichever it finds and skips the rest
# make bench   the libraries side by side, into README.md and docs/; QUICK=1 only looks whether it works;
#              SUBJECT=file or start measures that instead, and propagation, sustained, rest or fleet with the
#              servers
# make fuzz    every fuzz target, for FUZZ each
# make newest  all tests with every dependency at its newest
# make soak    faults in all four stores for SOAK, into soak-report.txt (SEED repeats their order); then a service
#              over every kind of source, with its page open in a browser, for as long

BIN     := .servers/bin
BUILT   := $(addprefix $(BIN)/,consul etcd etcdctl etcdutl nats-server staticcheck)
SUDO    := $(if $(filter 0,$(shell id -u)),,sudo)
MODULES := $(dir $(wildcard go.mod */go.mod */*/go.mod))
NESTED  := $(filter-out ./ bench/ tools/%,$(MODULES))
TIMEOUT ?= 30m
SOAK    ?= 20m
FUZZ    ?= 10m

.PHONY: test newest bench fuzz soak servers packages fmt-check vet staticcheck tidy-check bench-check nested-check

test: servers fmt-check vet staticcheck tidy-check bench-check nested-check
	CONFSYNC_REQUIRE_SERVERS=1 go test -race -shuffle=on -timeout $(TIMEOUT) ./...
	$(MAKE) fuzz FUZZ=3000x

# go.mod asks for the oldest releases that work. These are the newest, in a go.mod of their own.
NEWEST := -modfile=$(CURDIR)/.servers/newest.mod
newest: export GOTOOLCHAIN := go1.27.3
newest: servers
	cp go.mod .servers/newest.mod && cp go.sum .servers/newest.sum
	go get $(NEWEST) -u -t ./... && go mod tidy $(NEWEST)
	go vet $(NEWEST) ./...
	CONFSYNC_REQUIRE_SERVERS=1 go test $(NEWEST) -timeout $(TIMEOUT) ./...

bench:
	go -C bench run . $(if $(QUICK),-quick) $(SUBJECT)

# A find that is interesting is made smaller in a few steps only, or the time would go into that.
fuzz:
	@set -e; grep -rl --include='*_test.go' '^func Fuzz' . | xargs grep -H '^func Fuzz' | sed -E 's|^(.*)/[^/]*:func (Fuzz[A-Za-z0-9]*).*|\1 \2|' | \
	while read -r pkg target; do \
		echo "$$target in $$pkg for $(FUZZ)"; \
		go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ) -fuzzminimizetime 20x "$$pkg" || exit 1; \
	done

soak: servers
	CONFSYNC_REQUIRE_SERVERS=1 CONFSYNC_SOAK=$(SOAK) CONFSYNC_SEED=$(SEED) CONFSYNC_REPORT=$(CURDIR)/soak-report.txt \
		go test -race -count=1 -v -run '^TestU(8Faults|9FullLink)$$' -timeout $(SOAK)15m ./internal/stores
	CONFSYNC_REQUIRE_SERVERS=1 CONFSYNC_SOAK=$(SOAK) CONFSYNC_BAD=10000 go -C internal/soak test -race -count=1 -v -timeout $(SOAK)15m .
	CONFSYNC_REQUIRE_SERVERS=1 CONFSYNC_SOAK=$(SOAK) go test -count=1 -v -run '^TestR15SlowLink$$' ./source/redis

servers: $(BUILT) packages

$(BIN)/consul: tools/consul/go.mod
	go -C tools/consul build -o $(CURDIR)/$@ github.com/hashicorp/consul

$(BIN)/etcd: tools/etcd/go.mod
	go -C tools/etcd build -o $(CURDIR)/$@ go.etcd.io/etcd/server/v3

$(BIN)/etcdctl $(BIN)/etcdutl: tools/etcd/go.mod
	go -C tools/etcd build -o $(CURDIR)/$@ go.etcd.io/etcd/$(@F)/v3

$(BIN)/nats-server: tools/nats/go.mod
	go -C tools/nats build -o $(CURDIR)/$@ github.com/nats-io/nats-server/v2

$(BIN)/staticcheck: tools/lint/go.mod
	go -C tools/lint build -o $(CURDIR)/$@ honnef.co/go/tools/cmd/staticcheck

# Redis, ZooKeeper, Prometheus and the browser are Debian packages. The services that come with them are not wanted, so
# they are switched off again where systemd runs.
packages:
	@command -v redis-server >/dev/null && test -e /usr/share/java/zookeeper.jar && command -v java >/dev/null && command -v prometheus >/dev/null && command -v chromium >/dev/null || { \
		$(SUDO) apt-get update && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends redis-server zookeeper prometheus chromium && \
		{ test ! -d /run/systemd/system || $(SUDO) systemctl disable --now redis-server prometheus; }; }

# The benchmarks' own tests: that every library is asked for the same, and answers it.
bench-check:
	go -C bench vet ./...
	go -C bench test ./...

# The modules that need more than the library asks for.
nested-check:
	@set -e; for m in $(NESTED); do echo "go -C $$m test ./..."; go -C $$m vet ./...; CONFSYNC_REQUIRE_SERVERS=1 go -C $$m test -timeout $(TIMEOUT) ./...; done

fmt-check:
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w $$unformatted"; exit 1; }

vet:
	go vet ./...

staticcheck: $(BIN)/staticcheck
	$(BIN)/staticcheck ./...

tidy-check:
	@set -e; for m in $(MODULES); do echo "go -C $$m mod tidy -diff"; go -C $$m mod tidy -diff; done
