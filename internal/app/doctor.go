package app

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"selfheal"
	"selfheal/internal/sandbox"
)

// State is how a check of the doctor ended.
type State string

// The states.
const (
	StateOK      State = "ok"
	StateFailed  State = "failed"
	StateSkipped State = "skipped"
)

// Finding is one thing that was checked.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Found string `json:"found"`
	Hint  string `json:"hint,omitempty"` // what to do
}

// Doctor checks what selfheal needs of this machine and of its providers. What
// fails is a finding, and no error: as much as possible is checked.
func Doctor(ctx context.Context, s Settings) []Finding {
	found := []Finding{checkGit(ctx)}
	a, err := Open(ctx, s)
	if err != nil {
		found = append(found, failed("repository, configuration and store", err))
	} else {
		found = append(found,
			Finding{Check: "repository", State: StateOK, Found: a.repository.Directory()},
			Finding{Check: "configuration", State: StateOK, Found: a.configured()},
			a.checkStore(ctx))
	}
	found = append(found, checkSandbox(ctx))
	if err != nil {
		return append(found, Finding{Check: "models", State: StateSkipped, Found: "the configuration could not be read"})
	}
	found = append(found, a.probes(ctx)...)
	found = append(found, a.braked(ctx))
	if err := a.Close(); err != nil {
		found = append(found, failed("store", err))
	}
	return found
}

func checkGit(ctx context.Context) Finding {
	text, err := exec.CommandContext(ctx, "git", "version").Output()
	if err != nil {
		return Finding{Check: "git", State: StateFailed, Found: "git cannot be run: " + err.Error(), Hint: "install git, 2.30 or newer"}
	}
	version := strings.TrimPrefix(strings.TrimSpace(string(text)), "git version ")
	return Finding{Check: "git", State: StateOK, Found: version}
}

func (a *App) configured() string {
	if a.settings.ConfigPath != "" {
		return a.settings.ConfigPath
	}
	return "selfheal.yaml of the repository, or the defaults"
}

func (a *App) checkStore(ctx context.Context) Finding {
	streams, err := a.store.Streams(ctx, selfheal.StreamIncident, 0)
	if err != nil {
		return failed("store", err)
	}
	return Finding{Check: "store", State: StateOK, Found: fmt.Sprintf("%s, incidents: %d", a.storePath, len(streams))}
}

func checkSandbox(ctx context.Context) Finding {
	c := sandbox.Detect(ctx, "")
	if !c.Confined() {
		return Finding{Check: "sandbox", State: StateFailed, Found: "commands cannot be confined here", Hint: c.Hint}
	}
	return Finding{Check: "sandbox", State: StateOK, Found: "commands are confined by " + c.Confinement}
}

// braked says which limits on repairing are reached. That is what they are for, and
// no failure.
func (a *App) braked(ctx context.Context) Finding {
	all, err := a.Brakes(ctx)
	if err != nil {
		return failed("brakes", err)
	}
	var on []string
	for _, b := range all {
		if b.On {
			on = append(on, b.String())
		}
	}
	if len(on) == 0 {
		return Finding{Check: "brakes", State: StateOK, Found: fmt.Sprintf("none of %d is on", len(all))}
	}
	return Finding{Check: "brakes", State: StateOK, Found: strings.Join(on, "; "), Hint: "selfheal pr brakes shows all; the limits are repair.limits in selfheal.yaml"}
}
