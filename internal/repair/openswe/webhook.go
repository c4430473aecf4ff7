package openswe

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

// maxCall is how much of a call is read: a run with its whole conversation may be
// in it, and the thread's id is all that counts.
const maxCall = 8 << 20

// hooks hears the server say that a run ended. What it says is not believed: a
// call makes the waiting look again, and no more.
type hooks struct {
	token httpx.Secret
	mu    sync.Mutex
	waits map[string]context.CancelFunc // by thread
	users int                           // of the listener
	close func()
}

func newHooks(token httpx.Secret) *hooks {
	return &hooks{token: token, waits: map[string]context.CancelFunc{}}
}

// wait gives a context that ends when the server calls about a thread.
func (h *hooks) wait(ctx context.Context, thread string) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waits[thread] = cancel
	return ctx, func() {
		cancel()
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waits, thread)
	}
}

// ServeHTTP takes the call: a run as JSON, whatever its content type says.
func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if r.Method != http.MethodPost || h.token == "" || subtle.ConstantTimeCompare([]byte(token), []byte(h.token)) != 1 {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var call struct {
		Thread string `json:"thread_id"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, maxCall)).Decode(&call); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if wake := h.waits[call.Thread]; wake != nil {
		wake()
	}
	w.WriteHeader(http.StatusNoContent)
}

// listen serves the webhook while runs go, where one is configured.
func (h *hooks) listen(address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users == 0 {
		if h.close, err = h.serve(address); err != nil {
			return nil, err
		}
	}
	h.users++
	return h.leave, nil
}

// leave ends the listener with the last who needs it.
func (h *hooks) leave() {
	h.mu.Lock()
	h.users--
	last, stop := h.users == 0, h.close
	h.mu.Unlock()
	if last {
		stop()
	}
}

func (h *hooks) serve(address string) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &selfheal.Error{
			Code: selfheal.CodeUsage, Op: "listen for Open SWE", Message: "cannot listen on " + address,
			Hint: "set repair.open_swe.webhook.listen to an address of this machine that is free, or leave webhook out", Err: err,
		}
	}
	server := &http.Server{Handler: h, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	return func() {
		// Calls that come too late find nobody, and nobody needs them.
		_ = errors.Join(server.Close(), <-ended)
	}, nil
}
