package agent

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/cloudwego/eino-ext/components/model/openai"
	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"selfheal/internal/httpx"
)

// chatCompletions speaks OpenAI's chat completions through the component of eino-ext.
type chatCompletions struct {
	inner *openai.ChatModel
	// newLimit: the limit of an answer is max_completion_tokens, which OpenAI's newer
	// models insist on and other servers do not know.
	newLimit bool
}

func newOpenAI(ctx context.Context, c ModelConfig, w *wire) (model.BaseChatModel, error) {
	w.inspect = declined
	inner, err := openai.NewChatModel(ctx, &openai.ChatModelConfig{
		APIKey:  "none", // the wire replaces it
		BaseURL: c.base(), Model: c.Model, HTTPClient: w.client(),
	})
	if err != nil {
		return nil, err
	}
	return &chatCompletions{inner, c.Provider == OpenAI || c.Provider == Azure}, nil
}

// Generate implements [model.BaseChatModel].
func (m *chatCompletions) Generate(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.Message, error) {
	ctx, failed := withFailure(ctx)
	message, err := m.inner.Generate(ctx, input, m.limited(options)...)
	switch {
	case failed.err != nil:
		return nil, failed.err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return nil, &callError{message: "no answer in time", again: true, paid: true, err: err}
	case err != nil:
		return nil, &callError{message: "the answer is not what this API gives: " + httpx.Clip(err.Error(), maxQuote), hint: "check provider and url", again: true, paid: true, err: err}
	}
	return message, nil
}

// limited gives the options under the names that the server knows.
func (m *chatCompletions) limited(options []model.Option) []model.Option {
	o := model.GetCommonOptions(&model.Options{}, options...)
	if !m.newLimit || o.MaxTokens == nil {
		return options
	}
	known := []model.Option{model.WithTools(o.Tools), openai.WithMaxCompletionTokens(*o.MaxTokens)}
	if o.ToolChoice != nil {
		known = append(known, model.WithToolChoice(*o.ToolChoice))
	}
	return known
}

// declined finds the refusals that the component does not pass on.
func declined(answer []byte) *callError {
	var a struct {
		Choices []struct {
			Message struct {
				Refusal string `json:"refusal"`
			} `json:"message"`
		} `json:"choices"`
	}
	if json.Unmarshal(answer, &a) == nil && len(a.Choices) > 0 && a.Choices[0].Message.Refusal != "" {
		return &callError{message: "the model declined", hint: "another model may take it", refused: true, paid: true}
	}
	return nil
}

// Stream implements [model.BaseChatModel].
func (m *chatCompletions) Stream(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.StreamReader[*schema.Message], error) {
	return streamed(m.Generate(ctx, input, options...))
}
