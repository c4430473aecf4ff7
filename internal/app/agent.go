package app

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"selfheal"
	"selfheal/internal/agent"
	"selfheal/internal/report"
)

// harness puts the agent harness together from the configuration.
func (a *App) harness() (*agent.Harness, error) {
	base := ""
	switch {
	case a.settings.ConfigPath != "":
		base = filepath.Dir(a.settings.ConfigPath)
	case a.repository != nil:
		base = a.repository.Directory()
	}
	settings, err := a.config.AgentConfig(a.transcripts(), base, a.settings.Getenv)
	if err != nil {
		return nil, err
	}
	return agent.New(settings, a.redactor.String)
}

func (a *App) transcripts() string { return filepath.Join(a.stateDir, "transcripts") }

// model gives the model that has a second look at verdicts; nil when none is wanted.
func (a *App) model() (selfheal.Model, error) {
	if !a.settings.Agent && !a.config.Triage.Agent {
		return nil, nil
	}
	if len(a.config.Agent.Roles.Triage) == 0 {
		return nil, selfheal.Usagef("name models under models, and in order under agent.roles.triage, in selfheal.yaml", "no model has the role %q", "triage")
	}
	h, err := a.harness()
	if err != nil {
		return nil, err
	}
	return told{h, a.settings.Progress}, nil
}

// fixer gives the model of the strategy agent; CodeUsage when no model has the role.
func (a *App) fixer() (selfheal.Model, error) {
	if len(a.config.Agent.Roles.Fix) == 0 {
		return nil, selfheal.Usagef("name models under models, and in order under agent.roles.fix, in selfheal.yaml", "no model has the role %q", "fix")
	}
	h, err := a.harness()
	if err != nil {
		return nil, err
	}
	return told{h, a.settings.Progress}, nil
}

// told says that a model is being asked, which takes its time.
type told struct {
	selfheal.Model
	progress func(format string, args ...any)
}

func (t told) Run(ctx context.Context, task selfheal.Task) (selfheal.Answer, error) {
	t.progress("asking the %s agent", task.Role)
	return t.Model.Run(ctx, task)
}

// Transcript writes what was said while a model worked on an incident, the repair before the verdict: for
// people, or as the JSON lines that are kept.
func (a *App) Transcript(ctx context.Context, w io.Writer, id, format string) error {
	incident, err := a.incident(ctx, id)
	if err != nil {
		return err
	}
	transcript := transcriptOf(incident)
	if transcript == "" {
		return selfheal.NotFoundf("transcripts are written where an agent is asked: --agent", "no agent worked on incident %s", incident.ID)
	}
	write := func(r agent.Record) error { return r.WriteText(w, report.Visible) }
	if format == "json" {
		write = func(r agent.Record) error { return r.WriteJSON(w) }
	}
	return agent.ReadTranscript(a.transcripts(), transcript, write)
}

// transcriptOf gives the id of the transcript of an incident's repair, or else of its
// verdict; empty when no agent worked on it. A deploy that was clean has no incident.
func transcriptOf(incident *selfheal.Incident) string {
	if incident != nil && incident.Repair != nil && incident.Repair.Agent != nil {
		return incident.Repair.Agent.Transcript
	}
	if incident == nil || incident.Judged == nil || incident.Judged.Verdict.Agent == nil {
		return ""
	}
	return incident.Judged.Verdict.Agent.Transcript
}

// probes checks every model that has a role, each with a call of a few tokens.
func (a *App) probes(ctx context.Context) []Finding {
	names := usedModels(a.config.Agent.Roles.Triage, a.config.Agent.Roles.Fix)
	if len(names) == 0 {
		return []Finding{{Check: "models", State: StateSkipped, Found: "no model has a role", Hint: "only needed for agents: see docs/agents.md"}}
	}
	h, err := a.harness()
	if err != nil {
		return []Finding{failed("models", err)}
	}
	var found []Finding
	for _, name := range names {
		used, err := h.Probe(ctx, name)
		if err != nil {
			found = append(found, failed("model "+name, err))
			continue
		}
		text := "answers; " + used.String()
		if used.Turns == 0 {
			text = "can be played; nothing was asked"
		}
		found = append(found, Finding{Check: "model " + name, State: StateOK, Found: text})
	}
	return found
}

// usedModels lists the models of all roles, each once.
func usedModels(roles ...[]string) []string {
	var names []string
	seen := map[string]bool{}
	for _, role := range roles {
		for _, name := range role {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

func failed(check string, err error) Finding {
	message := err.Error()
	if e, ok := errors.AsType[*selfheal.Error](err); ok {
		message = e.Message
	}
	return Finding{Check: check, State: StateFailed, Found: strings.ReplaceAll(message, "\n", "; "), Hint: selfheal.HintOf(err)}
}
