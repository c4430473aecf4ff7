package backend

import (
	"context"
	"net/http"
	"sync"
	"time"

	"selfheal"
)

// observer makes requests, and compares the time in their answers with ours.
type observer struct {
	next http.RoundTripper
	now  selfheal.Clock

	mu    sync.Mutex
	skew  time.Duration
	known bool
}

// RoundTrip implements [http.RoundTripper].
func (o *observer) RoundTrip(r *http.Request) (*http.Response, error) {
	next := o.next
	if next == nil {
		next = http.DefaultTransport
	}
	sent := o.now()
	response, err := next.RoundTrip(r)
	if err == nil {
		o.see(response.Header.Get("Date"), sent, o.now())
	}
	return response, err
}

// see notes the difference. The header is cut to the second (RFC 9110 section
// 5.6.7), so that its time is half a second later in the mean; it was written about
// halfway between question and answer.
func (o *observer) see(date string, sent, received time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return
	}
	ours := sent.Add(received.Sub(sent) / 2)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.skew, o.known = theirs.Add(500*time.Millisecond).Sub(ours), true
}

// Skew is how far the store's clock is ahead of ours, by its last answer, after
// probe has asked it something. Stores that send no Date are CodeUnavailable.
func (c *Client) Skew(ctx context.Context, probe func(context.Context) error) (time.Duration, error) {
	if err := probe(ctx); err != nil {
		return 0, err
	}
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	if !c.clock.known {
		return 0, &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "compare clocks", Message: c.name + " does not say what time it is"}
	}
	return c.clock.skew, nil
}
