package openswe

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// The states in which a run of the Agent Server ends; before, it is pending or
// running. One that was cancelled shows as interrupted on the Python server and as
// error on the JavaScript one.
const (
	stateSuccess     = "success"
	stateError       = "error"
	stateTimeout     = "timeout"
	stateInterrupted = "interrupted"
)

// run is the part of a run that is needed.
type run struct {
	ID       string         `json:"run_id"`
	Status   string         `json:"status"`
	Created  time.Time      `json:"created_at"`
	Updated  time.Time      `json:"updated_at"`
	Metadata map[string]any `json:"metadata"`
}

func (r run) ended() bool {
	return slices.Contains([]string{stateSuccess, stateError, stateTimeout, stateInterrupted}, r.Status)
}

// thread is the part of a thread that is needed. What Open SWE writes into its
// metadata, it writes as best it can.
type thread struct {
	Created  time.Time `json:"created_at"`
	Metadata struct {
		Number int        `json:"pr_number"`
		URL    string     `json:"pr_url"`
		Pulls  []proposal `json:"pull_requests"`
	} `json:"metadata"`
	Values struct {
		Messages []message `json:"messages"`
	} `json:"values"`
}

type proposal struct {
	Repository string `json:"repo_full_name"`
	Number     int    `json:"number"`
}

// message is one of a conversation; its content is a text or a list of blocks.
type message struct {
	Type    string          `json:"type"`
	Content json.RawMessage `json:"content"`
}

func (m message) text() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	var blocks []struct{ Text string }
	_ = json.Unmarshal(m.Content, &blocks) // what is no list of texts says nothing
	var all []string
	for _, b := range blocks {
		if b.Text != "" {
			all = append(all, b.Text)
		}
	}
	return strings.Join(all, "\n")
}

// last is what the agent said last.
func (t thread) last() string {
	for _, m := range slices.Backward(t.Values.Messages) {
		if text := m.text(); m.Type == "ai" && text != "" {
			return text
		}
	}
	return ""
}

func at(thread string) string { return "/threads/" + url.PathEscape(thread) }

// open makes the thread; one that is there is left as it is.
func (c *Client) open(ctx context.Context, id string, a selfheal.Assignment) error {
	owner, name, _ := strings.Cut(c.config.Repository, "/")
	_, err := c.http.Do(ctx, httpx.Request{Method: http.MethodPost, Path: "/threads", Repeatable: true, Body: map[string]any{
		"thread_id": id, "if_exists": "do_nothing", "metadata": map[string]any{
			"source": "selfheal", "title": a.Title, "repo_owner": owner, "repo_name": name, "base_branch": a.Target,
			"thread_category": "automation", "trigger_kind": "selfheal", "created_at_ms": c.config.Clock().UnixMilli(), assignmentKey: a.ID,
		},
	}})
	if httpx.Status(err) == http.StatusConflict { // servers that do not know if_exists
		return nil
	}
	return err
}

// maxRuns is how many runs of a thread are looked through. Servers do not agree
// on their order.
const maxRuns = 100

func (c *Client) runs(ctx context.Context, id string) ([]run, error) {
	var all []run
	_, err := c.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: at(id) + "/runs", Query: url.Values{"limit": {"100"}}}, &all)
	slices.SortStableFunc(all, func(a, b run) int { return b.Created.Compare(a.Created) })
	return all[:min(len(all), maxRuns)], err
}

func (c *Client) look(ctx context.Context, thread, id string) (r run, err error) {
	_, err = c.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: at(thread) + "/runs/" + url.PathEscape(id)}, &r)
	return r, err
}

func (c *Client) thread(ctx context.Context, id string) (t thread, err error) {
	_, err = c.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: at(id)}, &t)
	return t, err
}

// trouble is what a run that failed stumbled over; empty when the server does not say.
func (c *Client) trouble(ctx context.Context, id string) string {
	var state struct {
		Tasks []struct {
			Error json.RawMessage `json:"error"`
		} `json:"tasks"`
	}
	if _, err := c.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: at(id) + "/state"}, &state); err != nil {
		return ""
	}
	for _, task := range state.Tasks {
		text := message{Content: task.Error}.text()
		var inner struct{ Message string }
		if json.Unmarshal([]byte(text), &inner) == nil && inner.Message != "" {
			text = inner.Message
		}
		if text != "" {
			return httpx.OneLine(c.config.Scrub(text), maxSaid)
		}
	}
	return ""
}

// cancel stops a run of which nobody waits for the end. That it did not work
// changes nothing for the caller.
func (c *Client) cancel(ctx context.Context, id, run string) {
	_, _ = c.http.Do(ctx, httpx.Request{
		Method: http.MethodPost, Path: at(id) + "/runs/" + url.PathEscape(run) + "/cancel", Repeatable: true,
		Query: url.Values{"wait": {"0"}, "action": {"interrupt"}},
	})
}

// explain tells a user what of the settings to look at.
func (c *Client) explain(err error) error {
	e, ok := errors.AsType[*selfheal.Error](err)
	if !ok {
		return err
	}
	told := *e
	status := httpx.Status(err)
	said := ""
	if failed, ok := errors.AsType[*httpx.StatusError](err); ok {
		said = strings.ToLower(failed.Message + string(failed.Body[:min(len(failed.Body), 4<<10)]))
	}
	switch {
	case status == http.StatusForbidden && strings.Contains(said, "workspace"):
		told.Hint = "the key belongs to an organisation: set repair.open_swe.tenant to the workspace"
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		told.Hint = "check repair.open_swe.api_key: it must be a key of the deployment's workspace"
	case status == http.StatusNotFound && strings.Contains(said, "assistant"):
		told.Code, told.Hint = selfheal.CodeUsage, "check repair.open_swe.assistant: the server knows none of that name"
	case status == http.StatusNotFound:
		told.Hint = "check repair.open_swe.url: it must be the address of an Agent Server"
	default:
		told.Hint = "check repair.open_swe.url, then run the same command again: it finds the run that was begun"
	}
	return &told
}
