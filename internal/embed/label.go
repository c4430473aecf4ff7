package embed

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"text/template"
	"unicode"

	"selfheal"
	"selfheal/internal/httpx"
)

const (
	maxLabelWords  = 8
	maxLabel       = 80        // characters
	maxTemplates   = 8         // of one cluster that the model is shown
	maxTemplate    = 300       // characters of one
	maxLabelAnswer = 256 << 10 // bytes
	temperature    = 0         // the same templates, the same label, as far as the provider can
)

//go:embed label.md.tmpl
var labelPrompt string

// Unlabelled is a cluster that wants a label.
type Unlabelled struct {
	Templates []string // of its members, the most central first
	Title     string   // of the most central member: the label when the model gives none
}

// Labeler asks a small model what the messages of a cluster have in common. The
// answer is a caption: it is shown, and changes nothing. Its budget is that of
// one run. It is safe for concurrent use.
type Labeler struct {
	config   LabelerConfig
	endpoint endpoint
	prompt   *template.Template

	mu    sync.Mutex
	usage Usage
}

// NewLabeler makes a Labeler; its arguments are those of [New].
func NewLabeler(c LabelerConfig, client *http.Client, scrub func(string) string, options ...Option) *Labeler {
	c = c.usable()
	e := newEndpoint(c.URL, "/chat/completions", client)
	e.settings, e.key, e.timeout, e.most = newSettings(options), c.APIKey, c.Timeout, maxLabelAnswer
	e.doing, e.scrub = "label clusters", scrubber(scrub)
	return &Labeler{config: c, endpoint: e, prompt: template.Must(template.New("label").Parse(labelPrompt))}
}

// Usage tells what was spent.
func (l *Labeler) Usage() Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.usage
}

// Label gives one label per cluster, always. Where the model was not asked,
// because the budget is spent (the error wraps ErrBudget) or the provider failed
// before, and where its answer is no label, it is the cluster's Title; the error
// says why the model was not asked, and may be left at that.
func (l *Labeler) Label(ctx context.Context, clusters []Unlabelled) ([]string, error) {
	labels := make([]string, len(clusters))
	var failed error
	for i, cluster := range clusters {
		labels[i] = cluster.Title
		if failed != nil {
			continue
		}
		if !l.take() {
			failed = &selfheal.Error{Code: selfheal.CodeUnavailable, Op: l.endpoint.doing,
				Message: fmt.Sprintf("%d of them keep the title of a member, max_clusters is %d", len(clusters)-i, l.config.MaxClusters),
				Hint:    "raise max_clusters", Err: ErrBudget}
			continue
		}
		said, err := l.ask(ctx, cluster)
		failed = err
		if label, ok := checked(said); ok {
			labels[i] = label
		}
	}
	return labels, failed
}

func (l *Labeler) take() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.usage.Texts >= l.config.MaxClusters {
		return false
	}
	l.usage.Texts++
	return true
}

// chat is the body of a request for a completion.
type chat struct {
	Model       string    `json:"model"`
	Messages    []message `json:"messages"`
	MaxTokens   int       `json:"max_tokens"`
	Temperature float64   `json:"temperature"`
	Stream      bool      `json:"stream"`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// completion is the part of the response that is needed.
type completion struct {
	Choices []struct {
		Message message `json:"message"`
	} `json:"choices"`
	Usage struct {
		TotalTokens int64 `json:"total_tokens"`
	} `json:"usage"`
}

// ask gives what the model said about a cluster.
func (l *Labeler) ask(ctx context.Context, cluster Unlabelled) (string, error) {
	system, user, err := l.messages(cluster)
	if err != nil {
		return "", err
	}
	var c completion
	err = l.endpoint.post(ctx, chat{
		Model: l.config.Model, MaxTokens: l.config.MaxTokens, Temperature: temperature,
		Messages: []message{{"system", system}, {"user", user}},
	}, &c)
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.usage.Requests++
	l.usage.Tokens += max(0, c.Usage.TotalTokens)
	if len(c.Choices) == 0 {
		return "", nil
	}
	return l.endpoint.scrub(c.Choices[0].Message.Content), nil
}

// messages renders the prompt. The fence is a hash of what it encloses, which no
// text can contain about itself, and each template is one JSON string, so that
// none can end its line.
func (l *Labeler) messages(cluster Unlabelled) (system, user string, err error) {
	var lines strings.Builder
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false) // masks stay readable: <num>
	for _, t := range cluster.Templates[:min(len(cluster.Templates), maxTemplates)] {
		if err := encoder.Encode(httpx.Clip(l.endpoint.scrub(t), maxTemplate)); err != nil {
			return "", "", fmt.Errorf("%s: encode template: %w", l.endpoint.doing, err)
		}
	}
	sum := sha256.Sum256([]byte(lines.String()))
	fence := "templates " + hex.EncodeToString(sum[:8])
	var prompt strings.Builder
	err = l.prompt.Execute(&prompt, struct {
		Fence string
		Words int
	}{fence, maxLabelWords})
	if err != nil {
		return "", "", fmt.Errorf("%s: render prompt: %w", l.endpoint.doing, err)
	}
	return prompt.String(), fence + "\n" + lines.String() + fence + "\n", nil
}

// checked gives an answer as a label, if it is one: a line of a few plain words.
// Whatever else a model says, or was made to say, is not shown.
func checked(said string) (label string, ok bool) {
	said = strings.TrimSpace(said)
	if n := len(said); n > 1 && said[0] == '"' && said[n-1] == '"' {
		said = said[1 : n-1]
	}
	said = strings.TrimSuffix(said, ".")
	words := strings.Fields(said)
	if !strings.ContainsFunc(said, unicode.IsLetter) || len(words) > maxLabelWords || len([]rune(said)) > maxLabel {
		return "", false
	}
	for _, c := range said {
		if !unicode.In(c, unicode.L, unicode.Nd, unicode.Mn) && !strings.ContainsRune(" -'&,%+()", c) {
			return "", false
		}
	}
	return strings.Join(words, " "), true
}
