package agent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/template"
	"time"

	"github.com/cloudwego/eino/adk"
	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"selfheal"
)

//go:embed system.md.tmpl
var systemText string

// Harness implements [selfheal.Model]. It is safe for concurrent use, as long as no
// two tasks of one ID run at the same time.
type Harness struct {
	config  Config
	system  *template.Template
	outside outside
	random  io.Reader
	sleep   func(context.Context, time.Duration) error
}

var _ selfheal.Model = (*Harness)(nil)

// Option changes a [Harness] that is being made.
type Option func(*Harness)

// WithTransport replaces how providers are reached.
func WithTransport(t http.RoundTripper) Option { return func(h *Harness) { h.outside.transport = t } }

// WithClock replaces the clock.
func WithClock(now selfheal.Clock) Option { return func(h *Harness) { h.outside.now = now } }

// WithRandom replaces where nonces come from.
func WithRandom(r io.Reader) Option { return func(h *Harness) { h.random = r } }

// WithSleep replaces how the time between two attempts is spent.
func WithSleep(sleep func(context.Context, time.Duration) error) Option {
	return func(h *Harness) { h.sleep = sleep }
}

// New makes a Harness. scrub removes secrets from everything that is sent and kept.
func New(c Config, scrub func(string) string, options ...Option) (*Harness, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	system, err := template.New("system").Parse(systemText)
	if err != nil {
		return nil, fmt.Errorf("system prompt: %w", err)
	}
	h := &Harness{config: c, system: system, random: rand.Reader, sleep: sleep,
		outside: outside{transport: http.DefaultTransport, scrub: scrub, now: time.Now}}
	for _, o := range options {
		o(h)
	}
	return h, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run implements [selfheal.Model].
func (h *Harness) Run(ctx context.Context, task selfheal.Task) (selfheal.Answer, error) {
	s, err := h.begin(task)
	if err != nil {
		return selfheal.Answer{}, err
	}
	defer func() { _ = s.transcript.file.Close() }() // every record was flushed
	err = s.loop(ctx)
	if err == nil {
		err = s.err
	}
	answer := selfheal.Answer{JSON: s.submitted, Stopped: s.stopped, Usage: s.used(), Replayed: s.replayed, Model: s.answered, Transcript: s.id}
	if s.stopped != "" {
		err = errors.Join(err, s.transcript.append(Record{End: &EndRecord{s.stopped, answer.Usage}}))
	}
	return answer, err
}

// begin opens the transcript and puts the conversation's first messages together.
func (h *Harness) begin(task selfheal.Task) (*session, error) {
	models, err := h.modelsOf(task.Role)
	if err != nil {
		return nil, err
	}
	if !validName.MatchString(task.ID) {
		return nil, fmt.Errorf("task id %q is not a name", task.ID)
	}
	s := &session{harness: h, task: task, models: models, clients: make([]model.BaseChatModel, len(models)),
		budget: limit(task.Budget, h.config.Budget), mark: h.outside.now()}
	s.task.Evidence = make([]selfheal.Section, len(task.Evidence))
	for i, section := range task.Evidence {
		s.task.Evidence[i] = selfheal.Section{Title: section.Title, Text: h.outside.scrub(section.Text)}
	}
	if s.infos, s.toolBytes, err = describe(append(slices.Clip(task.Tools), task.Submit)); err != nil {
		return nil, err
	}
	s.id = task.ID + "-" + digest(s.task, models)
	s.transcript, s.before, err = openTranscript(TranscriptPath(h.config.Dir, s.id), h.outside.now)
	if err != nil {
		return nil, err
	}
	if err := s.introduce(); err != nil {
		return nil, errors.Join(err, s.transcript.file.Close())
	}
	return s, nil
}

// introduce writes the first messages, with the nonce of the run that is gone on with.
func (s *session) introduce() error {
	var err error
	if s.before.task != nil {
		s.fence.nonce = s.before.task.Nonce
	} else {
		if s.fence, err = newFence(s.harness.random); err != nil {
			return err
		}
		if err := s.transcript.append(Record{Task: s.taskRecord()}); err != nil {
			return err
		}
	}
	s.spent = s.before.failed
	var system bytes.Buffer
	turns := cmp.Or(s.budget.Turns, 1000)
	if err := s.harness.system.Execute(&system, map[string]any{"Prompt": s.task.Prompt, "Nonce": s.fence.nonce, "Submit": s.task.Submit.Name, "Turns": turns}); err != nil {
		return fmt.Errorf("system prompt: %w", err)
	}
	var evidence bytes.Buffer
	for _, section := range s.task.Evidence {
		evidence.WriteString(s.fence.around(section.Title, section.Text) + "\n")
	}
	evidence.WriteString("Begin.")
	s.history = []*schema.Message{schema.SystemMessage(system.String()), schema.UserMessage(evidence.String())}
	return nil
}

func (s *session) taskRecord() *TaskRecord {
	r := &TaskRecord{ID: s.task.ID, Role: s.task.Role, Nonce: s.fence.nonce, Prompt: s.task.Prompt, Evidence: s.task.Evidence, Budget: s.budget}
	for _, info := range s.infos {
		r.Tools = append(r.Tools, info.Name)
	}
	return r
}

func (h *Harness) modelsOf(role string) ([]ModelConfig, error) {
	var models []ModelConfig
	for _, name := range h.config.Roles[role] {
		for _, m := range h.config.Models {
			if m.Name == name {
				models = append(models, m)
			}
		}
	}
	if len(models) == 0 {
		return nil, selfheal.Usagef(fmt.Sprintf("name models in order under agent.roles.%s in selfheal.yaml", role), "no model has the role %q", role)
	}
	return models, nil
}

// digest tells tasks apart that have one ID: what an earlier run answered counts
// only for the very same question, put to the same models.
func digest(task selfheal.Task, models []ModelConfig) string {
	type tool struct{ Name, Description, Parameters string }
	content := struct {
		Role, Prompt string
		Evidence     []selfheal.Section
		Tools        []tool
		Models       []string
	}{Role: task.Role, Prompt: task.Prompt, Evidence: task.Evidence}
	for _, t := range append(slices.Clip(task.Tools), task.Submit) {
		content.Tools = append(content.Tools, tool{t.Name, t.Description, string(t.Parameters)})
	}
	for _, m := range models {
		content.Models = append(content.Models, string(m.Provider)+" "+m.Model+" "+m.Path)
	}
	text, _ := json.Marshal(content) // texts and lists of texts have no way to fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

// loop lets Eino's agent run: it calls the session for answers and the tools for results.
func (s *session) loop(ctx context.Context) error {
	ctx, cancel := s.limited(ctx)
	defer cancel()
	agent, err := adk.NewChatModelAgent(ctx, s.agentConfig())
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	events := adk.NewRunner(ctx, adk.RunnerConfig{Agent: agent}).Run(ctx, []adk.Message{s.history[1]})
	var failed error
	for {
		event, ok := events.Next()
		if !ok {
			break
		}
		failed = errors.Join(failed, event.Err)
	}
	switch {
	case s.stopped != "":
		return nil
	case errors.Is(context.Cause(ctx), errOutOfTime):
		s.stopped = selfheal.StopTime
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return fmt.Errorf("agent: %w", failed)
	}
	return &selfheal.Error{Code: selfheal.CodeInternal, Op: "agent", Message: "it ended without a reason"}
}

var errOutOfTime = errors.New("the task's time is over")

// limited ends the task when its time is over.
func (s *session) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.budget.Time == 0 {
		return context.WithCancel(ctx)
	}
	left := timeOf(s.budget.Time)
	for _, t := range s.before.turns {
		left -= timeOf(t.Spent.Time)
	}
	return context.WithTimeoutCause(ctx, max(left, time.Second), errOutOfTime) // a second, to replay what is there
}
