package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/source/backend"
)

// Line is one line of a fake log store.
type Line struct {
	Time time.Time
	Text string
}

// FaultHarness makes fakes of one log store, and sources that read them.
type FaultHarness struct {
	// Store makes a server of the store's protocol that holds these lines in one
	// stream. It gives at most three entries in one answer, where the protocol has pages.
	Store func(lines []Line) http.Handler
	// New makes a source that is connected so, and asks for about three entries at a time.
	New func(t *testing.T, c backend.Connection) selfheal.Source
	// IsPage tells requests for entries from those that prepare them; nil: all are.
	IsPage func(*http.Request) bool
	// Unpaged: the store gives everything at once.
	Unpaged bool
	// Plain: answers are text, in which a shape that is wrong is only another line.
	Plain bool
	// Dateless: whatever Date the store sends is of no use, because the source is no [selfheal.Clocked].
	Dateless bool
}

// faultTime is about when the fake stores' lines were written.
func faultTime() time.Time { return time.Date(2026, 11, 23, 9, 10, 0, 0, time.UTC) }

// faultInterval is what is read of them.
func faultInterval() selfheal.Interval {
	return selfheal.Interval{From: faultTime(), To: faultTime().Add(time.Hour)}
}

// faultLines has instants with several lines, equal ones among them, so that pages
// end within an instant, and a line at either side of the interval.
func faultLines() (lines []Line, inside []string) {
	add := func(offset time.Duration, texts ...string) {
		for _, text := range texts {
			lines = append(lines, Line{faultTime().Add(offset), text})
			if offset >= 0 && offset < time.Hour {
				inside = append(inside, text)
			}
		}
	}
	add(-time.Second, "before")
	add(0, "first at the very beginning")
	add(time.Second, "a", "b", "c", "d", "e")
	add(2*time.Second, "order 1 failed", "order 2 failed")
	add(2*time.Minute, "later")
	add(3*time.Minute, "x", "y", "z")
	add(time.Hour-time.Millisecond, "last")
	add(time.Hour, "after")
	return lines, inside
}

// RunFaults checks that a source gives either everything or an error, whatever is
// wrong with its store.
func RunFaults(t *testing.T, h FaultHarness) {
	lines, inside := faultLines()
	everything := func(name string, fault fault) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.read(t, h.Store(lines), fault)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if diff := cmp.Diff(inside, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
	broken := func(name string, fault fault) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := h.read(t, h.Store(lines), fault)
			if selfheal.CodeOf(err) != selfheal.CodeUnavailable {
				t.Errorf("Read gave %d lines and %v, want code %q", len(got), err, selfheal.CodeUnavailable)
			}
			if err != nil && selfheal.HintOf(err) == "" {
				t.Errorf("the error has no hint: %v", err)
			}
		})
	}
	everything("nothing is wrong", fault{})
	everything("429 with a time to wait", fault{first: answer(http.StatusTooManyRequests, "", "Retry-After", "7")})
	everything("500 once", fault{first: answer(http.StatusInternalServerError, "oops")})
	everything("broken off once", fault{first: cutOff})
	everything("a clock an hour off", fault{skew: time.Hour})
	broken("401", fault{always: answer(http.StatusUnauthorized, `{"message":"who are you?"}`)})
	broken("403", fault{always: answer(http.StatusForbidden, "no")})
	broken("404", fault{always: answer(http.StatusNotFound, "no such page")})
	broken("500 for ever", fault{always: answer(http.StatusInternalServerError, "oops")})
	broken("429 for ever", fault{always: answer(http.StatusTooManyRequests, "", "Retry-After", "7")})
	broken("broken off for ever", fault{always: cutOff})
	broken("slow", fault{slow: true})
	broken("an empty body", fault{always: answer(http.StatusOK, "")})
	if !h.Plain {
		broken("truncated", fault{halve: true})
		broken("of another shape", fault{always: answer(http.StatusOK, `{"hello":"world"}`)})
		broken("a list of another shape", fault{always: answer(http.StatusOK, `[{"hello":"world"}]`)})
		broken("a web page", fault{always: answer(http.StatusOK, "<html>sign in</html>", "Content-Type", "text/html")})
	}
	if !h.Unpaged {
		everything("a page twice", fault{repeatAfter: 1, repeats: 1})
		broken("a page for ever", fault{repeatAfter: 1, repeats: 1 << 30})
	}
	t.Run("nobody listens", func(t *testing.T) { t.Parallel(); h.unreachable(t, refusedConnection) })
	t.Run("the name is gone", func(t *testing.T) { t.Parallel(); h.unreachable(t, unknownName) })
	t.Run("an empty store is no error", func(t *testing.T) { t.Parallel(); h.nothing(t) })
	if !h.Dateless {
		t.Run("the clock's skew is told", func(t *testing.T) { t.Parallel(); h.skewed(t) })
	}
}

