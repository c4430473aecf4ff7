package embed

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// provider is a small real server of the API: /v1/embeddings and
// /v1/chat/completions. It keeps what it was asked.
type provider struct {
	*httptest.Server
	// before may answer in the provider's place; it gets the number of the request, from 1.
	before func(n int, w http.ResponseWriter, r *http.Request) (answered bool)
	// change may change the embeddings before they are sent.
	change func(data []map[string]any) []map[string]any
	// label is what the chat model says; the templates' fence is in the request.
	label string

	mu       sync.Mutex
	requests []map[string]any
	headers  []http.Header
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{label: "Database connections are refused"}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/embeddings", p.embeddings)
	mux.HandleFunc("POST /v1/chat/completions", p.completions)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) url() string { return p.URL + "/v1" }

// note keeps a request; false when before has answered it.
func (p *provider) note(w http.ResponseWriter, r *http.Request) (map[string]any, bool) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, false
	}
	p.mu.Lock()
	p.requests, p.headers = append(p.requests, body), append(p.headers, r.Header)
	n := len(p.requests)
	p.mu.Unlock()
	return body, p.before == nil || !p.before(n, w, r)
}

// embeddings answers as OpenAI documents it; Ollama and vLLM answer the same members.
func (p *provider) embeddings(w http.ResponseWriter, r *http.Request) {
	body, ok := p.note(w, r)
	if !ok {
		return
	}
	var data []map[string]any
	for i, text := range body["input"].([]any) {
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": vectorOf(text.(string))})
	}
	if p.change != nil {
		data = p.change(data)
	}
	respond(w, map[string]any{"object": "list", "model": body["model"], "data": data, "usage": map[string]any{"prompt_tokens": 5, "total_tokens": 5}})
}

func (p *provider) completions(w http.ResponseWriter, r *http.Request) {
	body, ok := p.note(w, r)
	if !ok {
		return
	}
	respond(w, map[string]any{
		"id": "chatcmpl-1", "object": "chat.completion", "created": 1764000000, "model": body["model"],
		"choices": []any{map[string]any{"index": 0, "message": map[string]any{"role": "assistant", "content": p.label}, "finish_reason": "stop"}},
		"usage":   map[string]any{"prompt_tokens": 90, "completion_tokens": 6, "total_tokens": 96},
	})
}

func respond(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

// refuse answers with an error as OpenAI documents it.
func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"message":%q,"type":"invalid_request_error","param":null,"code":%q}}`, message, code)
}

// vectorOf gives each text a vector of its own.
func vectorOf(text string) []float32 {
	h := fnv.New32a()
	h.Write([]byte(text))
	sum := h.Sum32()
	return []float32{float32(sum&0xff) + 0.5, float32(sum >> 8 & 0xff), float32(sum >> 16 & 0xff), float32(sum >> 24)}
}

// inputs lists all texts that were sent.
func (p *provider) inputs() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		for _, text := range r["input"].([]any) {
			texts = append(texts, text.(string))
		}
	}
	return texts
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.requests)
}

// naps records how long a client wanted to sleep, and does not.
type naps struct {
	mu  sync.Mutex
	all []time.Duration
}

func (n *naps) sleep(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, d)
	return ctx.Err()
}
