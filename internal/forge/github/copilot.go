package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// DefaultCopilotTimeout is how long Copilot's coding agent may take.
const DefaultCopilotTimeout = time.Hour

const (
	copilotFirstPause = 15 * time.Second // between two looks at an issue; doubled
	copilotLastPause  = time.Minute
)

// copilotActor is by whom an issue is worked on when Copilot is assigned
// (https://docs.github.com/en/copilot/how-tos/use-copilot-agents/cloud-agent/use-cloud-agent-via-the-api),
// and copilotNames are the names that GitHub's APIs show for it.
const copilotActor = "copilot-swe-agent[bot]"

func isCopilot(u *user) bool {
	return u != nil && slices.Contains([]string{copilotActor, "copilot-swe-agent", "Copilot"}, u.Login)
}

// CopilotConfig is what a [Copilot] needs: the repository, and the token of a user
// whose plan has the coding agent. GitHub takes no App's token for it.
type CopilotConfig struct {
	Config
	Model   string        // as GitHub calls it; empty: its own choice
	Agent   string        // custom agent of the repository; empty: none
	Timeout time.Duration // DefaultCopilotTimeout when 0
}

// Copilot is GitHub Copilot's coding agent as a [selfheal.Delegate]: an issue that
// is assigned to it, and the pull request that it opens for the issue. The issue
// carries the assignment's mark, by which any process finds it again.
type Copilot struct {
	*api
	config CopilotConfig
}

var _ selfheal.Delegate = (*Copilot)(nil)

