# The commands of this project. `make help` lists them.
SHELL := /bin/sh
GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 10s
DEPLOYS ?= 500
# Nobody has looked at these worlds while settings were chosen.
DETECT_SEED ?= 77000001
DETECT = $(GO) run ./internal/detect/accuracy -into docs/benchmarks/detection.md -deploys $(DEPLOYS)

.PHONY: help build builders demo test vet fmt-check lint race fuzz generate bench bench-check bench-detect bench-detect-curve bench-group bench-streams bench-triage picture

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

build: ## build bin/selfheal
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/selfheal ./cmd/selfheal

demo: ## run the demonstration
	$(GO) run ./cmd/selfheal demo

test: vet fmt-check ## vet, format check, all tests and stories
	$(GO) test ./...

vet:
	$(GO) vet ./...

fmt-check:
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

lint: ## golangci-lint, pinned in tools/go.mod
	$(TOOL) golangci-lint run ./...

race: ## all tests under the race detector
	$(GO) test -race ./...

fuzz: ## every fuzz target for FUZZTIME each
	@./scripts/fuzz $(FUZZTIME)

generate: ## regenerate sqlc queries, templates, schema and golden files
	cd internal/store && $(GO) tool -modfile=../../tools/go.mod sqlc generate
	$(TOOL) templ generate -path internal/report -include-version=false
	$(GO) test ./internal/config -run TestSchema -update
	$(GO) test ./internal/cli -run TestReference -update

builders: ## the tests that run docker and buildah; needs root, installs them by apt
	@./scripts/builders

picture: ## draw docs/demo.svg from a run of the demo
	$(GO) run ./cmd/selfheal demo --picture docs/demo.svg

bench: bench-check ## print the benchmark of `check` end to end

bench-check:
	$(GO) run ./scripts/bench check

bench-detect: ## false alarms and power of detection, into docs/benchmarks/detection.md; DEPLOYS=worlds per cell
	$(DETECT) -seed $(DETECT_SEED) -part typical -profiles typical
	$(DETECT) -seed $(DETECT_SEED) -part sizes -profiles typical -signatures 50,500 -alone
	$(DETECT) -seed $(DETECT_SEED) -part worlds -profiles nasty,ideal -alone
	$(DETECT) -seed $(DETECT_SEED) -part canary -profiles typical -alone -canary 0.1,0.5
	$(DETECT) -seed $(DETECT_SEED) -part cost -cost

bench-detect-curve: ## false alarms against power from strict to lenient, on development seeds, into the same page
	$(DETECT) -seed 20000 -part curve -profiles typical -curve

bench-streams: ## print false alarms of detection on real streams; COUNTS=, LOGS=patterns of files, see docs/benchmarks/streams.md
	$(GO) run ./scripts/bench streams -counts "$(COUNTS)" -logs "$(LOGS)"

# Data sets under research licences are read from where you put them, see docs/benchmarks.
bench-group: ## accuracy, speed and state of grouping, into docs/benchmarks/grouping.md; LOGHUB=folder of Loghub-2k
	$(GO) run ./scripts/bench group -loghub "$(LOGHUB)"

bench-triage: ## print the accuracy of triage; CASES=folder of cases, MIRRORS=folder of their repositories
	$(GO) test -count=1 -v -run TestBenchmark ./internal/eval -args -cases "$(CASES)" -mirrors "$(MIRRORS)"
