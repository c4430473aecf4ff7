package agent

import (
	"context"
	"net/http"
	"net/url"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"

	"selfheal"
)

// outside is what providers need of the process.
type outside struct {
	transport http.RoundTripper
	scrub     func(string) string
	now       selfheal.Clock
}

// newModel makes the client of one model.
func newModel(ctx context.Context, c ModelConfig, o outside) (model.BaseChatModel, error) {
	if c.Provider == Script {
		return newScript(c.Path)
	}
	w := &wire{base: o.transport, headers: map[string]string{}, key: c.APIKey, scrub: o.scrub, now: o.now}
	if u, err := url.Parse(c.base()); err == nil {
		w.host = u.Host
	}
	if c.APIKey != "" {
		switch c.Provider {
		case Azure:
			w.headers["api-key"] = string(c.APIKey)
		case Claude:
			w.headers["x-api-key"] = string(c.APIKey)
		case Gemini:
			w.headers["x-goog-api-key"] = string(c.APIKey)
		default:
			w.headers["Authorization"] = "Bearer " + string(c.APIKey)
		}
	}
	switch c.Provider {
	case Claude:
		w.headers["anthropic-version"] = "2023-06-01"
		return &claude{client: w.client(), base: c.base(), model: c.Model}, nil
	case Gemini:
		return &gemini{client: w.client(), base: c.base(), model: c.Model}, nil
	}
	return newOpenAI(ctx, c, w)
}

// streamed gives a whole answer as a stream of one piece: Eino's interface asks for
// streams, and nobody watches the harness write.
func streamed(message *schema.Message, err error) (*schema.StreamReader[*schema.Message], error) {
	if err != nil {
		return nil, err
	}
	return schema.StreamReaderFromArray([]*schema.Message{message}), nil
}

// reply puts an answer together as Eino has it.
func reply(text string, calls []schema.ToolCall, finish string, in, out int) *schema.Message {
	message := schema.AssistantMessage(text, calls)
	message.ResponseMeta = &schema.ResponseMeta{FinishReason: finish, Usage: &schema.TokenUsage{PromptTokens: in, CompletionTokens: out, TotalTokens: in + out}}
	return message
}

// finishes, in the words of chat completions.
const (
	finishLength   = "length"
	finishFiltered = "content_filter"
)

// forced tells whether the model must call a tool.
func forced(o *model.Options) bool {
	return o.ToolChoice != nil && *o.ToolChoice == schema.ToolChoiceForced
}
