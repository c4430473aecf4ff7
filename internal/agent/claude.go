package agent

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"
)

// claude speaks Anthropic's Messages API.
type claude struct {
	client      *http.Client
	base, model string
}

type claudeRequest struct {
	Model      string          `json:"model"`
	MaxTokens  int             `json:"max_tokens"`
	System     []claudeBlock   `json:"system,omitempty"`
	Messages   []claudeMessage `json:"messages"`
	Tools      []claudeTool    `json:"tools,omitempty"`
	ToolChoice map[string]any  `json:"tool_choice,omitempty"`
}

type claudeMessage struct {
	Role    string        `json:"role"`
	Content []claudeBlock `json:"content"`
}

type claudeBlock struct {
	Type      string            `json:"type"`
	Text      string            `json:"text,omitempty"`
	ID        string            `json:"id,omitempty"`
	Name      string            `json:"name,omitempty"`
	Input     json.RawMessage   `json:"input,omitempty"`
	ToolUseID string            `json:"tool_use_id,omitempty"`
	Content   string            `json:"content,omitempty"`
	Cache     map[string]string `json:"cache_control,omitempty"`
}

type claudeTool struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Schema      json.RawMessage `json:"input_schema"`
}

type claudeAnswer struct {
	Content    []claudeBlock `json:"content"`
	StopReason string        `json:"stop_reason"`
	Usage      struct {
		Input        int `json:"input_tokens"`
		CacheWritten int `json:"cache_creation_input_tokens"`
		CacheRead    int `json:"cache_read_input_tokens"`
		Output       int `json:"output_tokens"`
	} `json:"usage"`
}

// Generate implements [model.BaseChatModel].
func (c *claude) Generate(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.Message, error) {
	request, err := c.request(input, model.GetCommonOptions(&model.Options{}, options...))
	if err != nil {
		return nil, err
	}
	ctx, failed := withFailure(ctx)
	var answer claudeAnswer
	if err := post(ctx, c.client, c.base+"/v1/messages", request, &answer); err != nil {
		if failed.err != nil {
			return nil, failed.err
		}
		return nil, err
	}
	return answer.message(), nil
}

// Stream implements [model.BaseChatModel].
func (c *claude) Stream(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.StreamReader[*schema.Message], error) {
	return streamed(c.Generate(ctx, input, options...))
}

func (c *claude) request(input []*schema.Message, o *model.Options) (claudeRequest, error) {
	r := claudeRequest{Model: c.model, MaxTokens: DefaultMaxOutput}
	if o.MaxTokens != nil {
		r.MaxTokens = *o.MaxTokens
	}
	for _, m := range input {
		if m.Role == schema.System {
			// Instructions and evidence come first and stay: reading them again costs a tenth.
			r.System = append(r.System, claudeBlock{Type: "text", Text: m.Content, Cache: map[string]string{"type": "ephemeral"}})
			continue
		}
		r.add(m)
	}
	for _, tool := range o.Tools {
		parameters, err := parametersOf(tool)
		if err != nil {
			return r, err
		}
		r.Tools = append(r.Tools, claudeTool{tool.Name, tool.Desc, parameters})
	}
	if forced(o) {
		r.ToolChoice = map[string]any{"type": "any"}
	}
	return r, nil
}

// add appends a message. Roles must alternate, so that the results of all tools of
// one turn, and what is said with them, are one message.
func (r *claudeRequest) add(m *schema.Message) {
	role, blocks := "user", []claudeBlock(nil)
	switch m.Role {
	case schema.Tool:
		blocks = append(blocks, claudeBlock{Type: "tool_result", ToolUseID: m.ToolCallID, Content: m.Content})
	case schema.Assistant:
		role = "assistant"
		if m.Content != "" {
			blocks = append(blocks, claudeBlock{Type: "text", Text: m.Content})
		}
		for _, call := range m.ToolCalls {
			blocks = append(blocks, claudeBlock{Type: "tool_use", ID: call.ID, Name: call.Function.Name, Input: objectOf(call.Function.Arguments)})
		}
		if len(blocks) == 0 {
			blocks = []claudeBlock{{Type: "text", Text: "(nothing)"}} // the API refuses an empty turn
		}
	default:
		blocks = append(blocks, claudeBlock{Type: "text", Text: m.Content})
	}
	if n := len(r.Messages); n > 0 && r.Messages[n-1].Role == role {
		r.Messages[n-1].Content = append(r.Messages[n-1].Content, blocks...)
		return
	}
	r.Messages = append(r.Messages, claudeMessage{role, blocks})
}

func (a *claudeAnswer) message() *schema.Message {
	text, calls := "", []schema.ToolCall(nil)
	for _, b := range a.Content {
		switch b.Type {
		case "text":
			text += b.Text
		case "tool_use":
			calls = append(calls, schema.ToolCall{ID: b.ID, Type: "function", Function: schema.FunctionCall{Name: b.Name, Arguments: string(b.Input)}})
		}
	}
	finish := a.StopReason
	switch finish {
	case "max_tokens", "model_context_window_exceeded":
		finish = finishLength
	case "refusal":
		finish = finishFiltered
	}
	// What was read from the cache or written to it is part of the prompt; it is counted in
	// full, so that the cost is never shown too low.
	in := a.Usage.Input + a.Usage.CacheRead + a.Usage.CacheWritten
	return reply(text, calls, finish, in, a.Usage.Output)
}

// objectOf gives arguments as the object that these APIs insist on, whatever a model wrote.
func objectOf(arguments string) json.RawMessage {
	var object map[string]any
	if json.Unmarshal([]byte(arguments), &object) != nil || object == nil {
		return json.RawMessage(`{}`)
	}
	return json.RawMessage(arguments)
}

// parametersOf gives the JSON Schema of a tool's arguments.
func parametersOf(tool *schema.ToolInfo) (json.RawMessage, error) {
	s, err := tool.ToJSONSchema()
	if err != nil {
		return nil, err
	}
	return json.Marshal(s)
}
