# The commands of this repository. .ci/run calls the same ones.

LINTER    := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
FUZZ_RUNS ?= 20000
SCRATCH   := $(CURDIR)/.scratch

.DEFAULT_GOAL := help
.PHONY: help short test race ways heavy toolchains lint fuzz bench benchmarks pace tidy release rehearsal ci core postgres browser temporal manual

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

short: ## the inner loop: quick tests of all packages
	go test -short ./...

test: ## the tests of all packages
	go test ./...

race: ## the README's test command: race detector, random order
	go test -race -shuffle=on ./...

# Tests take the first way (internal/transport/ways.go) unless a flag says otherwise, and with -http the test double is a
# server for those too that otherwise have it as their client. Without the race detector: make race has run the same code.
ways: ## the tests of the requests over HTTP, on each way to the wire: posted, by calls of the SDK, and by its inputs
	@set -e; for way in 1 2 3; do \
		echo "go test -shuffle=on . -args -way=$$way -http"; \
		go test -shuffle=on . -args -way=$$way -http; \
		echo "go test -shuffle=on ./internal/transport -args -way=$$way"; \
		go test -shuffle=on ./internal/transport -args -way=$$way; \
	done

# Heavy tests have names that begin with TestHeavy. Each must have run: one that was skipped or not
# selected is a failure.
heavy: ## memory, volume, many seeds, hot key ranges; DYNAMODEST_LONG=1 multiplies seeds and runs
	@mkdir -p $(SCRATCH)
	DYNAMODEST_HEAVY=1 go test -race -shuffle=on -v -timeout 60m -run '^TestHeavy' -skip '^TestHeavy(Worlds|Scale|ScalePage|ExploreScheduler|EqualFormsDecideAlike)$$' ./... >$(SCRATCH)/heavy.log 2>&1 || { grep -v '^=== ' $(SCRATCH)/heavy.log; exit 1; }
	DYNAMODEST_HEAVY=1 go test -v -timeout 60m -run '^TestHeavy(Worlds|Scale|ScalePage|ExploreScheduler|EqualFormsDecideAlike)$$' . ./internal/pace ./internal/schedule >>$(SCRATCH)/heavy.log 2>&1 || { grep -v '^=== ' $(SCRATCH)/heavy.log; exit 1; } # alone, and without the race detector: millions of rows and of states
	@grep -E '^(--- |ok )' $(SCRATCH)/heavy.log
	@! grep -e '--- SKIP' $(SCRATCH)/heavy.log || { echo 'a heavy test was skipped'; exit 1; }
	@passed=$$(grep -c '^--- PASS: TestHeavy' $(SCRATCH)/heavy.log || true); \
	heavy=$$(go test -list '^TestHeavy' ./... | grep -c '^TestHeavy' || true); \
	[ "$$passed" -gt 0 ] && [ "$$passed" -eq "$$heavy" ] || { echo "$$passed of $$heavy heavy tests ran"; exit 1; }

toolchains: ## quick tests with the oldest Go that go.mod allows and with the newest
	GOTOOLCHAIN=go1.25.0 go test -short ./...
	GOTOOLCHAIN=go1.27.3 go test -short ./...

lint: $(SCRATCH)/bin/golangci-lint ## gofmt, go vet for 64 and 32 bits, golangci-lint
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run gofmt -w on: $$unformatted"; exit 1; }
	go vet ./...
	GOARCH=386 go vet ./...
	$(SCRATCH)/bin/golangci-lint run ./...

# Each version has a stamp of its own, so that a new one is installed.
$(SCRATCH)/bin/golangci-lint: Makefile
	GOBIN=$(SCRATCH)/bin go install $(LINTER)
	@touch $@

# Runs are counted, not timed: at the end of a -fuzztime in seconds Go may report a deadline of its
# own as a failure (https://go.dev/issue/75804).
fuzz: ## each fuzz target for FUZZ_RUNS runs
	@set -e; for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_RUNS)x $$package; \
		done; \
	done

bench: ## the benchmarks
	go test -run '^$$' -bench . -benchmem ./...

benchmarks: ## measure the library beside its peers; takes a quarter of an hour and two idle cores
	go -C internal/benchmarks run .

pace: ## measure the write rate; takes five minutes and two idle cores
	go run ./internal/cmd/pace

tidy: ## go mod tidy in every module
	@set -e; for module in $$(find . -name go.mod -not -path './.scratch/*' -exec dirname {} +); do (cd $$module && go mod tidy); done

# The version is never a part of a command: what is in it would be run. make strips the white space before the value of a
# variable on its command line, and no other.
unexport VERSION
release: export RELEASE = $(value VERSION)
release: ## tag a release, VERSION=v0.1.0, of the root and of the modules for users; pushes nothing
	@.ci/release "$$RELEASE"

rehearsal: ## rehearse a release in a scratch repository, and install and import what it made
	.ci/release-rehearsal

ci: ## everything that CI runs; needs Go, and Debian and root for what is missing
	.ci/run

core: ## a step of CI: the root module, and the modules that need no other step
	.ci/run $@

postgres: ## a step of CI: the modules that read from PostgreSQL
	.ci/run $@

browser: ## a step of CI: the modules with a web page, in a headless Chromium
	.ci/run $@

temporal: ## a step of CI: Temporal's server, and workers on it
	.ci/run $@

manual: ## a step of CI: the commands of README and docs
	.ci/run $@
