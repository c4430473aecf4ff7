package hook

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"selfheal"
)

// gitlabPayload is what is read of a deployment event
// (https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events).
type gitlabPayload struct {
	Kind          string `json:"object_kind"`
	Status        string `json:"status"`
	ChangedAt     stamp  `json:"status_changed_at"`
	DeploymentID  int64  `json:"deployment_id"`
	DeployableURL string `json:"deployable_url"`
	Environment   string `json:"environment"`
	Project       struct {
		Path   string `json:"path_with_namespace"`
		WebURL string `json:"web_url"`
	} `json:"project"`
	ShortSHA    string `json:"short_sha"`
	Ref         string `json:"ref"`
	CommitURL   string `json:"commit_url"`
	CommitTitle string `json:"commit_title"`
	User        struct {
		Username string `json:"username"`
	} `json:"user"`
}

// gitlabPhases are the statuses of a deployment.
var gitlabPhases = map[string]selfheal.Phase{
	"created": selfheal.PhaseBuilding, "blocked": selfheal.PhaseBuilding, "running": selfheal.PhaseDeploying,
	"success": selfheal.PhaseServing, "failed": selfheal.PhaseFailed,
}

func parseGitLab(body []byte) (parsed, error) {
	var p gitlabPayload
	if err := decode(body, &p); err != nil {
		return parsed{}, err
	}
	if p.Kind != "deployment" {
		return nothing("%s events say nothing of deploys", strconv.Quote(p.Kind)), nil
	}
	phase, known := gitlabPhases[p.Status]
	if !known { // canceled, skipped
		return nothing("a deployment that is %s says nothing of what serves", strconv.Quote(p.Status)), nil
	}
	return one(event{
		id:         fmt.Sprintf("%s/%d/%s", p.Project.Path, p.DeploymentID, p.Status),
		from:       "gitlab deployment",
		repository: p.Project.Path, environment: p.Environment, branch: p.Ref, revision: p.revision(),
		phase: phase, time: when(p.ChangedAt), by: p.User.Username,
		url: cmp.Or(p.DeployableURL, p.Project.WebURL), detail: p.CommitTitle,
	}), nil
}

var fullCommit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// revision is the commit: the payload has only its beginning in a field of its
// own, and all of it in the address of its page.
func (p gitlabPayload) revision() string {
	if full := lastPart(p.CommitURL); fullCommit.MatchString(full) && strings.HasPrefix(full, p.ShortSHA) {
		return full
	}
	return p.ShortSHA
}
