package agent

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"
)

// gemini speaks Google's generateContent.
type gemini struct {
	client      *http.Client
	base, model string
}

type geminiRequest struct {
	System     *geminiContent  `json:"systemInstruction,omitempty"`
	Contents   []geminiContent `json:"contents"`
	Tools      []geminiTools   `json:"tools,omitempty"`
	Config     map[string]any  `json:"generationConfig,omitempty"`
	ToolConfig map[string]any  `json:"toolConfig,omitempty"`
}

type geminiContent struct {
	Role  string       `json:"role,omitempty"`
	Parts []geminiPart `json:"parts"`
}

type geminiPart struct {
	Text     string          `json:"text,omitempty"`
	Thought  bool            `json:"thought,omitempty"`
	Call     *geminiCall     `json:"functionCall,omitempty"`
	Response *geminiResponse `json:"functionResponse,omitempty"`
	// Signature must come back with the call that it came with: newer models refuse the turn otherwise.
	Signature string `json:"thoughtSignature,omitempty"`
}

type geminiCall struct {
	ID   string          `json:"id,omitempty"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"`
}

type geminiResponse struct {
	ID       string         `json:"id,omitempty"`
	Name     string         `json:"name"`
	Response map[string]any `json:"response"`
}

type geminiTools struct {
	Functions []geminiFunction `json:"functionDeclarations"`
}

type geminiFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parametersJsonSchema"`
}

type geminiAnswer struct {
	Candidates []struct {
		Content      geminiContent `json:"content"`
		FinishReason string        `json:"finishReason"`
	} `json:"candidates"`
	Feedback struct {
		BlockReason string `json:"blockReason"`
	} `json:"promptFeedback"`
	Usage struct {
		Prompt     int `json:"promptTokenCount"`
		Candidates int `json:"candidatesTokenCount"`
		Thoughts   int `json:"thoughtsTokenCount"`
	} `json:"usageMetadata"`
}

// Generate implements [model.BaseChatModel].
func (g *gemini) Generate(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.Message, error) {
	request, err := g.request(input, model.GetCommonOptions(&model.Options{}, options...))
	if err != nil {
		return nil, err
	}
	ctx, failed := withFailure(ctx)
	var answer geminiAnswer
	if err := post(ctx, g.client, g.base+"/models/"+url.PathEscape(g.model)+":generateContent", request, &answer); err != nil {
		if failed.err != nil {
			return nil, failed.err
		}
		return nil, err
	}
	return answer.message(), nil
}

// Stream implements [model.BaseChatModel].
func (g *gemini) Stream(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.StreamReader[*schema.Message], error) {
	return streamed(g.Generate(ctx, input, options...))
}

func (g *gemini) request(input []*schema.Message, o *model.Options) (geminiRequest, error) {
	r := geminiRequest{}
	if o.MaxTokens != nil {
		r.Config = map[string]any{"maxOutputTokens": *o.MaxTokens}
	}
	for _, m := range input {
		r.add(m)
	}
	var functions []geminiFunction
	for _, tool := range o.Tools {
		parameters, err := parametersOf(tool)
		if err != nil {
			return r, err
		}
		functions = append(functions, geminiFunction{tool.Name, tool.Desc, parameters})
	}
	if len(functions) > 0 {
		r.Tools = []geminiTools{{functions}}
	}
	if forced(o) {
		r.ToolConfig = map[string]any{"functionCallingConfig": map[string]any{"mode": "ANY"}}
	}
	return r, nil
}

// signature is where a call keeps its thought signature.
const signature = "thought_signature"

// add appends a message; what one side says in a row is one content.
func (r *geminiRequest) add(m *schema.Message) {
	role, parts := "user", []geminiPart(nil)
	switch m.Role {
	case schema.System:
		r.System = &geminiContent{Parts: []geminiPart{{Text: m.Content}}}
		return
	case schema.Tool:
		parts = append(parts, geminiPart{Response: &geminiResponse{ID: m.ToolCallID, Name: m.ToolName, Response: map[string]any{"result": m.Content}}})
	case schema.Assistant:
		role = "model"
		if m.Content != "" || len(m.ToolCalls) == 0 {
			parts = append(parts, geminiPart{Text: m.Content})
		}
		for _, call := range m.ToolCalls {
			signed, _ := call.Extra[signature].(string)
			parts = append(parts, geminiPart{Call: &geminiCall{ID: call.ID, Name: call.Function.Name, Args: objectOf(call.Function.Arguments)}, Signature: signed})
		}
	default:
		parts = append(parts, geminiPart{Text: m.Content})
	}
	if n := len(r.Contents); n > 0 && r.Contents[n-1].Role == role {
		r.Contents[n-1].Parts = append(r.Contents[n-1].Parts, parts...)
		return
	}
	r.Contents = append(r.Contents, geminiContent{role, parts})
}

func (a *geminiAnswer) message() *schema.Message {
	in, out := a.Usage.Prompt, a.Usage.Candidates+a.Usage.Thoughts
	if len(a.Candidates) == 0 {
		finish := ""
		if a.Feedback.BlockReason != "" {
			finish = finishFiltered
		}
		return reply("", nil, finish, in, out)
	}
	first := a.Candidates[0]
	text, calls := "", []schema.ToolCall(nil)
	for i, p := range first.Content.Parts {
		switch {
		case p.Call != nil:
			call := schema.ToolCall{ID: p.Call.ID, Type: "function", Function: schema.FunctionCall{Name: p.Call.Name, Arguments: string(objectOf(string(p.Call.Args)))}}
			if call.ID == "" {
				call.ID = "call_" + strconv.Itoa(i)
			}
			if p.Signature != "" {
				call.Extra = map[string]any{signature: p.Signature}
			}
			calls = append(calls, call)
		case !p.Thought:
			text += p.Text
		}
	}
	finish := first.FinishReason
	switch finish {
	case "MAX_TOKENS":
		finish = finishLength
	case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII":
		finish = finishFiltered
	}
	return reply(text, calls, finish, in, out)
}
