package agent

import (
	"context"
	"errors"
	"time"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"selfheal"
)

const (
	probeOutput  = 16 // tokens
	probeTimeout = 20 * time.Second
)

// Probe asks a model for one word, and says what that cost: some thirty tokens. A
// script is only read. The error says what is wrong and what to do.
func (h *Harness) Probe(ctx context.Context, name string) (selfheal.Usage, error) {
	for _, m := range h.config.Models {
		if m.Name == name {
			return h.probe(ctx, m)
		}
	}
	return selfheal.Usage{}, selfheal.Usagef("add it to models", "no model %q", name)
}

func (h *Harness) probe(ctx context.Context, m ModelConfig) (selfheal.Usage, error) {
	started := h.outside.now()
	client, err := newModel(ctx, m, h.outside)
	if err != nil || m.Provider == Script {
		return selfheal.Usage{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	question := []*schema.Message{schema.UserMessage("Answer with the word: ready")}
	message, err := client.Generate(ctx, question, model.WithMaxTokens(probeOutput))
	if err != nil {
		failed := asCallError(err)
		return selfheal.Usage{}, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "ask model " + m.Name, Message: h.outside.scrub(failed.message), Hint: failed.hint}
	}
	if message == nil {
		return selfheal.Usage{}, errors.New("the answer is empty")
	}
	used := selfheal.Usage{Turns: 1, Time: selfheal.Duration(h.outside.now().Sub(started))}
	if meta := message.ResponseMeta; meta != nil && meta.Usage != nil {
		used.TokensIn, used.TokensOut = int64(meta.Usage.PromptTokens), int64(meta.Usage.CompletionTokens)
	}
	if used.TokensIn == 0 {
		used.TokensIn, used.TokensOut, used.Estimated = estimate(question, nil, 0), probeOutput, true
	}
	used.Dollars = m.prices().of(used.TokensIn, used.TokensOut)
	return used, nil
}
