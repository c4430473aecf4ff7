# The commands of this project. `make help` lists them.
SHELL := /bin/sh
GO ?= go
TOOL := $(GO) tool -modfile=tools/go.mod
FUZZTIME ?= 10s
DEPLOYS ?= 500
# Nobody has looked at these worlds while settings were chosen.
DETECT_SEED ?= 97000001
ALARMS_SEED ?= 99000001
DETECT = $(GO) run ./internal/detect/accuracy -into docs/benchmarks/detection.md -deploys $(DEPLOYS)

.PHONY: agent-server bench bench-check bench-detect bench-detect-curve bench-detect-duel bench-group bench-index bench-ingest bench-repair bench-store bench-streams bench-triage build builders demo fmt-check fuzz generate gitea help lint otel-clients picture postgres race test vet

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

build: ## build bin/selfheal
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/selfheal ./cmd/selfheal

demo: ## run the demonstration
	$(GO) run ./cmd/selfheal demo

test: vet fmt-check ## vet, format check, all tests and stories
	$(GO) test -timeout 30m ./...

vet:
	$(GO) vet ./...

fmt-check:
	@unformatted=$$(git ls-files -z '*.go' | xargs -0 gofmt -l); \
	if [ -n "$$unformatted" ]; then echo "gofmt would change:"; echo "$$unformatted"; exit 1; fi

