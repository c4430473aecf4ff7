package hook

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"selfheal"
)

// githubPayload is what is read of GitHub's events
// (https://docs.github.com/en/webhooks/webhook-events-and-payloads). Gitea's
// have the same shape.
type githubPayload struct {
	Action     string `json:"action"`
	Repository struct {
		FullName string `json:"full_name"`
		PushedAt stamp  `json:"pushed_at"`
	} `json:"repository"`
	Sender           githubUser        `json:"sender"`
	Deployment       *githubDeployment `json:"deployment"`
	DeploymentStatus *githubStatus     `json:"deployment_status"`
	WorkflowRun      *githubRun        `json:"workflow_run"`

	Ref     string `json:"ref"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Compare string `json:"compare"`
	Gitea   string `json:"compare_url"`
}

type githubUser struct {
	Login string `json:"login"`
}

type githubDeployment struct {
	ID          int64      `json:"id"`
	SHA         string     `json:"sha"`
	Ref         string     `json:"ref"`
	Environment string     `json:"environment"`
	CreatedAt   stamp      `json:"created_at"`
	Creator     githubUser `json:"creator"`
}

type githubStatus struct {
	ID          int64      `json:"id"`
	State       string     `json:"state"`
	Description string     `json:"description"`
	Environment string     `json:"environment"`
	TargetURL   string     `json:"target_url"`
	LogURL      string     `json:"log_url"`
	CreatedAt   stamp      `json:"created_at"`
	Creator     githubUser `json:"creator"`
}

type githubRun struct {
	ID          int64      `json:"id"`
	Name        string     `json:"name"`
	Path        string     `json:"path"`
	HeadBranch  string     `json:"head_branch"`
	HeadSHA     string     `json:"head_sha"`
	Status      string     `json:"status"`
	Conclusion  string     `json:"conclusion"`
	RunAttempt  int        `json:"run_attempt"`
	HTMLURL     string     `json:"html_url"`
	CreatedAt   stamp      `json:"created_at"`
	StartedAt   stamp      `json:"run_started_at"`
	UpdatedAt   stamp      `json:"updated_at"`
	CompletedAt stamp      `json:"completed_at"` // Gitea's
	Begun       stamp      `json:"started_at"`   // Gitea's
	Actor       githubUser `json:"actor"`
}

// parseGitHub reads an event of GitHub, or of a forge that sends the same shape.
func parseGitHub(kind, from string, body []byte) (parsed, error) {
	if kind == "ping" {
		return parsed{ping: true}, nil
	}
	var p githubPayload
	if err := decode(body, &p); err != nil {
		return parsed{}, err
	}
	switch kind {
	case "deployment_status":
		return p.deploymentStatus(from)
	case "deployment":
		return p.deployment(from)
	case "workflow_run":
		return p.workflowRun(from)
	case "push":
		return p.push(from)
	case "":
		return parsed{}, fmt.Errorf("%w: X-GitHub-Event is missing", errMalformed)
	}
	return nothing("%s events say nothing of deploys", strconv.Quote(kind)), nil
}

// parseGitea reads an event of Gitea or Forgejo.
func parseGitea(header http.Header, body []byte) (parsed, error) {
	kind := cmp.Or(header.Get("X-Gitea-Event"), header.Get("X-Forgejo-Event"), header.Get("X-Github-Event"))
	return parseGitHub(kind, "gitea", body)
}

// githubPhases are the states of a deployment. "inactive" is what GitHub makes of
// older deployments by itself when a newer one succeeds.
var githubPhases = map[string]selfheal.Phase{
	"success": selfheal.PhaseServing, "failure": selfheal.PhaseFailed, "error": selfheal.PhaseFailed,
	"in_progress": selfheal.PhaseDeploying, "queued": selfheal.PhaseBuilding, "pending": selfheal.PhaseBuilding,
	"inactive": selfheal.PhaseOther,
}

func (p githubPayload) deploymentStatus(from string) (parsed, error) {
	if p.Deployment == nil || p.DeploymentStatus == nil {
		return parsed{}, fmt.Errorf("%w: deployment or deployment_status is missing", errMalformed)
	}
	d, s := p.Deployment, p.DeploymentStatus
	phase, known := githubPhases[s.State]
	if !known || phase == selfheal.PhaseOther {
		return nothing("a deployment that is %s says nothing of what serves", strconv.Quote(s.State)), nil
	}
	return one(event{
		id: fmt.Sprintf("%s/deployments/%d/statuses/%d", p.Repository.FullName, d.ID, s.ID), from: from + " deployment_status",
		repository: p.Repository.FullName, environment: cmp.Or(s.Environment, d.Environment), branch: d.Ref,
		revision: d.SHA, phase: phase, time: when(s.CreatedAt),
		by: cmp.Or(s.Creator.Login, d.Creator.Login, p.Sender.Login), url: cmp.Or(s.LogURL, s.TargetURL), detail: s.Description,
	}), nil
}

func (p githubPayload) deployment(from string) (parsed, error) {
	if p.Deployment == nil {
		return parsed{}, fmt.Errorf("%w: deployment is missing", errMalformed)
	}
	d := p.Deployment
	return one(event{
		id: fmt.Sprintf("%s/deployments/%d", p.Repository.FullName, d.ID), from: from + " deployment",
		repository: p.Repository.FullName, environment: d.Environment, branch: d.Ref, revision: d.SHA,
		phase: selfheal.PhaseBuilding, time: when(d.CreatedAt), by: cmp.Or(d.Creator.Login, p.Sender.Login),
	}), nil
}

func (p githubPayload) workflowRun(from string) (parsed, error) {
	if p.WorkflowRun == nil {
		return parsed{}, fmt.Errorf("%w: workflow_run is missing", errMalformed)
	}
	run := p.WorkflowRun
	phase, detail := run.phase()
	if phase == selfheal.PhaseOther {
		return nothing("workflow %s %s", strconv.Quote(run.name()), detail), nil
	}
	return one(event{
		id:   fmt.Sprintf("%s/runs/%d/%d/%s", p.Repository.FullName, run.ID, run.RunAttempt, phase),
		kind: kindWorkflow, from: from + " workflow_run",
		repository: p.Repository.FullName, workflow: run.name(), branch: run.HeadBranch, revision: run.HeadSHA,
		phase: phase, time: run.time(phase), by: cmp.Or(run.Actor.Login, p.Sender.Login), url: run.HTMLURL, detail: detail,
	}), nil
}

// name is the workflow's; Gitea calls it by its file, before an @.
func (r githubRun) name() string {
	file, _, _ := strings.Cut(r.Path, "@")
	return cmp.Or(r.Name, lastPart(file))
}

// time is when a run came to its phase.
func (r githubRun) time(phase selfheal.Phase) time.Time {
	if phase == selfheal.PhaseDeploying {
		return when(r.StartedAt, r.Begun, r.CreatedAt)
	}
	return when(r.CompletedAt, r.UpdatedAt, r.CreatedAt)
}

func (r githubRun) phase() (selfheal.Phase, string) {
	if r.Status != "completed" {
		return selfheal.PhaseDeploying, "is " + r.Status
	}
	detail := "ended: " + r.Conclusion
	switch r.Conclusion {
	case "success":
		return selfheal.PhaseServing, detail
	case "failure", "timed_out", "startup_failure":
		return selfheal.PhaseFailed, detail
	}
	return selfheal.PhaseOther, detail // cancelled, skipped, neutral, stale: nothing was put in the place of what serves
}

func (p githubPayload) push(from string) (parsed, error) {
	branch, ok := strings.CutPrefix(p.Ref, "refs/heads/")
	if !ok || strings.Trim(p.After, "0") == "" {
		return nothing("a push of %s deploys nothing", strconv.Quote(p.Ref)), nil
	}
	return one(event{
		id:   fmt.Sprintf("%s/%s/%s/%s", p.Repository.FullName, branch, p.Before, p.After),
		kind: kindPush, from: from + " push",
		repository: p.Repository.FullName, branch: branch, revision: p.After,
		phase: selfheal.PhaseBuilding, time: when(p.Repository.PushedAt), by: p.Sender.Login, url: cmp.Or(p.Compare, p.Gitea),
	}), nil
}
