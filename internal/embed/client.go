package embed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"unicode/utf8"

	"selfheal"
)

const (
	maxVectors    = 64 << 20 // bytes of one answer
	maxDimensions = 16 << 10
)

// ErrBudget is the cause of the error that says that a budget is spent.
var ErrBudget = errors.New("the budget is spent")

// Usage is what a [Client] or a [Labeler] has cost so far.
type Usage struct {
	Requests int   // answered ones
	Texts    int   // sent to be embedded, or clusters to be labelled
	Cached   int   // that needed no request
	Tokens   int64 // as the provider counted them; 0 when it does not
}

// Client gives embeddings. Its budget is that of one run: make one for each run,
// and let them share a cache. It is safe for concurrent use.
type Client struct {
	config   Config
	endpoint endpoint

	mu         sync.Mutex
	dimensions int // of all vectors; 0 until the first
	usage      Usage
}

var _ selfheal.Embedder = (*Client)(nil)

// New makes a Client. What Validate refuses fails at the first request, numbers
// out of range are replaced. A nil client is http.DefaultClient's equal; it is
// copied, and never follows redirects to another host. scrub removes secrets from
// every text before it is sent; nil means redact.New().
func New(c Config, client *http.Client, scrub func(string) string, options ...Option) *Client {
	c = c.usable()
	e := newEndpoint(c.URL, "/embeddings", client)
	e.settings, e.key, e.timeout, e.most = newSettings(options), c.APIKey, c.Timeout, maxVectors
	e.doing, e.scrub = "embed texts", scrubber(scrub)
	if e.cache == nil {
		e.cache = NewMemory(defaultCached)
	}
	return &Client{config: c, endpoint: e}
}

// Usage tells what was spent.
func (c *Client) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// Embed implements [selfheal.Embedder]. Equal texts, and texts embedded before,
// cost nothing. When the budget is spent (the error wraps ErrBudget), or the
// provider fails midway, the vectors that there are come with the error, and nil
// stands for each of the others: give what matters most first.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	places := map[Key][]int{}
	var missing []Key
	sent := map[Key]string{}
	for i, text := range texts {
		text = c.prepare(text)
		key := Key{URL: c.endpoint.url, Model: c.config.Model, Text: sha256.Sum256([]byte(text))}
		if _, seen := places[key]; !seen {
			missing, sent[key] = append(missing, key), text
		}
		places[key] = append(places[key], i)
	}
	place := func(key Key, vector []float32) {
		for _, i := range places[key] {
			vectors[i] = vector
		}
	}
	return vectors, c.fill(ctx, c.known(missing, place), sent, place)
}

// prepare makes a text fit to leave the process. Secrets are removed from the
// whole before it is cut: half a secret is not recognised as one.
func (c *Client) prepare(text string) string {
	text = c.endpoint.scrub(text)
	if cut := c.config.MaxTextBytes; len(text) > cut {
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	if text == "" {
		return " " // which the API refuses to be empty
	}
	return text
}

// known places what the cache has, and gives the rest.
func (c *Client) known(keys []Key, place func(Key, []float32)) (missing []Key) {
	for _, key := range keys {
		vector, ok := c.endpoint.cache.Get(key)
		if !ok || c.fits(vector) != nil {
			missing = append(missing, key)
			continue
		}
		c.spend(Usage{Cached: 1})
		place(key, vector)
	}
	return missing
}

// fill asks for vectors, batch by batch, as far as the budget goes.
func (c *Client) fill(ctx context.Context, missing []Key, sent map[Key]string, place func(Key, []float32)) error {
	for len(missing) > 0 {
		n := c.take(min(len(missing), c.config.BatchSize))
		if n == 0 {
			return &selfheal.Error{Code: selfheal.CodeUnavailable, Op: c.endpoint.doing,
				Message: fmt.Sprintf("%d of them were not sent, max_texts is %d", len(missing), c.config.MaxTexts),
				Hint:    "raise max_texts, or accept that clusters lack the rest", Err: ErrBudget}
		}
		batch := make([]string, n)
		for i, key := range missing[:n] {
			batch[i] = sent[key]
		}
		vectors, err := c.batch(ctx, batch)
		if err != nil {
			return err
		}
		for i, key := range missing[:n] {
			c.endpoint.cache.Put(key, vectors[i])
			place(key, vectors[i])
		}
		missing = missing[n:]
	}
	return nil
}

// take reserves texts of the budget. What a failing provider was sent is spent too.
func (c *Client) take(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n = max(0, min(n, c.config.MaxTexts-c.usage.Texts))
	c.usage.Texts += n
	return n
}

func (c *Client) spend(u Usage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usage.Requests += u.Requests
	c.usage.Cached += u.Cached
	c.usage.Tokens += u.Tokens
}

// question is the body of a request for embeddings.
type question struct {
	Model          string   `json:"model"`
	Input          []string `json:"input"`
	EncodingFormat string   `json:"encoding_format"`
}

// answer is the part of the response that is needed.
type answer struct {
	Data []struct {
		Index     *int            `json:"index"`
		Embedding json.RawMessage `json:"embedding"`
	} `json:"data"`
	Usage struct {
		TotalTokens int64 `json:"total_tokens"`
	} `json:"usage"`
}

// batch asks for the vectors of one batch and checks them.
func (c *Client) batch(ctx context.Context, texts []string) ([][]float32, error) {
	var a answer
	if err := c.endpoint.post(ctx, question{Model: c.config.Model, Input: texts, EncodingFormat: "float"}, &a); err != nil {
		return nil, err
	}
	c.spend(Usage{Requests: 1, Tokens: max(0, a.Usage.TotalTokens)})
	vectors, err := c.vectors(a, len(texts))
	if err != nil {
		return nil, c.endpoint.failed("the answer cannot be used: "+err.Error(), "check that model is an embedding model", nil)
	}
	return vectors, nil
}

// vectors puts the embeddings in the order of the texts: each text must have
// exactly one, whatever the order they come in.
func (c *Client) vectors(a answer, n int) ([][]float32, error) {
	if len(a.Data) != n {
		return nil, fmt.Errorf("%d embeddings for %d texts", len(a.Data), n)
	}
	vectors := make([][]float32, n)
	for _, d := range a.Data {
		if d.Index == nil || *d.Index < 0 || *d.Index >= n || vectors[*d.Index] != nil {
			return nil, errors.New("the indexes of the embeddings are not those of the texts")
		}
		vector, err := parseVector(d.Embedding)
		if err != nil {
			return nil, err
		}
		if err := c.fits(vector); err != nil {
			return nil, err
		}
		vectors[*d.Index] = vector
	}
	return vectors, nil
}

// parseVector reads an array of numbers. A null, which stands for NaN in some
// servers' JSON, would be read as 0: it is refused like any other non-number.
func parseVector(text json.RawMessage) ([]float32, error) {
	var vector []float32
	if err := json.Unmarshal(text, &vector); err != nil || bytes.Contains(text, []byte("null")) {
		return nil, errors.New("an embedding is not an array of finite numbers")
	}
	for _, x := range vector {
		if v := float64(x); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, errors.New("an embedding is not an array of finite numbers")
		}
	}
	return vector, nil
}

// fits checks the length of a vector: all of one Client are comparable.
func (c *Client) fits(vector []float32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(vector)
	switch {
	case n == 0 || n > maxDimensions:
		return fmt.Errorf("an embedding of %d dimensions", n)
	case c.dimensions == 0:
		c.dimensions = n
	case c.dimensions != n:
		return fmt.Errorf("an embedding of %d dimensions among those of %d", n, c.dimensions)
	}
	return nil
}