// NewCopilot makes the delegate; settings that cannot work are CodeUsage.
func NewCopilot(c CopilotConfig) (*Copilot, error) {
	if c.App.ID != "" {
		return nil, selfheal.Usagef("set repair.github_copilot.token to that of a user who has Copilot", "GitHub lets no App assign issues to Copilot")
	}
	if c.Timeout < 0 {
		return nil, selfheal.Usagef("e.g. 1h", "timeout must be positive")
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultCopilotTimeout
	}
	a, _, err := connect(&c.Config)
	if err != nil {
		return nil, err
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	return &Copilot{api: a, config: c}, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// issue is the part of an issue that is needed. A pull request is an issue too.
type issue struct {
	Number    int       `json:"number"`
	URL       string    `json:"html_url"`
	State     string    `json:"state"`
	Body      string    `json:"body"`
	User      user      `json:"user"`
	Assignees []user    `json:"assignees"`
	Created   time.Time `json:"created_at"`
	Pull      *struct{} `json:"pull_request"`
	// Repository is there where an event names an issue.
	Repository struct {
		Name string `json:"full_name"`
	} `json:"repository"`
}

func (i issue) assigned() bool {
	return slices.ContainsFunc(i.Assignees, func(u user) bool { return isCopilot(&u) })
}

// Work implements [selfheal.Delegate].
func (c *Copilot) Work(ctx context.Context, a selfheal.Assignment) (selfheal.Delegated, error) {
	i, failure, err := c.assign(ctx, a)
	if err != nil || failure != "" {
		return selfheal.Delegated{Failure: failure}, err
	}
	began := i.Created
	if now := c.config.Clock(); began.After(now) {
		began = now
	}
	done := selfheal.Delegated{Run: fmt.Sprintf("issue #%d", i.Number), URL: i.URL}
	pause := copilotFirstPause
	for {
		ended, err := c.look(ctx, i.Number, &done)
		done.Took = c.config.Clock().Sub(began)
		if err != nil {
			return done, err
		}
		if !ended && done.Took > c.config.Timeout {
			done.Failure = fmt.Sprintf("Copilot had not come to an end after %s; it may still go on with %s", c.config.Timeout, i.URL)
			return done, nil
		}
		if ended {
			c.close(ctx, i, done.Failure == "")
			return done, nil
		}
		if err := c.config.Sleep(ctx, pause); err != nil {
			return done, err
		}
		pause = min(2*pause, copilotLastPause)
	}
}

// assign finds the assignment's issue, or makes it; failure says why Copilot
// cannot work on it.
func (c *Copilot) assign(ctx context.Context, a selfheal.Assignment) (i issue, failure string, err error) {
	i, err = c.find(ctx, a)
	if err != nil {
		return i, "", err
	}
	if i.Number == 0 {
		able, err := c.enabled(ctx)
		if err != nil {
			return i, "", err
		}
		if !able {
			return i, "Copilot's coding agent is not there for this repository and the token's user: a plan that has it, and the repository's settings, let it work", nil
		}
		if i, err = c.create(ctx, a); err != nil {
			return i, "", err
		}
	}
	if i.State == "closed" || i.assigned() {
		return i, "", nil
	}
	if err := c.add(ctx, a, &i); err != nil {
		return i, "", err
	}
	if !i.assigned() { // GitHub drops silently whom it cannot assign
		c.close(ctx, i, false)
		failure = "GitHub did not assign Copilot to " + i.URL + ": the token's user may not, or the coding agent is switched off"
	}
	return i, failure, nil
}

// find looks through the issues of the token's user: what anybody else wrote
// carries no mark that counts.
func (c *Copilot) find(ctx context.Context, a selfheal.Assignment) (issue, error) {
	self, err := c.Self(ctx)
	if err != nil {
		return issue{}, err
	}
	if self == "" {
		return issue{}, selfheal.Usagef("set repair.github_copilot.token to that of a user who has Copilot; the token of a workflow is nobody's", "Copilot takes work from users only, and the token is of none")
	}
	query := url.Values{"creator": {self}, "state": {"all"}, "sort": {"created"}, "direction": {"desc"}, "per_page": {strconv.Itoa(pageSize)}}
	var first issue // where two processes made one each, all go on with the older
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var answer []issue
		if err := c.get(ctx, c.repo+"/issues", query, &answer); err != nil {
			return issue{}, err
		}
		for _, i := range answer {
			if i.Pull == nil && i.User.Login == self && a.Carries(i.Body) {
				first = i
			}
		}
		if len(answer) < pageSize {
			break
		}
	}
	return first, nil
}

// enabled asks whether Copilot can be assigned. Only GraphQL tells.
func (c *Copilot) enabled(ctx context.Context) (bool, error) {
	var answer struct {
		Data struct {
			Repository struct {
				Actors struct {
					Nodes []user `json:"nodes"`
				} `json:"suggestedActors"`
			} `json:"repository"`
		} `json:"data"`
		Errors []struct {
			Message string `json:"message"`
		} `json:"errors"`
	}
	_, err := c.http.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: "/graphql", Repeatable: true, Body: map[string]any{
		"query": "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name) " +
			"{ suggestedActors(capabilities: [CAN_BE_ASSIGNED], first: 100) { nodes { login } } } }",
		"variables": map[string]any{"owner": c.own, "name": strings.TrimPrefix(c.repo, "/repos/"+c.own+"/")},
	}}, &answer)
	if err == nil && len(answer.Errors) > 0 {
		err = &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "look for Copilot", Message: "GitHub refuses: " + httpx.OneLine(answer.Errors[0].Message, 300)}
	}
	return slices.ContainsFunc(answer.Data.Repository.Actors.Nodes, func(u user) bool { return isCopilot(&u) }), err
}

// assignment is what GitHub is told about the work.
func (c *Copilot) assignment(a selfheal.Assignment) map[string]any {
	return map[string]any{
		"target_repo": c.config.Repository, "base_branch": a.Target, "custom_instructions": "", "custom_agent": c.config.Agent, "model": c.config.Model,
	}
}

// create makes the issue. Where nobody knows whether that was done, the issues tell.
func (c *Copilot) create(ctx context.Context, a selfheal.Assignment) (issue, error) {
	var made issue
	_, err := c.http.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: c.repo + "/issues", Body: map[string]any{
		"title": a.Title, "body": strings.TrimSpace(a.Task) + "\n\n" + a.Mark() + "\n",
		"assignees": []string{copilotActor}, "agent_assignment": c.assignment(a),
	}}, &made)
	if err == nil || !httpx.Unanswered(err) {
		return made, err
	}
	found, lookErr := c.find(ctx, a)
	if lookErr != nil || found.Number == 0 {
		return made, errors.Join(err, lookErr)
	}
	return found, nil
}

