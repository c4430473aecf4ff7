package hook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"selfheal"
	"selfheal/internal/httpx"
)

// LangSmithConfig is what a [LangSmith] needs.
type LangSmithConfig struct {
	// Client talks to the control plane, e.g. https://api.host.langchain.com, and
	// sends X-Api-Key and X-Tenant-Id.
	Client *httpx.Client
	// Deployment is the deployment's ID.
	Deployment           string
	Service, Environment string
}

// LangSmith learns of the revisions of one deployment of LangSmith, whose control
// plane has no webhooks. Pushes in quick succession are built once: of the revisions
// between, which are SKIPPED, nothing is said, and the previous revision is the one
// that was active before. It is not safe for concurrent use.
type LangSmith struct {
	config LangSmithConfig
	seen   map[string]string // revision ID -> status that was told, of those after the active one
	active string            // revision ID that was told to serve
	before string            // its commit
}

var _ Poller = (*LangSmith)(nil)

// NewLangSmith makes a poller.
func NewLangSmith(c LangSmithConfig) (*LangSmith, error) {
	switch {
	case c.Client == nil:
		return nil, errors.New("langsmith: no client")
	case c.Deployment == "":
		return nil, selfheal.Usagef("it is in the address of the deployment's page", "langsmith needs the deployment's ID")
	case !isName(c.Service) || !isName(c.Environment):
		return nil, selfheal.Usagef("use letters, digits, dots, dashes and underscores", "langsmith needs the names of the service and the environment")
	}
	return &LangSmith{config: c, seen: map[string]string{}}, nil
}

// Forget makes the next Poll say everything again.
func (l *LangSmith) Forget() { l.seen, l.active = map[string]string{}, "" }

type langsmithDeployment struct {
	ActiveRevision string `json:"active_revision_id"`
}

type langsmithRevision struct {
	ID        string `json:"id"`
	Status    string `json:"status"`
	CreatedAt stamp  `json:"created_at"`
	UpdatedAt stamp  `json:"updated_at"`
	Source    struct {
		CommitSHA string `json:"repo_commit_sha"`
		Ref       string `json:"repo_ref"`
		ImageURI  string `json:"image_uri"`
	} `json:"source_revision_config"`
}

// revision is the commit; of an image, its tag or digest; of an uploaded source,
// which has neither, the platform's own ID.
func (r langsmithRevision) revision() string {
	_, tag, digest := splitImage(r.Source.ImageURI)
	for _, candidate := range []string{r.Source.CommitSHA, tag, digest} {
		if revision.MatchString(candidate) {
			return candidate
		}
	}
	return r.ID
}

// langsmithPhases are the statuses of a revision. DEPLOYED is left out: only one
// of those that were deployed serves. SKIPPED and INTERRUPTED never did.
var langsmithPhases = map[string]selfheal.Phase{
	"CREATING": selfheal.PhaseBuilding, "QUEUED": selfheal.PhaseBuilding, "AWAITING_BUILD": selfheal.PhaseBuilding, "BUILDING": selfheal.PhaseBuilding,
	"AWAITING_DEPLOY": selfheal.PhaseDeploying, "DEPLOYING": selfheal.PhaseDeploying,
	"BUILD_FAILED": selfheal.PhaseBuildFail, "DEPLOY_FAILED": selfheal.PhaseFailed, "CREATE_FAILED": selfheal.PhaseFailed,
}

const (
	revisionsPerPage = 20
	maxRevisionPages = 5
)

// Poll asks which revision is active, and how far those after it are.
func (l *LangSmith) Poll(ctx context.Context) ([]selfheal.Announcement, error) {
	root := "/v2/deployments/" + url.PathEscape(l.config.Deployment)
	var deployment langsmithDeployment
	if _, err := l.config.Client.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: root}, &deployment); err != nil {
		return nil, fmt.Errorf("ask for the deployment: %w", err)
	}
	revisions, err := l.revisions(ctx, root, deployment.ActiveRevision)
	if err != nil {
		return nil, fmt.Errorf("ask for the revisions: %w", err)
	}
	return l.news(revisions, deployment.ActiveRevision), nil
}

// revisions gives the newest revisions, back to the one that was deployed before
// the active one.
func (l *LangSmith) revisions(ctx context.Context, root, active string) ([]langsmithRevision, error) {
	var all []langsmithRevision
	for page := range maxRevisionPages {
		query := url.Values{"limit": {strconv.Itoa(revisionsPerPage)}, "offset": {strconv.Itoa(page * revisionsPerPage)}}
		var answer struct {
			Resources []langsmithRevision `json:"resources"`
		}
		if _, err := l.config.Client.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: root + "/revisions", Query: query}, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer.Resources...)
		live, previous := liveRevision(all, active)
		if live >= 0 && previous >= 0 || len(answer.Resources) < revisionsPerPage {
			break
		}
	}
	return all, nil
}

// liveRevision finds the active revision, newest first, and the newest deployed one
// before it. Where the platform names none as active, the newest deployed one is:
// all older ones were replaced.
func liveRevision(revisions []langsmithRevision, active string) (live, previous int) {
	live, previous = -1, -1
	for i, r := range revisions {
		switch {
		case r.Status != "DEPLOYED":
		case live < 0 && (active == "" || r.ID == active):
			live = i
		case live >= 0 && previous < 0 && r.revision() != revisions[live].revision():
			previous = i
		}
	}
	return live, previous
}

// news says what changed since the last time.
func (l *LangSmith) news(revisions []langsmithRevision, active string) []selfheal.Announcement {
	live, previous := liveRevision(revisions, active)
	var found []selfheal.Announcement
	told := l.seen
	l.seen = map[string]string{}
	newer := len(revisions)
	if live >= 0 {
		newer = live
	}
	for i := newer - 1; i >= 0; i-- { // oldest first
		r := revisions[i]
		l.seen[r.ID] = r.Status
		if phase, known := langsmithPhases[r.Status]; known && told[r.ID] != r.Status {
			found = append(found, l.announcement(r, phase, ""))
		}
	}
	if live < 0 {
		return found
	}
	r := revisions[live]
	if r.ID == l.active {
		return found
	}
	before := ""
	switch {
	case l.active != "": // what was seen to be active, also when it is the newer one
		before = l.before
	case previous >= 0:
		before = revisions[previous].revision()
	}
	l.active, l.before = r.ID, r.revision()
	return append(found, l.announcement(r, selfheal.PhaseServing, before))
}

func (l *LangSmith) announcement(r langsmithRevision, phase selfheal.Phase, previous string) selfheal.Announcement {
	e := event{
		id:   l.config.Deployment + "/" + r.ID + "/" + r.Status + "/" + strconv.FormatInt(r.UpdatedAt.Unix(), 10),
		from: "langsmith", service: l.config.Service, environment: l.config.Environment,
		revision: r.revision(), previous: previous, phase: phase, time: when(r.UpdatedAt, r.CreatedAt), detail: r.Status,
	}
	return e.announcement()
}
