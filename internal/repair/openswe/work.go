package openswe

import (
	"context"
	"crypto/sha1" //nolint:gosec // UUIDs of version 5 are made of it (RFC 9562), and guard nothing
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// assignmentKey is the metadata by which a run is known as the assignment's.
const assignmentKey = "selfheal_assignment"

const (
	firstPause = 2 * time.Second // between two looks at a run; doubled
	lastPause  = 30 * time.Second
	patience   = 5 * time.Minute // with a server that does not answer, while a run goes
	maxSaid    = 300             // characters of what the agent or the server said that stand in a reason
)

// namespace is that of the UUIDs of assignments.
var namespace = [16]byte{0x6b, 0x1d, 0x3f, 0x60, 0x52, 0xc4, 0x4b, 0x0e, 0x9a, 0x77, 0x0d, 0x2e, 0x8c, 0x41, 0x5e, 0x93}

// ThreadID is the id of an assignment's thread: a UUID of version 5 (RFC 9562, section 5.5).
func ThreadID(assignment string) string {
	hash := sha1.New() //nolint:gosec // see above
	hash.Write(namespace[:])
	hash.Write([]byte(assignment))
	id := hash.Sum(nil)[:16]
	id[6], id[8] = id[6]&0x0f|0x50, id[8]&0x3f|0x80
	text := hex.EncodeToString(id)
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-")
}

// Work implements [selfheal.Delegate].
func (c *Client) Work(ctx context.Context, a selfheal.Assignment) (selfheal.Delegated, error) {
	stop, err := c.hooks.listen(c.config.Webhook.Listen)
	if err != nil {
		return selfheal.Delegated{}, err
	}
	defer stop()
	w := &work{Client: c, a: a, thread: ThreadID(a.ID)}
	if err := w.open(ctx, w.thread, a); err != nil {
		return selfheal.Delegated{}, c.explain(err)
	}
	if err := w.begin(ctx); err != nil {
		return selfheal.Delegated{}, c.explain(err)
	}
	if err := w.wait(ctx); err != nil {
		return selfheal.Delegated{}, c.explain(err)
	}
	done, err := w.conclude(ctx)
	if err != nil {
		return selfheal.Delegated{}, c.explain(err)
	}
	return done, nil
}

// work is one assignment on its way.
type work struct {
	*Client
	a      selfheal.Assignment
	thread string
	run    run
	since  time.Time // when the run began, by this machine's clock
	late   bool      // it was given up after the timeout
}

// begin finds the run of the assignment, or begins it. The server refuses a
// second one while another goes in the thread; where nobody knows whether it was
// begun, the list of runs tells.
func (w *work) begin(ctx context.Context) error {
	began, pause := w.config.Clock(), firstPause
	webhook := w.config.Webhook.URL != ""
	for {
		found, err := w.found(ctx)
		if err != nil || found {
			return err
		}
		err = w.post(ctx, webhook)
		status := httpx.Status(err)
		switch {
		case err == nil:
			w.since = w.config.Clock()
			return nil
		case httpx.Unanswered(err):
			if found, lookErr := w.found(ctx); lookErr != nil || found {
				return errors.Join(onlyIf(lookErr != nil, err), lookErr)
			}
			return err
		case (status == http.StatusUnprocessableEntity || status == http.StatusConflict) && busy(err):
			// Somebody talks to the agent in this thread: their run is not disturbed.
		case status == http.StatusUnprocessableEntity && webhook:
			webhook = false // the platform takes no address that it cannot reach: polling does as well
			continue
		default:
			return err
		}
		if w.config.Clock().Sub(began) > w.config.Timeout {
			return err
		}
		if err := w.config.Sleep(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, lastPause)
	}
}

func onlyIf(condition bool, err error) error {
	if condition {
		return err
	}
	return nil
}

// busy tells whether a refusal is for a run that goes in the thread. It is told
// in words only.
func busy(err error) bool {
	failed, ok := errors.AsType[*httpx.StatusError](err)
	if !ok {
		return false
	}
	said := strings.ToLower(failed.Message + string(failed.Body[:min(len(failed.Body), 4<<10)]))
	return strings.Contains(said, "already running") || strings.Contains(said, "multitask") || strings.Contains(said, "busy")
}

// found looks for a run of the assignment. Where people went on talking to the
// agent afterwards, it is their last run that ends the work.
func (w *work) found(ctx context.Context) (bool, error) {
	all, err := w.runs(ctx, w.thread)
	if err != nil {
		return false, err
	}
	for _, r := range all {
		if r.Metadata[assignmentKey] == w.a.ID {
			w.run, w.since = all[0], all[0].Created
			if now := w.config.Clock(); w.since.After(now) {
				w.since = now
			}
			return true, nil
		}
	}
	return false, nil
}

// post begins the run.
func (w *work) post(ctx context.Context, webhook bool) error {
	c := w.config
	owner, name, _ := strings.Cut(c.Repository, "/")
	metadata := map[string]any{assignmentKey: w.a.ID, "prepare_run_id": ThreadID(w.a.ID + "/prepare")}
	configurable := map[string]any{
		// Without a source Open SWE refuses the run.
		"source": c.Source, "repo": map[string]any{"owner": owner, "name": name},
		"prepare_run_id": metadata["prepare_run_id"], "__event_streaming_v2": true, "plan_mode": false,
	}
	for key, value := range map[string]string{"github_login": c.User, "agent_model_id": c.Model, "agent_effort": c.Effort} {
		if value != "" {
			configurable[key] = value
		}
	}
	body := map[string]any{
		"assistant_id": c.Assistant, "if_not_exists": "create", "multitask_strategy": "reject", "durability": "sync",
		"stream_resumable": true, "stream_subgraphs": true,
		"stream_mode": []string{"values", "updates", "messages", "custom", "tasks", "checkpoints"},
		"input":       map[string]any{"messages": []any{map[string]any{"role": "user", "content": envelope(w.a)}}},
		"config":      map[string]any{"configurable": configurable, "metadata": metadata},
		"metadata":    metadata,
	}
	if webhook {
		body["webhook"] = c.Webhook.URL + "?token=" + string(c.Webhook.Token)
	}
	_, err := w.http.JSON(ctx, httpx.Request{Method: http.MethodPost, Path: at(w.thread) + "/runs", Body: body}, &w.run)
	return err
}

// envelope marks the task as the words of a program, not of a person, in the form
// that Open SWE gives to such messages.
func envelope(a selfheal.Assignment) string {
	task := "Begin from revision `" + a.Revision + "`.\n\n" + a.Task
	return "<input-message sender=\"system:selfheal\" surface=\"automation\" kind=\"system\">\n<content>" + html.EscapeString(task) + "</content>\n</input-message>"
}

// wait looks at the run until it ended. A server that does not answer for a while
// is borne with; a run beyond its time is cancelled, so that nothing is proposed
// which nobody looks at.
func (w *work) wait(ctx context.Context) error {
	pause, silent := firstPause, time.Time{}
	for !w.run.ended() {
		if w.config.Clock().Sub(w.since) > w.config.Timeout {
			w.late = true
			w.cancel(ctx, w.thread, w.run.ID)
			return ctx.Err()
		}
		if err := w.pause(ctx, pause); err != nil {
			return err
		}
		pause = min(2*pause, lastPause)
		now, err := w.look(ctx, w.thread, w.run.ID)
		switch {
		case err == nil:
			w.run, silent = now, time.Time{}
		case httpx.Status(err) == http.StatusNotFound: // somebody deleted it
			w.run.Status = stateInterrupted
		case ctx.Err() != nil, !httpx.Unanswered(err) && httpx.Status(err) != http.StatusTooManyRequests:
			return err
		case silent.IsZero():
			silent = w.config.Clock()
		case w.config.Clock().Sub(silent) > patience:
			return err
		}
		if w.run.Status == stateInterrupted {
			if err := w.followed(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// followed goes on with the run that interrupted this one, if there is one.
func (w *work) followed(ctx context.Context) error {
	before := w.run.ID
	if found, err := w.found(ctx); err != nil || !found || w.run.ID == before {
		w.run.Status = stateInterrupted
		return err
	}
	return nil
}

// pause ends early when the server calls.
func (w *work) pause(ctx context.Context, d time.Duration) error {
	limited, release := w.hooks.wait(ctx, w.thread)
	defer release()
	if err := w.config.Sleep(limited, d); err != nil && ctx.Err() != nil {
		return err
	}
	return nil
}

// conclude says what came of the run.
func (w *work) conclude(ctx context.Context) (selfheal.Delegated, error) {
	done := selfheal.Delegated{Run: "thread " + w.thread + " run " + w.run.ID, URL: w.config.URL + at(w.thread), Took: max(0, w.run.Updated.Sub(w.run.Created))}
	t, err := w.Client.thread(ctx, w.thread)
	if err != nil {
		return done, err
	}
	done.Said = t.last()
	switch {
	case w.late:
		done.Failure = fmt.Sprintf("Open SWE had not come to an end after %s, and was told to stop", w.config.Timeout)
	case w.run.Status == stateError:
		done.Failure = "the run of Open SWE failed"
		if text := w.trouble(ctx, w.thread); text != "" {
			done.Failure += ": " + text
		}
	case w.run.Status == stateTimeout:
		done.Failure = "Open SWE stopped the run, which took longer than it allows"
	case w.run.Status != stateSuccess:
		done.Failure = "the run of Open SWE was interrupted, or waits for an answer of a person"
	default:
		done.PullRequest, done.Failure, err = w.proposed(ctx, t)
	}
	return done, err
}
