package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/cloudwego/eino/adk"
	"github.com/cloudwego/eino/components/tool"
	"github.com/cloudwego/eino/compose"
	"github.com/cloudwego/eino/schema"
	"github.com/eino-contrib/jsonschema"

	"selfheal"
	"selfheal/internal/httpx"
)

const (
	maxResult = 24 << 10 // bytes of a result that a model is shown: about 7,000 tokens
	cutMark   = "\n… cut: %d bytes more; ask for less"
)

// describe puts tools into Eino's words, with how many bytes they take in a request.
func describe(tools []selfheal.Tool) (infos []*schema.ToolInfo, bytes int, err error) {
	for _, t := range tools {
		var parameters jsonschema.Schema
		if err := json.Unmarshal(t.Parameters, &parameters); err != nil {
			return nil, 0, fmt.Errorf("tool %s: parameters: %w", t.Name, err)
		}
		infos = append(infos, &schema.ToolInfo{Name: t.Name, Desc: t.Description, ParamsOneOf: schema.NewParamsOneOfByJSONSchema(&parameters)})
		bytes += len(t.Name) + len(t.Description) + len(t.Parameters)
	}
	return infos, bytes, nil
}

func (s *session) agentConfig() *adk.ChatModelAgentConfig {
	var tools []tool.BaseTool
	for i := range s.task.Tools {
		tools = append(tools, &sessionTool{s, &s.task.Tools[i], s.infos[i], false})
	}
	tools = append(tools, &sessionTool{s, &s.task.Submit, s.infos[len(s.infos)-1], true})
	c := &adk.ChatModelAgentConfig{
		Name: s.task.Role, Description: "works on one task", Model: s,
		// The session ends the loop; this is only a second bolt on the door.
		MaxIterations: len(s.before.turns) + max(s.budget.Turns, 1000) + 2,
	}
	c.ToolsConfig.Tools = tools
	c.ToolsConfig.ExecuteSequentially = true
	c.ToolsConfig.UnknownToolsHandler = func(_ context.Context, name, _ string) (string, error) {
		var names []string
		for _, info := range s.infos {
			names = append(names, info.Name)
		}
		return fmt.Sprintf("There is no tool %q. There are: %s.", httpx.Clip(s.fence.defuse(name), 60), strings.Join(names, ", ")), nil
	}
	return c
}

// sessionTool is a tool as Eino calls it.
type sessionTool struct {
	session *session
	tool    *selfheal.Tool
	info    *schema.ToolInfo
	submit  bool
}

// Info implements [tool.BaseTool].
func (t *sessionTool) Info(context.Context) (*schema.ToolInfo, error) { return t.info, nil }

// InvokableRun implements [tool.InvokableTool].
func (t *sessionTool) InvokableRun(ctx context.Context, arguments string, _ ...tool.Option) (string, error) {
	s := t.session
	id := compose.GetToolCallID(ctx)
	before := s.before.results[resultKey(s.turn, id)]
	if before != nil && !t.submit {
		return t.shown(before), t.again(ctx, arguments, before)
	}
	// A submission is looked at again even if an earlier run did: its check is the
	// caller's, who wants to know what was accepted.
	result := &ResultRecord{Turn: s.turn, Call: id, Name: t.tool.Name}
	text, err := t.run(ctx, arguments)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		text, result.Failed = "error: "+err.Error(), true
	}
	if t.submit && err == nil {
		s.submitted = []byte(arguments)
	}
	result.Text = cut(s.harness.outside.scrub(text))
	if before == nil {
		if err := s.transcript.append(Record{Result: result}); err != nil {
			return "", err
		}
	}
	return t.shown(result), nil
}

// again repeats the effect of a call of an earlier run.
func (t *sessionTool) again(ctx context.Context, arguments string, before *ResultRecord) error {
	if !t.tool.Again || before.Failed {
		return nil
	}
	if _, err := t.run(ctx, arguments); err != nil {
		return fmt.Errorf("do %s again: %w", t.tool.Name, err)
	}
	return nil
}

func (t *sessionTool) run(ctx context.Context, arguments string) (string, error) {
	switch {
	case t.session.submitted != nil:
		return "", fmt.Errorf("the task has ended: %s was accepted", t.session.task.Submit.Name)
	case t.session.last != "" && !t.submit:
		return "", fmt.Errorf("this was the last turn: only %s was left", t.session.task.Submit.Name)
	case !isObject(arguments):
		return "", fmt.Errorf("the arguments are not a JSON object")
	}
	return t.tool.Run(ctx, []byte(arguments))
}

// shown fences what the program did not write itself.
func (t *sessionTool) shown(r *ResultRecord) string {
	if t.tool.Trusted || t.submit {
		return t.session.fence.defuse(r.Text)
	}
	return t.session.fence.around("result of "+t.tool.Name, r.Text)
}

// cut bounds a result, at the end of a line if there is one.
func cut(text string) string {
	if len(text) <= maxResult {
		return text
	}
	at := strings.LastIndexByte(text[:maxResult], '\n')
	if at < maxResult/2 {
		at = maxResult
	}
	return strings.ToValidUTF8(text[:at], "") + fmt.Sprintf(cutMark, len(text)-at)
}
