# Landbridge. `make demo` and `make test` are the two to know; both install what
# they need first (Debian 12) and need root, since they make network namespaces.

SHELL   := /bin/bash
GO      ?= go
BIN     := $(CURDIR)/bin
TOOLS   := $(CURDIR)/.tools
SCHEMA  := /usr/share/openvswitch/vtep.ovsschema
POLICY  := /usr/sbin/policy-rc.d

# What runs needs: ovsdb-server and the hardware_vtep schema with vtep-ctl.
RUNTIME_PACKAGES  := openvswitch-common openvswitch-vtep
# What `make lab` gives a person to look around with.
LAB_PACKAGES      := iproute2 iputils-ping tcpdump curl
# What `make generate` needs: the eBPF objects are committed, so nothing else does.
GENERATE_PACKAGES := clang-14 llvm-14 libbpf-dev
# The databases and the message bus that tests start for themselves, and the
# Python library of OpenStack's services on that bus; another implementation of
# tunnels to speak with; what the examples of certificates and of a balancer run;
# a decoder that is not ours, and what makes packets final before it sees them;
# what cuts connections.
TEST_PACKAGES     := postgresql mariadb-server galera-4 rabbitmq-server haproxy python3-oslo.messaging openvswitch-switch openssl \
	tshark ethtool nftables
# Real services of OpenStack that tests start for themselves, and real clients.
OPENSTACK_PACKAGES := mariadb-server rabbitmq-server keystone uwsgi-plugin-python3 neutron-server python3-pymysql \
	neutron-openvswitch-agent openvswitch-switch ethtool python3-openstackclient python3-networking-l2gw
# debconf: the packages need not set up a cloud on this machine.
define OPENSTACK_ANSWERS
neutron-common neutron/configure_db boolean false
neutron-common neutron/configure_rabbit boolean false
neutron-common neutron/configure_ksat boolean false
neutron-server neutron/register-endpoint boolean false
keystone keystone/configure_db boolean false
keystone keystone/create-admin-tenant boolean false
keystone keystone/register-endpoint boolean false
endef
# Whom `make bench-datapath` compares us with, besides the kernel.
BENCH_PACKAGES    := openvswitch-switch
# What the race detector needs.
RACE_PACKAGES     := gcc libc6-dev

.PHONY: help build demo lab lab-down test test-openstack test-chaos race fuzz soak check format lint generate generated bench bench-api bench-control bench-datapath bench-openstack deps deps-lab deps-generate deps-test deps-openstack deps-bench deps-race root clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

build: ## the programs, into bin/
	$(GO) build -trimpath -o $(BIN)/ ./cmd/...

demo: root deps build ## two clouds become one network, on real packets, in under a minute
	$(BIN)/landbridge-lab demo

lab: root deps deps-lab build ## the two clouds, left running to look around; `make lab-down` ends them
	$(BIN)/landbridge-lab up

lab-down: root build ## end what `make lab` left running
	$(BIN)/landbridge-lab down

test: root deps deps-test build ## everything but benchmarks: unit, property and fuzz-seed tests, real edges, end to end
	LANDBRIDGE_BIN=$(BIN) $(GO) test -timeout 20m ./...

test-openstack: root deps deps-openstack build ## real services and clients of OpenStack against the server
	LANDBRIDGE_BIN=$(BIN) $(GO) test -tags openstack -timeout 20m -p 1 ./internal/lab/openstack ./test/openstack

race: root deps deps-test deps-race build ## the same with the race detector
	LANDBRIDGE_BIN=$(BIN) CGO_ENABLED=1 $(GO) test -race -timeout 40m ./...

FUZZTIME ?= 30s
fuzz: ## every fuzz target in turn, FUZZTIME each
	@$(GO) test -list '^Fuzz' ./... | awk '/^Fuzz/ {t[n++]=$$1} /^ok/ {for (i=0;i<n;i++) print $$2, t[i]; n=0}' | \
	while read -r pkg target; do \
		echo "$$pkg $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$pkg" || exit 1; \
	done

SOAK ?= 10m
SEED ?= 1
soak: root deps ## traffic through vtepd for SOAK while everything beside it changes, by SEED
	$(GO) test -run '^TestSoak$$' -timeout 0 -v ./internal/vtep -soak $(SOAK) -soak-seed $(SEED)

CHAOS ?= 200
test-chaos: root deps deps-test build ## everything on the control side dies, CHAOS times, by SEED; `make test` has 15 times of it
	LANDBRIDGE_BIN=$(BIN) $(GO) test -run '^TestChaos$$' -timeout 0 -v ./test/chaos -chaos $(CHAOS) -seed $(SEED)

