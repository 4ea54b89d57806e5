# Prints its targets: `make`.
.DEFAULT_GOAL := help
LINT := go tool -modfile=tools.mod golangci-lint
# The commit that a build says it is of; nothing else of it depends on the checkout.
REVISION = $(shell git rev-parse HEAD 2>/dev/null)$(shell test -z "$$(git status --porcelain --untracked-files=no 2>/dev/null)" || echo +changes)
# The race detector needs cgo and a C compiler.
RACE = $(shell test "$$(go env CGO_ENABLED)" = 1 && command -v "$$(go env CC)" >/dev/null && echo -race)

.PHONY: help build sbom supply supply-short test test-short chaos chaos-short fuzz fuzz-short mutants check fmt bench bench-once scale samples servers-up servers-down

help: ## print the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

build: ## build ./earworm
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X main.revision=$(REVISION)' -o earworm .

sbom: build ## write earworm.cdx.json: the modules in ./earworm, as CycloneDX
	go tool -modfile=tools.mod cyclonedx-gomod bin -json -std -noserial -notimestamp -output earworm.cdx.json earworm

supply: ## hold the bill of materials to the binary, and build twice from nothing: the bytes must agree
	go test -tags supply -count 1 -timeout 30m -run 'TestBillOfMaterials|TestSameSource' -v .

supply-short: ## the same, with what Go has compiled already
	go test -tags supply -count 1 -short -run 'TestBillOfMaterials|TestSameSource' .

test: ## run every test, on a real Redis, Cassandra, FluidSynth and Chromium
	scripts/install-deps.sh gcc ffmpeg python render
	scripts/browser.sh
	scripts/servers.sh with go test $(RACE) -timeout 20m -tags servers,render,browser ./...

test-short: ## run the tests that need no server
	go test ./...

chaos: ## break a fleet in every promised way, in full: an hour or two
	scripts/install-deps.sh ffmpeg
	scripts/servers.sh with go test -tags chaos -v -timeout 4h -parallel 2 ./chaos

chaos-short: ## the same faults with fewer tracks and shorter waits; not those of three nodes, of an upgrade, of ingest beside a batch
	scripts/install-deps.sh ffmpeg
	scripts/servers.sh with go test -tags chaos -short -timeout 20m -parallel 8 -skip 'TestNodesKilled|TestIngestBesideABatch|TestRollingUpgrade' ./chaos

fuzz: ## fuzz every parser of outside bytes, ten minutes each
	scripts/fuzz.sh 10m

fuzz-short: ## the same, two seconds each
	scripts/fuzz.sh 2s

mutants: ## hear 300 damaged copies of each sample, twice (10 to 20 minutes)
	go test -run '^TestMutants$$' -count 1 -timeout 2h -v . -mutants 300

check: ## lint, and look for known vulnerabilities
	$(LINT) config verify
	$(LINT) run
	scripts/vulncheck.sh
	scripts/lint-deploy.sh

fmt: ## format the code
	$(LINT) fmt

bench: ## measure stages, decoders, kernels, queue and store, as docs/performance.md tells (half an hour)
	scripts/bench.sh

bench-once: ## hold allocations to cnn/testdata/allocations.csv, and run every benchmark once
	go test -tags allocs -count 1 -run TestAllocations ./cnn
	go test -run '^$$' -bench . -benchtime 1x $$(grep -rl --include='*_test.go' --exclude-dir='.?*' '^func Benchmark' . | sed 's|/[^/]*$$||' | sort -u)

scale: ## fill a real Cassandra with 200,000 tracks, and time what readers ask (half an hour)
	EARWORM_CASSANDRA_HEAP=2G scripts/servers.sh with go test -tags scale -run TestScale -timeout 2h -v ./schema/cassandra

samples: ## make samples/ again
	go generate ./samples

servers-up: ## start the tests' Redis and Cassandra
	scripts/servers.sh start

servers-down: ## stop them
	scripts/servers.sh stop
