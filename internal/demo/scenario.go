package demo

import (
	"slices"
	"time"

	"selfheal"
)

// Scenario names what happens in the world.
type Scenario string

// The scenarios.
const (
	// Regression: one of eight commits changes the default price region to one that has no prices, and the payment provider has an outage.
	Regression Scenario = "regression"
	// Outage: seven innocent commits, and the same outage.
	Outage Scenario = "outage"
	// DocsOnly: nothing that runs was changed, and the receipts' directory vanishes.
	DocsOnly Scenario = "docs-only"
	// BuildFailure: a function was renamed and one caller forgotten.
	BuildFailure Scenario = "build-failure"
)

// ScenarioInfo describes a scenario to its chooser.
type ScenarioInfo struct {
	Name        Scenario
	Description string          // one line
	Status      selfheal.Status // what a judge of the deploy must say
}

// Scenarios lists all scenarios, the default first.
func Scenarios() []ScenarioInfo {
	var all []ScenarioInfo
	for _, s := range scripts() {
		all = append(all, s.ScenarioInfo)
	}
	return all
}

// script is everything that tells one scenario from another.
type script struct {
	ScenarioInfo
	commits []string // names of the deployed commits' archives, oldest first
	culprit string   // one of commits; empty when innocent
	path    string   // of the line that is to blame
	line    string   // its text, as it stands in path at the deployed revision
	causes  []string // what the log, or the compiler, says because of it
	noise   []string // what the log says beside it, for reasons of its own
	spells  []spell  // what happens to the world in the hour after the deploy
	replay  []string
	verify  []string
}

// runs tells whether the deployed revision ever serves.
func (s script) runs() bool { return s.Name != BuildFailure }

func findScript(name Scenario) (script, error) {
	if name == "" {
		name = Regression
	}
	all := scripts()
	at := slices.IndexFunc(all, func(s script) bool { return s.Name == name })
	if at < 0 {
		return script{}, selfheal.Usagef("choose one of regression, outage, docs-only and build-failure", "no scenario is called %q", name)
	}
	return all[at], nil
}

func scripts() []script {
	providerOutage := spell{from: 8 * time.Minute, lasts: 40 * time.Minute, weather: outage}
	providerErrors := []string{"payment provider answered 503", "payment provider answered 504", "payments.example.com"}
	verify := []string{"go build ./...", "go test ./..."}
	return []script{{
		ScenarioInfo: ScenarioInfo{
			Regression, "one of eight commits breaks the checkout of three tenants, while the payment provider is down", selfheal.StatusRegression,
		},
		commits: []string{"docs-tenants", "pricing-rounding", "gift-note", "default-region", "ci-race", "retry-pause", "cart-tests", "body-limit"},
		culprit: "default-region",
		path:    "internal/pricing/list.go",
		line:    "\t\tname = \"eu_web\"",
		causes:  []string{"no price for sku", "cart has no total"},
		noise:   providerErrors,
		spells:  []spell{providerOutage},
		verify:  verify,
		replay: []string{
			`go run ./cmd/smoke -tenant old-mill -method POST -path /checkout -body '{"items":[{"sku":"mug-330","quantity":1}]}'`,
		},
	}, {
		ScenarioInfo: ScenarioInfo{
			Outage, "seven harmless commits, while the payment provider has one of its outages", selfheal.StatusClean,
		},
		commits: []string{"docs-tenants", "pricing-rounding", "gift-note", "ci-race", "retry-pause", "cart-tests", "body-limit"},
		noise:   providerErrors,
		spells:  []spell{providerOutage},
		verify:  verify,
	}, {
		ScenarioInfo: ScenarioInfo{
			DocsOnly, "only documentation, tests and CI are deployed, while the receipts' directory vanishes", selfheal.StatusNotCaused,
		},
		commits: []string{"docs-tenants", "ci-race", "runbook", "cart-tests", "changelog"},
		noise:   []string{"receipt lost"},
		spells:  []spell{{from: 12 * time.Minute, lasts: time.Minute, weather: calm, loseReceipts: true}},
		verify:  verify,
	}, {
		ScenarioInfo: ScenarioInfo{
			BuildFailure, "a function is renamed and one caller forgotten: the deployed revision does not compile", selfheal.StatusRegression,
		},
		commits: []string{"docs-tenants", "pricing-rounding", "id-for", "ci-race", "runbook", "cart-tests"},
		culprit: "id-for",
		path:    "internal/order/order.go",
		line:    "func IDFor(trace string) string { return prefix + trace }",
		causes:  []string{"undefined: order.NewID"},
		verify:  []string{"go vet ./...", "go test ./..."},
		replay:  []string{"go build ./..."},
	}}
}