check: format lint generated ## format, vet, lint, import rules, generated files up to date
	$(GO) vet -tags openstack,speed ./...
	$(GO) test ./test/architecture
	$(GO) mod tidy -diff

format: $(TOOLS)/gofumpt
	@diff=$$($(TOOLS)/gofumpt -l $$(git ls-files '*.go' | grep -v _bpfel.go)); \
	[ -z "$$diff" ] || { echo "not formatted (run gofumpt -w):"; echo "$$diff"; exit 1; }

lint: $(TOOLS)/golangci-lint
	$(TOOLS)/golangci-lint run ./...

generate: deps-generate ## the eBPF objects and the OVSDB models, anew
	$(GO) generate ./...

generated: generate
	@git diff --exit-code -- '*_bpfel.go' '*_bpfel.o' '*_gen.go' || \
	{ echo "generated files were not up to date: commit what make generate has written"; exit 1; }

bench: ## Go's own benchmarks
	$(GO) test -run '^$$' -bench . ./internal/...

ROUNDS ?= 5
PHASE  ?= 5s
BENCH  ?= .
bench-api: root deps deps-test deps-openstack build ## our API beside that of a real neutron-server; ROUNDS, PHASE (each operation's time), BENCH (a pattern)
	LANDBRIDGE_BIN=$(BIN) $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 0 ./bench/api -rounds $(ROUNDS) -phase $(PHASE) -results $(CURDIR)/bench/results

EACH     ?= 100
BULK     ?= 100000
NETWORKS ?= 4096
NODES    ?= 256
bench-control: root deps deps-test build ## from the API to the switches; ROUNDS, BENCH (a pattern), EACH, BULK, NETWORKS, NODES (sizes)
	LANDBRIDGE_BIN=$(BIN) $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 0 ./bench/control -rounds $(ROUNDS) -each $(EACH) -macs $(BULK) -networks $(NETWORKS) -nodes $(NODES) -results $(CURDIR)/bench/results

MACS ?= 1048576
bench-datapath: root deps deps-bench build ## vtepd beside other ways to forward; ROUNDS, BENCH (a pattern), MACS (of the largest tables)
	LANDBRIDGE_BIN=$(BIN) $(GO) test -run '^$$' -bench '$(BENCH)' -benchtime 1x -timeout 0 ./bench/datapath -rounds $(ROUNDS) -macs $(MACS) -results $(CURDIR)/bench/results

bench-openstack: root deps deps-test deps-openstack build ## how soon two joined clouds follow what Neutron says
	LANDBRIDGE_BIN=$(BIN) $(GO) test -tags openstack,speed -timeout 30m -v -run '^TestSpeed$$' ./test/openstack -results $(CURDIR)/bench/results

$(TOOLS)/gofumpt: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o $@ mvdan.cc/gofumpt

$(TOOLS)/golangci-lint: tools/go.mod tools/go.sum
	cd tools && $(GO) build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

deps: PACKAGES := $(RUNTIME_PACKAGES)
deps-lab: PACKAGES := $(LAB_PACKAGES)
deps-generate: PACKAGES := $(GENERATE_PACKAGES)
deps-test: PACKAGES := $(TEST_PACKAGES)
deps-openstack: PACKAGES := $(OPENSTACK_PACKAGES)
deps-openstack: export ANSWERS := $(OPENSTACK_ANSWERS)
deps-bench: PACKAGES := $(BENCH_PACKAGES)
deps-race: PACKAGES := $(RACE_PACKAGES)
# While they are installed, a policy keeps the packages' own daemons from
# starting; where the machine has a policy, that one holds.
deps deps-lab deps-generate deps-test deps-openstack deps-bench deps-race:
	@missing=$$(for p in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
	[ -z "$$missing" ] || { \
		echo "installing:" $$missing; \
		[ -e $(POLICY) ] || { trap 'rm -f $(POLICY)' EXIT; install -m 755 <(printf '#!/bin/sh\nexit 101\n') $(POLICY); }; \
		echo "$$ANSWERS" | debconf-set-selections && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=600 --no-install-recommends $$missing >/dev/null; \
	} || { echo "could not install" $$missing "(root and a Debian mirror are needed)"; exit 1; }

root:
	@[ "$$(id -u)" = 0 ] || { echo "this makes network namespaces and loads eBPF programs: run it as root"; exit 1; }

clean: ## bin/ and the tools
	rm -rf $(BIN) $(TOOLS)
