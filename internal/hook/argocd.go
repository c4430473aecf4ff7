package hook

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"selfheal"
)

// argoPayload is {"app": ...}, the Application as Argo CD has it, which a
// notification's template writes as {{toJson .app}}: a template that puts fields
// together by itself breaks on the first quotation mark in one of them.
type argoPayload struct {
	App *argoApp `json:"app"`
	URL string   `json:"url"` // of Argo CD's page, by the template
}

// argoApp is what is read of an Application (argoproj.io/v1alpha1).
type argoApp struct {
	Metadata struct {
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
		UID       string `json:"uid"`
	} `json:"metadata"`
	Spec struct {
		Source      argoSource   `json:"source"`
		Sources     []argoSource `json:"sources"`
		Destination struct {
			Namespace string `json:"namespace"`
		} `json:"destination"`
	} `json:"spec"`
	Status struct {
		Sync    argoRevision `json:"sync"`
		Health  argoHealth   `json:"health"`
		Summary struct {
			Images []string `json:"images"`
		} `json:"summary"`
		OperationState *argoOperation `json:"operationState"`
		History        []argoHistory  `json:"history"`
	} `json:"status"`
}

type argoSource struct {
	RepoURL string `json:"repoURL"`
}

type argoHealth struct {
	Status     string `json:"status"`
	Message    string `json:"message"`
	Transition stamp  `json:"lastTransitionTime"`
}

type argoRevision struct {
	Status    string   `json:"status"`
	Revision  string   `json:"revision"`
	Revisions []string `json:"revisions"`
}

// one is the revision, of several sources that of the first.
func (r argoRevision) one() string {
	if r.Revision == "" && len(r.Revisions) > 0 {
		return r.Revisions[0]
	}
	return r.Revision
}

type argoOperation struct {
	Phase      string       `json:"phase"`
	Message    string       `json:"message"`
	StartedAt  stamp        `json:"startedAt"`
	FinishedAt stamp        `json:"finishedAt"`
	SyncResult argoRevision `json:"syncResult"`
	Operation  struct {
		InitiatedBy struct {
			Username string `json:"username"`
		} `json:"initiatedBy"`
	} `json:"operation"`
}

type argoHistory struct {
	ID         int64 `json:"id"`
	DeployedAt stamp `json:"deployedAt"`
	argoRevision
}

func parseArgoCD(body []byte) (parsed, error) {
	var p argoPayload
	if err := decode(body, &p); err != nil {
		return parsed{}, err
	}
	if p.App == nil || p.App.Metadata.Name == "" {
		return parsed{}, fmt.Errorf("%w: app is missing; the template's body is {\"app\": {{toJson .app}}}", errMalformed)
	}
	app := p.App
	operation := app.Status.OperationState
	if operation == nil {
		return nothing("the application was never synced"), nil
	}
	phase, detail := app.phase()
	if phase == selfheal.PhaseOther {
		return nothing("%s", detail), nil
	}
	return one(event{
		id:         fmt.Sprintf("%s/%s/%d/%s", cmp.Or(app.Metadata.UID, app.Metadata.Name), app.revision(), operation.StartedAt.Unix(), phase),
		from:       "argocd",
		repository: repositoryOf(app.source().RepoURL), service: app.Metadata.Name, namespace: app.Spec.Destination.Namespace,
		images: app.Status.Summary.Images, revision: app.revision(), previous: app.previous(),
		phase: phase, time: app.time(phase), by: operation.Operation.InitiatedBy.Username, url: p.URL, detail: detail,
	}), nil
}

func (a argoApp) source() argoSource {
	if a.Spec.Source.RepoURL == "" && len(a.Spec.Sources) > 0 {
		return a.Spec.Sources[0]
	}
	return a.Spec.Source
}

func (a argoApp) revision() string {
	return cmp.Or(a.Status.OperationState.SyncResult.one(), a.Status.Sync.one())
}

// previous is the newest revision of the history that is another one. Argo CD
// writes the history oldest first.
func (a argoApp) previous() string {
	for _, h := range slices.Backward(a.Status.History) {
		if older := h.one(); older != "" && older != a.revision() {
			return older
		}
	}
	return ""
}

// phase joins the two states of an application: how its last operation ended, and
// how what it applied is doing.
func (a argoApp) phase() (selfheal.Phase, string) {
	operation, health := a.Status.OperationState, a.Status.Health
	switch operation.Phase {
	case "Running", "Terminating":
		return selfheal.PhaseDeploying, operation.Message
	case "Failed", "Error":
		return selfheal.PhaseFailed, operation.Message
	case "Succeeded":
	default:
		return selfheal.PhaseOther, "an operation in phase " + operation.Phase
	}
	switch health.Status {
	case "Healthy":
		return selfheal.PhaseServing, operation.Message
	case "Degraded":
		return selfheal.PhaseFailed, cmp.Or(health.Message, "degraded")
	case "Progressing", "Suspended":
		return selfheal.PhaseDeploying, health.Message
	}
	return selfheal.PhaseOther, "health " + health.Status + " says nothing"
}

func (a argoApp) time(phase selfheal.Phase) time.Time {
	operation := a.Status.OperationState
	if phase == selfheal.PhaseDeploying {
		return when(operation.StartedAt)
	}
	if a.Status.Health.Transition.After(operation.FinishedAt.Time) {
		return a.Status.Health.Transition.Time
	}
	return when(operation.FinishedAt, operation.StartedAt)
}

// repositoryOf is owner/name of the address of a repository.
func repositoryOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" { // git@host:owner/name
		_, p, _ := strings.Cut(address, ":")
		return strings.TrimSuffix(strings.Trim(p, "/"), ".git")
	}
	return strings.TrimSuffix(strings.Trim(u.Path, "/"), ".git")
}
