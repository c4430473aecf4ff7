package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"selfheal"
)

const (
	maxAttempts = 4
	firstWait   = time.Second // before the second attempt; doubled each time
	longestWait = time.Minute // a provider that asks for more is given up
	maxSilent   = 2           // answers in a row without a call
)

const (
	urge     = "You did not call a tool. Go on with the task, or end it by calling %s."
	lastTurn = "This is your last turn (%s). Call %s now, with what you know; say so where you are not sure."
)

// session is one task that is being worked on. To Eino's agent it is the model: it
// owns the conversation, the budget and the transcript, and asks the real models.
type session struct {
	harness    *Harness
	task       selfheal.Task
	models     []ModelConfig
	clients    []model.BaseChatModel // made when first asked
	current    int                   // of models
	budget     selfheal.Budget
	fence      fence
	id         string
	transcript *transcript
	before     recorded
	infos      []*schema.ToolInfo // the submission is the last
	toolBytes  int

	history   []*schema.Message
	turn      int // number of the current one
	replayed  int
	last      selfheal.StopReason // the turn is the last one, because of this limit
	spent     selfheal.Usage      // without what the clock has gone on since mark
	mark      time.Time
	answered  string // model
	submitted []byte
	stopped   selfheal.StopReason
	err       error
}

var _ model.BaseChatModel = (*session)(nil)

// Stream implements [model.BaseChatModel].
func (s *session) Stream(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.StreamReader[*schema.Message], error) {
	return streamed(s.Generate(ctx, input, options...))
}

// Generate implements [model.BaseChatModel] for Eino's agent. An answer without
// calls ends the agent's loop, so that the task ends here and nowhere else.
func (s *session) Generate(ctx context.Context, input []*schema.Message, _ ...model.Option) (*schema.Message, error) {
	s.takeResults(input)
	for silent := 0; ; silent++ {
		if s.submitted != nil {
			s.stopped = selfheal.StopSubmitted
		}
		if s.stopped != "" {
			return schema.AssistantMessage("done", nil), nil
		}
		turn, err := s.next(ctx)
		switch {
		case err != nil:
			return nil, err
		case turn == nil:
			continue // stopped says why
		}
		message := turn.message()
		s.history = append(s.history, message)
		if len(message.ToolCalls) > 0 {
			return message, nil
		}
		if silent == maxSilent {
			s.stopped = selfheal.StopSilent
			continue
		}
		s.history = append(s.history, schema.UserMessage(fmt.Sprintf(urge, s.task.Submit.Name)))
	}
}

// takeResults appends what the tools gave: the last messages of the agent's own list.
func (s *session) takeResults(input []*schema.Message) {
	first := len(input)
	for first > 0 && input[first-1].Role == schema.Tool {
		first--
	}
	s.history = append(s.history, input[first:]...)
}

// next gives the next turn: the recorded one if there is one, else a model's. It is
// nil when the task has stopped.
func (s *session) next(ctx context.Context) (*TurnRecord, error) {
	if s.turn < len(s.before.turns) {
		return s.replay(), nil
	}
	if s.last != "" {
		s.stopped = s.last
		return nil, nil
	}
	for s.current < len(s.models) {
		m := s.models[s.current]
		tools := s.infos
		allowed := allow(s.budget, s.used(), estimate(s.history, tools, s.toolBytes), maxOutput(m), m.prices())
		if allowed.stop != "" {
			s.stopped = allowed.stop
			return nil, nil
		}
		conversation := s.history
		if allowed.last != "" {
			tools = tools[len(tools)-1:]
			conversation = append(slices.Clip(conversation), s.lastMessage(allowed.last))
		}
		message, err := s.ask(ctx, call{conversation, tools, allowed})
		if err != nil || s.stopped != "" {
			return nil, err
		}
		if message != nil {
			s.history, s.last = conversation, allowed.last
			return s.keep(message, m, estimate(conversation, tools, s.toolBytes))
		}
		s.current++ // fail over
	}
	return nil, nil
}

func (s *session) lastMessage(reason selfheal.StopReason) *schema.Message {
	return schema.UserMessage(fmt.Sprintf(lastTurn, reason, s.task.Submit.Name))
}

func maxOutput(m ModelConfig) int64 {
	if m.MaxOutput > 0 {
		return m.MaxOutput
	}
	return DefaultMaxOutput
}

// replay goes through a turn that an earlier run paid for.
func (s *session) replay() *TurnRecord {
	turn := s.before.turns[s.turn]
	s.turn++
	s.replayed++
	s.spent, s.answered, s.last = plus(s.spent, turn.Spent), turn.Model, selfheal.StopReason(turn.Last)
	if s.last != "" {
		s.history = append(s.history, s.lastMessage(s.last))
	}
	return turn
}

// used is what was spent until now, the time since the last record included.
func (s *session) used() selfheal.Usage {
	u := s.spent
	u.Time += selfheal.Duration(s.harness.outside.now().Sub(s.mark))
	return u
}

// account adds what a call has cost, with all time since the last record.
func (s *session) account(u selfheal.Usage) selfheal.Usage {
	now := s.harness.outside.now()
	u.Time, s.mark = selfheal.Duration(now.Sub(s.mark)), now
	s.spent = plus(s.spent, u)
	return u
}

