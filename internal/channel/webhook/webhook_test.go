package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/channel/channeltest"
	"selfheal/internal/httpx"
)

var update = flag.Bool("update", false, "rewrite golden files")

const key = "a key of thirty-two bytes, no more"

var (
	secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(key))
	now    = time.Date(2026, 5, 1, 12, 11, 0, 0, time.UTC)
)

// receiver checks signatures like any receiver of Standard Webhooks.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
	ids    []string
	read   []string // of the bodies that were looked at
	fault  channeltest.Fault
	t      *testing.T
}

func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{t: t}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	fault := r.fault
	r.mu.Unlock()
	switch fault {
	case channeltest.Passing:
		w.Header().Set("Retry-After", "2")
		http.Error(w, "later "+secret, http.StatusServiceUnavailable)
		return
	case channeltest.Lasting:
		http.Error(w, "no "+secret, http.StatusForbidden)
		return
	case channeltest.Hanging:
		_, _ = io.Copy(io.Discard, request.Body)
		<-request.Context().Done()
		return
	}
	body, _ := io.ReadAll(request.Body)
	id, stamp := request.Header.Get("webhook-id"), request.Header.Get("webhook-timestamp")
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + stamp + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); request.Header.Get("webhook-signature") != want || stamp != "1777637460" {
		r.t.Errorf("signature %q of %s at %s, want %q", request.Header.Get("webhook-signature"), id, stamp, want)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bodies, r.ids = append(r.bodies, string(body)), append(r.ids, id)
}

func (r *receiver) channel() *Channel {
	c, err := New(Config{URL: httpx.Secret(r.URL + "/in/0123456789"), Secret: httpx.Secret(secret), Clock: func() time.Time { return now }})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// shown are all texts of the payloads.
func (r *receiver) shown() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, body := range r.bodies[len(r.read):] {
		var p payload
		if err := json.Unmarshal([]byte(body), &p); err != nil {
			r.t.Errorf("%q: %v", body, err)
		}
		r.read = append(r.read, strings.Join([]string{p.Data.Title, p.Data.Text, p.Data.URL, p.Data.Deploy.Service}, "\n"))
	}
	return append([]string(nil), r.read...)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) *channeltest.Instance {
		r := receive(t)
		return &channeltest.Instance{
			Channel: r.channel(), Shown: r.shown, Secrets: []string{secret, key, "0123456789"},
			Faults: []channeltest.Fault{channeltest.Passing, channeltest.Lasting, channeltest.Hanging},
			Break:  func(f channeltest.Fault) { r.mu.Lock(); r.fault = f; r.mu.Unlock() },
		}
	})
}

func TestSameNoticeSameID(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := r.channel()
	for _, n := range []selfheal.Notice{channeltest.Notices()[0], channeltest.Notices()[0], channeltest.Notices()[1]} {
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if r.ids[0] != r.ids[1] || r.ids[1] == r.ids[2] {
		t.Errorf("ids: %v", r.ids)
	}
}

// TestNoRedirects: a receiver cannot send a notice on to another address.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	other := receive(t)
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(s.Close)
	c, err := New(Config{URL: httpx.Secret(s.URL), Secret: httpx.Secret(secret)})
	if err != nil {
		t.Fatal(err)
	}
	retry, err := c.Notify(t.Context(), channeltest.Notices()[0])
	if err == nil || retry || !strings.Contains(selfheal.HintOf(err), "redirects") || len(other.shown()) != 0 {
		t.Errorf("retry %t, %v", retry, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	f := func(url, secret, want string) {
		t.Helper()
		_, err := New(Config{URL: httpx.Secret(url), Secret: httpx.Secret(secret)})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) || err != nil && selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
	f("https://example.com/x", secret, "")
	f("https://example.com/x", "not encoded but long", "")
	f("http://127.0.0.1:9/x", secret, "")
	f("http://example.com/x", secret, "in clear")
	f("https://ada:pw@example.com/x", secret, "not an address")
	f("file:///etc/passwd", secret, "not an address")
	f("https://example.com/x", "", "shorter than")
	f("https://example.com/x", "whsec_!!!!!!!!!!!!", "no base64")
}

func TestGolden(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := r.channel()
	for _, n := range channeltest.Notices() {
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	channeltest.Golden(t, "testdata/notices.golden.jsonl", strings.Join(r.bodies, "\n")+"\n", *update)
}
