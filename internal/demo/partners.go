package demo

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// partners is the outside world of the service: its payment provider and its
// warehouse, in one HTTP server on loopback. The service reaches them under their
// own names, because the server poses as its HTTP proxy.
//
// What happens to a request depends on the weather and on the request's trace id
// alone, so that the same traffic meets the same faults however fast it comes.
type partners struct {
	server   *http.Server
	url      string
	weather  atomic.Pointer[weather]
	mu       sync.Mutex
	hiccuped map[string]bool // orders whose first attempt to charge has failed
}

const (
	paymentHost   = "payments.example.com"
	warehouseHost = "warehouse.example.com"
)

func startPartners() (*partners, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &partners{url: "http://" + listener.Addr().String(), hiccuped: make(map[string]bool)}
	p.weather.Store(&calm)
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+paymentHost+"/v1/charges", p.charge)
	mux.HandleFunc("POST "+warehouseHost+"/v1/reservations", p.reserve)
	p.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

// close ends the server and all its connections.
func (p *partners) close() error {
	if err := p.server.Close(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *partners) charge(w http.ResponseWriter, r *http.Request) {
	now, fate, kind := p.weather.Load(), chance(r, 0), chance(r, 8)
	switch {
	case fate < now.chargeFails:
		fail(w, r, kind)
	case fate < now.chargeFails+now.chargeHiccups && p.firstAttempt(r.Header.Get("Idempotency-Key")):
		w.WriteHeader(http.StatusServiceUnavailable)
	case fate > 1-now.declined:
		w.WriteHeader(http.StatusPaymentRequired)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}

func (p *partners) reserve(w http.ResponseWriter, r *http.Request) {
	now, fate, kind := p.weather.Load(), chance(r, 16), chance(r, 24)
	switch {
	case fate < now.stockFails:
		fail(w, r, kind)
	case fate > 1-now.soldOut:
		w.WriteHeader(http.StatusConflict)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}

// fail mostly says so, and now and then does not answer at all.
func fail(w http.ResponseWriter, r *http.Request, kind float64) {
	switch {
	case kind < .55:
		w.WriteHeader(http.StatusServiceUnavailable)
	case kind < .95:
		w.WriteHeader(http.StatusGatewayTimeout)
	default:
		hang(r)
	}
}

// hang keeps the caller waiting until its patience ends.
func hang(r *http.Request) {
	// The server notices that the caller has left only once the body is read.
	_, _ = io.Copy(io.Discard, r.Body)
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	<-ctx.Done()
}

func (p *partners) firstAttempt(order string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.hiccuped[order] {
		delete(p.hiccuped, order)
		return false
	}
	p.hiccuped[order] = true
	return true
}

// chance reads eight digits of the trace id as a number in [0, 1).
func chance(r *http.Request, digit int) float64 {
	trace := r.Header.Get("X-Request-Id")
	if len(trace) < digit+8 {
		return .5
	}
	n, err := strconv.ParseUint(trace[digit:digit+8], 16, 32)
	if err != nil {
		return .5
	}
	return float64(n) / (1 << 32)
}