lint: ## golangci-lint, pinned in tools/go.mod, and actionlint for workflows
	$(TOOL) golangci-lint run ./...
	$(GO) tool -modfile=tools/actionlint/go.mod actionlint .github/workflows/*.yml docs/ci/github-*.yml

race: ## all tests under the race detector
	$(GO) test -timeout 30m -race ./...

fuzz: ## every fuzz target for FUZZTIME each
	@./scripts/fuzz $(FUZZTIME)

gitea: ## build Gitea, a test tool, into bin/gitea (needs gcc; 5 to 10 minutes of processor time)
	cd tools/gitea && CGO_ENABLED=1 $(GO) build -trimpath -ldflags "-s -w" -tags "sqlite sqlite_unlock_notify" -o ../../bin/gitea/gitea code.gitea.io/gitea
	@root=$$(cd tools/gitea && $(GO) list -m -f '{{.Dir}}' code.gitea.io/gitea) && cp -R "$$root/templates" "$$root/options" "$$root/public" bin/gitea/ && chmod -R u+w bin/gitea
	@echo "now: SELFHEAL_GITEA=$(CURDIR)/bin/gitea/gitea go test ./internal/forge/gitea ./internal/pipeline"

otel-clients: ## fetch clients that send logs, for the tests of receivers, into bin/otel-clients (needs node, npm and the network)
	@mkdir -p bin/otel-clients && cp tools/otel-clients/* bin/otel-clients/
	cd bin/otel-clients && npm install --no-audit --no-fund
	GOBIN=$(CURDIR)/bin/otel-clients $(GO) install github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen@v0.161.0
	@echo "now: SELFHEAL_OTEL_CLIENTS=$(CURDIR)/bin/otel-clients go test ./internal/source/otlp ./internal/source/sentry"

agent-server: ## install LangGraph's Agent Server, which Open SWE runs on, into bin/agent-server (needs npm)
	mkdir -p bin/agent-server && cp tools/agentserver/package.json bin/agent-server/
	cd bin/agent-server && npm install --no-audit --no-fund
	@echo "now: SELFHEAL_AGENT_SERVER=$(CURDIR)/bin/agent-server go test -run 'TestAgentServer|TestOpenSWE' ./internal/repair/openswe ./internal/cli"

generate: ## regenerate sqlc queries, templates, schema and golden files
	cd internal/store && $(GO) tool -modfile=../../tools/go.mod sqlc generate
	$(TOOL) templ generate -path internal/report -include-version=false
	$(GO) test ./internal/config -run TestSchema -update
	$(GO) test ./internal/cli -run TestReference -update

builders: ## the tests that run docker and buildah; needs root, installs them by apt
	@./scripts/builders

postgres: ## the tests that need Postgres, against a server that they start, or the one at SELFHEAL_POSTGRES; KILLS=how often processes are killed
	SELFHEAL_KILLS=$(KILLS) $(GO) test -count=1 -timeout 30m ./internal/pgconnect/... ./internal/store/... ./internal/jobs/...

picture: ## draw docs/demo.svg from a run of the demo
	$(GO) run ./cmd/selfheal demo --picture docs/demo.svg

bench: bench-check ## print the benchmark of `check` end to end

bench-check:
	$(GO) run ./scripts/bench check

bench-detect: ## false alarms and power of detection, into docs/benchmarks/detection.md; DEPLOYS=worlds per cell
	$(DETECT) -seed $(DETECT_SEED) -part typical -profiles typical
	$(DETECT) -seed $(DETECT_SEED) -part sizes -profiles typical -signatures 50,500 -rivals e-process
	$(DETECT) -seed $(ALARMS_SEED) -part alarms -profiles typical,nasty -rivals e-process -clean -deploys 2000
	$(DETECT) -seed $(DETECT_SEED) -part worlds -profiles nasty,ideal -rivals e-process
	$(DETECT) -seed $(DETECT_SEED) -part canary -profiles typical -rivals none -canary 0.1,0.5
	$(DETECT) -seed $(DETECT_SEED) -part cost -cost

bench-detect-curve: ## false alarms against power from strict to lenient, on development seeds, into the same page
	$(DETECT) -seed 20000 -part curve -profiles typical -rivals e-process -curve

bench-store: ## print time and size of keeping counts; STORE=postgres://... for another store than SQLite
	$(GO) run ./scripts/bench store -store "$(STORE)"
	$(GO) run ./scripts/bench store -store "$(STORE)" -share 1

bench-detect-duel: ## detection against the e-process where both have as many false alarms, on worlds of all kinds, into the same page
	$(DETECT) -seed 28000 -part duel -profiles typical -signatures 50,200,500 -duel
	$(DETECT) -seed 28000 -part duel-nasty -profiles nasty -duel

bench-repair: ## twelve bugs by revert, a good agent and bad ones, into docs/benchmarks/repair.md
	$(GO) test -count=1 -timeout 1h -run 'TestRepairs$$' ./internal/pipeline -args -repairs -repairs-into $(CURDIR)/docs/benchmarks/repair.md

bench-streams: ## print false alarms of detection on real streams; COUNTS=, LOGS=patterns of files, see docs/benchmarks/streams.md
	$(GO) run ./scripts/bench streams -counts "$(COUNTS)" -logs "$(LOGS)"

# Data sets under research licences are read from where you put them, see docs/benchmarks.
bench-group: ## accuracy, speed and state of grouping, into docs/benchmarks/grouping.md; LOGHUB=folder of Loghub-2k
	$(GO) run ./scripts/bench group -loghub "$(LOGHUB)"

bench-ingest: ## speed and memory of taking in pushed logs, into docs/benchmarks/ingest.md; SECONDS=of each row
	$(GO) run ./scripts/bench ingest $(if $(SECONDS),-seconds $(SECONDS)) -into docs/benchmarks/ingest.md

bench-index: ## print time and size of the source index; REPOSITORY=directories of git repositories
	$(GO) run ./scripts/bench index -repositories "$(REPOSITORY)"

bench-triage: ## print the accuracy of triage; CASES=folder of cases, MIRRORS=folder of their repositories, PLACEBOS=unrelated windows per case instead
	$(GO) test -count=1 -timeout 2h -v -run TestBenchmark ./internal/eval -args -cases "$(CASES)" -mirrors "$(MIRRORS)" $(if $(PLACEBOS),-placebos $(PLACEBOS))