// read reads a store through its fault.
func (h FaultHarness) read(t *testing.T, store http.Handler, f fault) ([]string, error) {
	server := httptest.NewServer(&faulty{fault: f, next: store, isPage: h.isPage})
	t.Cleanup(server.Close)
	c := Connection(server.URL)
	if f.slow {
		c.Timeout = 50 * time.Millisecond
	}
	return linesOf(t, h.New(t, c))
}

// Connection leads to a fake store. It waits for nothing: a store answers at once, or never.
func Connection(url string) backend.Connection {
	return backend.Connection{
		URL: url, Timeout: 20 * time.Second,
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}

func (h FaultHarness) isPage(r *http.Request) bool { return h.IsPage == nil || h.IsPage(r) }

func linesOf(t *testing.T, s selfheal.Source) ([]string, error) {
	var got []string
	q := selfheal.Query{Service: "shop", Environment: "production", Interval: faultInterval()}
	err := s.Read(t.Context(), q, func(e *selfheal.Entry) error {
		if e.Time.Before(q.Interval.From) || !e.Time.Before(q.Interval.To) {
			return fmt.Errorf("an entry of %s is outside of the interval", e.Time)
		}
		text := string(e.Line)
		if e.Record != nil {
			text = string(e.Record.Message)
		}
		got = append(got, text)
		return nil
	})
	return got, err
}

func (h FaultHarness) unreachable(t *testing.T, dial func(context.Context, string, string) (net.Conn, error)) {
	c := Connection("http://127.0.0.1:1")
	c.HTTP = &http.Client{Transport: &http.Transport{DialContext: dial}}
	got, err := linesOf(t, h.New(t, c))
	if selfheal.CodeOf(err) != selfheal.CodeUnavailable || selfheal.HintOf(err) == "" {
		t.Errorf("Read gave %d lines and %v (hint %q)", len(got), err, selfheal.HintOf(err))
	}
}

func refusedConnection(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func unknownName(context.Context, string, string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "logs.example.com", IsNotFound: true}}
}

func (h FaultHarness) nothing(t *testing.T) {
	got, err := h.read(t, h.Store(nil), fault{})
	if err != nil || len(got) != 0 {
		t.Errorf("Read gave %q and %v", got, err)
	}
}

func (h FaultHarness) skewed(t *testing.T) {
	lines, _ := faultLines()
	server := httptest.NewServer(&faulty{fault: fault{skew: time.Hour}, next: h.Store(lines), isPage: h.isPage})
	t.Cleanup(server.Close)
	clocked, ok := h.New(t, Connection(server.URL)).(selfheal.Clocked)
	if !ok {
		t.Fatal("the source does not compare clocks")
	}
	skew, err := clocked.Skew(t.Context())
	if off := (skew - time.Hour).Abs(); err != nil || off > 30*time.Second {
		t.Errorf("Skew gave %s and %v", skew, err)
	}
}

// fault is what is wrong with a store.
type fault struct {
	first, always http.HandlerFunc
	slow          bool          // it never answers
	halve         bool          // every answer is cut in the middle, as if it were whole
	skew          time.Duration // of the clock
	// After this many answers the one before is given again, so many times.
	repeatAfter, repeats int
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body)) // a client that is gone is the test's to notice
	}
}

func cutOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// faulty is a store with a fault. Only pages of entries are given twice; any other
// fault is one of all requests.
type faulty struct {
	fault  fault
	next   http.Handler
	isPage func(*http.Request) bool

	mu       sync.Mutex
	asked    int
	pages    int
	repeated int
	last     *httptest.ResponseRecorder
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.fault.slow {
		_, _ = io.Copy(io.Discard, r.Body) // only then a server notices that its client is gone
		<-r.Context().Done()
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	switch {
	case f.fault.always != nil:
		f.fault.always(w, r)
	case f.fault.first != nil && f.asked == 1:
		f.fault.first(w, r)
	default:
		f.answer(w, f.page(r))
	}
}

// page is the store's answer to a request, or the one it gave before.
func (f *faulty) page(r *http.Request) *httptest.ResponseRecorder {
	recorded := httptest.NewRecorder()
	if again := f.last; again != nil && f.pages >= f.fault.repeatAfter && f.repeated < f.fault.repeats && f.isPage(r) {
		f.repeated++
		return again
	}
	f.next.ServeHTTP(recorded, r)
	if f.isPage(r) && f.fault.repeats > 0 {
		f.pages++
		f.last = recorded
	}
	return recorded
}

func (f *faulty) answer(w http.ResponseWriter, recorded *httptest.ResponseRecorder) {
	body := recorded.Body.Bytes()
	if f.fault.halve {
		body = bytes.TrimRight(body, "\n ")
		body = body[:len(body)-len(body)/2-len(body)%2]
	}
	maps.Copy(w.Header(), recorded.Header())
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if f.fault.skew != 0 {
		w.Header().Set("Date", time.Now().Add(f.fault.skew).UTC().Format(http.TimeFormat))
	}
	w.WriteHeader(recorded.Code)
	_, _ = w.Write(body)
}

// Answering is a connection to a server that gives these answers until the test ends.
func Answering(t *testing.T, answer http.HandlerFunc) backend.Connection {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return Connection(server.URL)
}
