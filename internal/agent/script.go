package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cloudwego/eino/components/model"
	"github.com/cloudwego/eino/schema"
	"go.yaml.in/yaml/v4"

	"selfheal"
)

// play is a model that answers from files: for tests, and to rehearse a
// configuration without paying. What it plays depends on how many answers the
// conversation holds, so that it goes on where a run that was killed stopped.
type play struct {
	turns []scriptTurn

	mu    sync.Mutex
	tries map[int]int // failed calls per turn
}

// scriptTurn is one answer of a script.
type scriptTurn struct {
	// Expect are texts that must occur in what the model is shown, Absent ones that must not.
	Expect []string `yaml:"expect"`
	Absent []string `yaml:"absent"`
	// Capture finds values in what the model is shown: name to regular expression, of
	// which the first group is kept. {{name}} in the answer stands for it.
	Capture map[string]string `yaml:"capture"`
	// Errors are calls that fail before the answer comes.
	Errors []scriptError `yaml:"errors"`
	Say    string        `yaml:"say"`
	Calls  []scriptCall  `yaml:"calls"`
	Usage  struct {
		In  int `yaml:"in"`
		Out int `yaml:"out"`
	} `yaml:"usage"`
	Finish string `yaml:"finish"`
}

type scriptCall struct {
	Name      string         `yaml:"name"`
	Arguments map[string]any `yaml:"arguments"`
	Raw       string         `yaml:"raw"` // instead of Arguments: text that need not be JSON
}

type scriptError struct {
	Message string            `yaml:"message"`
	Again   bool              `yaml:"again"`
	Refused bool              `yaml:"refused"`
	After   selfheal.Duration `yaml:"after"`
}

// newScript reads a file with a list of turns, or all files of a folder in the order of their names.
func newScript(path string) (*play, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, selfheal.Usagef("name the file or folder with its turns", "the script cannot be read: %v", err)
	}
	files := []string{path}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, fmt.Errorf("script: %w", err)
		}
		files = files[:0]
		for _, e := range entries {
			if ext := filepath.Ext(e.Name()); ext == ".yaml" || ext == ".yml" || ext == ".json" {
				files = append(files, filepath.Join(path, e.Name()))
			}
		}
	}
	p := &play{tries: map[int]int{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("script: %w", err)
		}
		var turns []scriptTurn
		if err := yaml.Load(text, &turns, yaml.WithV4Defaults(), yaml.WithKnownFields()); err != nil {
			return nil, selfheal.Usagef("a script is a list of turns with say, calls, expect, absent, capture, errors, usage and finish", "script %s: %v", file, err)
		}
		p.turns = append(p.turns, turns...)
	}
	return p, nil
}

// Generate implements [model.BaseChatModel].
func (p *play) Generate(_ context.Context, input []*schema.Message, options ...model.Option) (*schema.Message, error) {
	n, shown := 0, new(strings.Builder)
	for _, m := range input {
		if m.Role == schema.Assistant {
			n++
		}
		shown.WriteString(m.Content + "\n")
	}
	if n >= len(p.turns) {
		return nil, &callError{message: fmt.Sprintf("the script has %d turns and was asked for one more", len(p.turns)), hint: "add a turn to the script"}
	}
	turn := p.turns[n]
	if e := p.fails(n, turn); e != nil {
		return nil, e
	}
	if err := turn.check(shown.String()); err != nil {
		return nil, &callError{message: fmt.Sprintf("turn %d of the script: %v", n+1, err), hint: "the script expects to be shown something else"}
	}
	values, err := turn.captured(shown.String())
	if err != nil {
		return nil, &callError{message: fmt.Sprintf("turn %d of the script: %v", n+1, err), hint: "the script expects to be shown something else"}
	}
	o := model.GetCommonOptions(&model.Options{}, options...)
	return turn.message(n, values, o)
}

// fails gives the next of the turn's failures, each once.
func (p *play) fails(n int, turn scriptTurn) *callError {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries[n] >= len(turn.Errors) {
		return nil
	}
	e := turn.Errors[p.tries[n]]
	p.tries[n]++
	return &callError{message: e.Message, again: e.Again, refused: e.Refused, after: timeOf(e.After)}
}

func (t scriptTurn) check(shown string) error {
	var wrong []error
	for _, text := range t.Expect {
		if !strings.Contains(shown, text) {
			wrong = append(wrong, fmt.Errorf("it was not shown %q", text))
		}
	}
	for _, text := range t.Absent {
		if strings.Contains(shown, text) {
			wrong = append(wrong, fmt.Errorf("it was shown %q", text))
		}
	}
	return errors.Join(wrong...)
}

func (t scriptTurn) captured(shown string) (map[string]string, error) {
	values := map[string]string{}
	for name, pattern := range t.Capture {
		expression, err := regexp.Compile(pattern)
		if err != nil {
			return nil, fmt.Errorf("capture %s: %w", name, err)
		}
		found := expression.FindStringSubmatch(shown)
		if len(found) < 2 {
			return nil, fmt.Errorf("capture %s finds nothing", name)
		}
		values[name] = found[1]
	}
	return values, nil
}

func (t scriptTurn) message(n int, values map[string]string, o *model.Options) (*schema.Message, error) {
	var pairs []string
	for name, value := range values {
		pairs = append(pairs, "{{"+name+"}}", value)
	}
	fill := strings.NewReplacer(pairs...)
	var calls []schema.ToolCall
	for i, c := range t.Calls {
		if forced(o) && !slices.ContainsFunc(o.Tools, func(tool *schema.ToolInfo) bool { return tool.Name == c.Name }) {
			continue // real models cannot call what they are not given
		}
		arguments := c.Raw
		if arguments == "" {
			filled, err := json.Marshal(fillAll(c.Arguments, fill))
			if err != nil {
				return nil, &callError{message: fmt.Sprintf("turn %d of the script: %v", n+1, err)}
			}
			arguments = string(filled)
		}
		calls = append(calls, schema.ToolCall{ID: "call_" + strconv.Itoa(n+1) + "_" + strconv.Itoa(i+1), Type: "function", Function: schema.FunctionCall{Name: c.Name, Arguments: arguments}})
	}
	return reply(fill.Replace(t.Say), calls, t.Finish, t.Usage.In, t.Usage.Out), nil
}

// fillAll replaces captured values in every text of the arguments.
func fillAll(value any, fill *strings.Replacer) any {
	switch v := value.(type) {
	case string:
		return fill.Replace(v)
	case []any:
		filled := make([]any, len(v))
		for i := range v {
			filled[i] = fillAll(v[i], fill)
		}
		return filled
	case map[string]any:
		filled := make(map[string]any, len(v))
		for key := range v {
			filled[key] = fillAll(v[key], fill)
		}
		return filled
	}
	return value
}

// Stream implements [model.BaseChatModel].
func (p *play) Stream(ctx context.Context, input []*schema.Message, options ...model.Option) (*schema.StreamReader[*schema.Message], error) {
	return streamed(p.Generate(ctx, input, options...))
}