// keep records an answer. What it costs is what the provider counted, or else the estimate.
func (s *session) keep(message *schema.Message, m ModelConfig, in int64) (*TurnRecord, error) {
	s.turn++
	turn := &TurnRecord{Number: s.turn, Model: m.Name, Text: s.harness.outside.scrub(message.Content), Last: string(s.last)}
	seen := map[string]bool{}
	for i, c := range message.ToolCalls {
		if c.ID == "" || seen[c.ID] {
			c.ID = "call_" + strconv.Itoa(s.turn) + "_" + strconv.Itoa(i+1)
		}
		seen[c.ID] = true
		turn.Calls = append(turn.Calls, CallRecord{c.ID, c.Function.Name, s.harness.outside.scrub(c.Function.Arguments), c.Extra})
	}
	spent := selfheal.Usage{Turns: 1}
	if meta := message.ResponseMeta; meta != nil {
		turn.Finish = meta.FinishReason
		if meta.Usage != nil {
			spent.TokensIn, spent.TokensOut = int64(meta.Usage.PromptTokens), int64(meta.Usage.CompletionTokens)
		}
	}
	if spent.TokensIn <= 0 || spent.TokensOut < 0 {
		spent.TokensIn, spent.TokensOut, spent.Estimated = in, estimate([]*schema.Message{message}, nil, 0), true
	}
	spent.Dollars = m.prices().of(spent.TokensIn, spent.TokensOut)
	turn.Spent = s.account(spent)
	s.answered = m.Name
	return turn, s.transcript.append(Record{Turn: turn})
}

// call is what a model is asked.
type call struct {
	conversation []*schema.Message
	tools        []*schema.ToolInfo
	allowed      allowance
}

func (c call) options() []model.Option {
	options := []model.Option{model.WithTools(c.tools), model.WithMaxTokens(int(c.allowed.output))}
	if c.allowed.last != "" {
		options = append(options, model.WithToolChoice(schema.ToolChoiceForced))
	}
	return options
}

// ask asks the current model, and again while it is busy. Without a message and
// an error the model is to be given up; where it was the only one left, stopped says so.
func (s *session) ask(ctx context.Context, c call) (*schema.Message, error) {
	m := s.models[s.current]
	wait := firstWait
	for attempt := 1; ; attempt++ {
		message, failed := s.try(ctx, m, c)
		if failed == nil {
			return message, nil
		}
		if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errOutOfTime) {
			return nil, ctx.Err()
		}
		if err := s.note(m, failed, c); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			s.stopped = selfheal.StopTime
			return nil, nil
		}
		pause := max(wait, failed.after)
		if !failed.again || attempt == maxAttempts || pause > longestWait {
			s.giveUp(m, failed)
			return nil, nil
		}
		// Interrupted or not, the next look at ctx tells.
		_ = s.harness.sleep(ctx, pause)
		wait *= 2
	}
}

// try makes one attempt.
func (s *session) try(ctx context.Context, m ModelConfig, c call) (*schema.Message, *callError) {
	if s.clients[s.current] == nil {
		client, err := newModel(ctx, m, s.harness.outside)
		if err != nil {
			return nil, asCallError(err)
		}
		s.clients[s.current] = client
	}
	timeout := m.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	message, err := s.clients[s.current].Generate(ctx, c.conversation, c.options()...)
	switch {
	case err != nil:
		return nil, asCallError(err)
	case message == nil:
		return nil, &callError{message: "the answer is empty", again: true, paid: true}
	case message.ResponseMeta != nil && message.ResponseMeta.FinishReason == finishFiltered:
		return nil, &callError{message: "the model declined", hint: "another model may take it", refused: true, paid: true}
	}
	return message, nil
}

func asCallError(err error) *callError {
	if e, ok := errors.AsType[*callError](err); ok {
		return e
	}
	return &callError{message: err.Error(), hint: selfheal.HintOf(err), err: err}
}

// note records an attempt that failed.
func (s *session) note(m ModelConfig, failed *callError, c call) error {
	var spent selfheal.Usage
	if failed.paid {
		spent = selfheal.Usage{TokensIn: estimate(c.conversation, c.tools, s.toolBytes), Estimated: true}
		spent.Dollars = m.prices().of(spent.TokensIn, 0)
	}
	spent = s.account(spent)
	return s.transcript.append(Record{Note: &NoteRecord{m.Name, s.harness.outside.scrub(failed.message), spent}})
}

// giveUp stops the task when no other model is left.
func (s *session) giveUp(m ModelConfig, failed *callError) {
	if s.current+1 < len(s.models) {
		return
	}
	s.stopped = selfheal.StopFailed
	if failed.refused {
		s.stopped = selfheal.StopRefused
		return
	}
	s.err = &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "ask model " + m.Name, Message: failed.message, Hint: failed.hint}
}

// isObject tells whether arguments are what every tool takes.
func isObject(arguments string) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal([]byte(arguments), &object) == nil && strings.HasPrefix(strings.TrimSpace(arguments), "{")
}