// add assigns Copilot to an issue that is there.
func (c *Copilot) add(ctx context.Context, a selfheal.Assignment, i *issue) error {
	_, err := c.http.JSON(ctx, httpx.Request{
		Method: http.MethodPost, Path: c.at(i.Number, "/assignees"), Repeatable: true,
		Body: map[string]any{"assignees": []string{copilotActor}, "agent_assignment": c.assignment(a)},
	}, i)
	return err
}

func (c *Copilot) at(number int, below string) string {
	return c.repo + "/issues/" + strconv.Itoa(number) + below
}

// close closes the issue of work that has ended. It is not worth failing for.
func (c *Copilot) close(ctx context.Context, i issue, done bool) {
	reason := "not_planned"
	if done {
		reason = "completed"
	}
	_, _ = c.http.Do(ctx, httpx.Request{
		Method: http.MethodPatch, Path: c.at(i.Number, ""), Repeatable: true, Body: map[string]any{"state": "closed", "state_reason": reason},
	})
}

// event is an entry of an issue's or a pull request's timeline.
type event struct {
	Event     string    `json:"event"`
	Actor     *user     `json:"actor"`
	Requester *user     `json:"review_requester"`
	Created   time.Time `json:"created_at"`
	Source    struct {
		Issue issue `json:"issue"`
	} `json:"source"`
}

func (c *Copilot) timeline(ctx context.Context, number int) ([]event, error) {
	var all []event
	for page := 1; page <= maxPages; page++ {
		var answer []event
		query := url.Values{"per_page": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)}}
		if err := c.get(ctx, c.at(number, "/timeline"), query, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer...)
		if len(answer) < pageSize {
			break
		}
	}
	return all, nil
}

// look tells whether the work on an issue has ended, and what came of it.
func (c *Copilot) look(ctx context.Context, number int, done *selfheal.Delegated) (ended bool, err error) {
	events, err := c.timeline(ctx, number)
	if err != nil {
		return false, err
	}
	at := 0
	for _, e := range events {
		i := e.Source.Issue
		if e.Event == "cross-referenced" && i.Pull != nil && isCopilot(&i.User) && strings.EqualFold(i.Repository.Name, c.config.Repository) {
			at = max(at, i.Number)
		}
	}
	if at == 0 {
		var i issue
		if err := c.get(ctx, c.at(number, ""), nil, &i); err != nil {
			return false, err
		}
		if i.State == "closed" {
			done.Failure = "issue " + i.URL + " is closed, and Copilot opened no pull request for it"
		}
		return i.State == "closed", nil
	}
	return c.lookAt(ctx, at, done)
}

// lookAt tells whether Copilot has come to an end with a pull request, which it
// opens when it begins.
func (c *Copilot) lookAt(ctx context.Context, number int, done *selfheal.Delegated) (ended bool, err error) {
	p, err := c.Get(ctx, number)
	if err != nil {
		return false, err
	}
	if p.Foreign {
		done.Failure = "the pull request " + p.URL + " comes from another repository"
		return true, nil
	}
	events, err := c.timeline(ctx, number)
	if err != nil {
		return false, err
	}
	switch state := worked(events); {
	case state == "copilot_work_finished_failure":
		done.Failure = "Copilot gave up on " + p.URL
	case state == "copilot_work_started" && p.State == selfheal.PullRequestOpen:
		return false, nil
	case state == "" && p.Draft && len(p.Reviewers) == 0 && p.State == selfheal.PullRequestOpen:
		return false, nil
	default:
		done.PullRequest, done.Said = p.PullRequest, p.Title+"\n\n"+p.Body
	}
	return true, nil
}

// worked is the last that a timeline says of Copilot's work; it asks for a review
// when it is done. These events are in no published description of the API, so
// that without them the pull request's own state decides.
func worked(events []event) string {
	last := ""
	for _, e := range events {
		switch {
		case e.Event == "copilot_work_started", e.Event == "copilot_work_finished", e.Event == "copilot_work_finished_failure":
			last = e.Event
		case e.Event == "review_requested" && (isCopilot(e.Requester) || isCopilot(e.Actor)):
			last = "copilot_work_finished"
		}
	}
	return last
}
