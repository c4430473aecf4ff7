package slack

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/channel/channeltest"
	"selfheal/internal/httpx"
)

var update = flag.Bool("update", false, "rewrite golden files")

const token = "xoxb-0123456789-abcdef"

// workspace answers chat.postMessage as Slack does, and holds messages to the
// limits of Block Kit.
type workspace struct {
	*httptest.Server
	t        *testing.T
	mu       sync.Mutex
	fault    channeltest.Fault
	code     string // of an error under status 200
	messages []message
	raw      []string
}

func open(t *testing.T) *workspace {
	t.Helper()
	s := &workspace{t: t}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *workspace) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.URL.Path != "/api/chat.postMessage" || r.Header.Get("Authorization") != "Bearer "+token:
		fmt.Fprint(w, `{"ok":false,"error":"invalid_auth"}`)
	case s.fault == channeltest.Hanging:
		s.mu.Unlock()
		<-r.Context().Done()
		s.mu.Lock()
	case s.fault == channeltest.Passing:
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusTooManyRequests)
		fmt.Fprint(w, `{"ok":false,"error":"ratelimited"}`)
	case s.fault == channeltest.Lasting:
		fmt.Fprint(w, `{"ok":false,"error":"not_in_channel"}`)
	case s.code != "":
		fmt.Fprintf(w, `{"ok":false,"error":%q}`, s.code)
	default:
		var m message
		if err := json.Unmarshal(body, &m); err != nil {
			s.t.Errorf("%s: %v", body, err)
		}
		if err := valid(m); err != nil {
			s.t.Errorf("%v in %s", err, body)
		}
		s.messages, s.raw = append(s.messages, m), append(s.raw, string(body))
		fmt.Fprintf(w, `{"ok":true,"channel":"C01","ts":"1777637460.%06d","message":{}}`, len(s.messages))
	}
}

// valid checks a message by the limits of Block Kit.
func valid(m message) error {
	if len(m.Blocks) == 0 || len(m.Blocks) > 50 || m.Text == "" || m.Channel == "" || m.UnfurlLinks || m.LinkNames || m.Parse != "none" {
		return fmt.Errorf("%d blocks, text %q", len(m.Blocks), m.Text)
	}
	for _, b := range m.Blocks {
		size := 0
		if b.Text != nil {
			size = utf8.RuneCountInString(b.Text.Text)
		}
		switch {
		case b.Type == "header" && (size < 1 || size > 150 || b.Text.Type != "plain_text"):
			return fmt.Errorf("header of %d characters", size)
		case b.Type == "section" && (size < 1 || size > 3000 || b.Text.Type != "mrkdwn" || !b.Text.Verbatim):
			return fmt.Errorf("section of %d characters", size)
		case len(b.Elements) > 10 || b.Type == "actions" && len(b.Elements) == 0:
			return errors.New("number of elements")
		}
		for _, e := range b.Elements {
			if len(e.Value) > 2000 || len(e.URL) > 3000 || e.Type == "button" && e.ActionID == "" {
				return errors.New("button")
			}
		}
	}
	return nil
}

func (s *workspace) channel(change func(*Config)) *Channel {
	c := Config{URL: s.URL + "/api", Token: token, Channel: "C01", Buttons: true}
	if change != nil {
		change(&c)
	}
	made, err := New(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// texts are all texts of a message that Slack reads as mrkdwn.
func texts(m message) []string {
	all := []string{m.Text}
	for _, b := range m.Blocks {
		if b.Text != nil {
			all = append(all, b.Text.Text)
		}
		for _, e := range b.Elements {
			switch t := e.Text.(type) {
			case string:
				all = append(all, t)
			case map[string]any:
				all = append(all, fmt.Sprint(t["text"]))
			}
		}
	}
	return all
}

func (s *workspace) shown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, m := range s.messages {
		all = append(all, strings.Join(texts(m), "\n"))
	}
	return all
}

var ownLink = regexp.MustCompile(`<https?://[^<>|\s]+\|[^<>]*>`)

// acts says what in mrkdwn Slack would act on: a mention or command in angle
// brackets, a name after an @, a code block that is left open.
func acts(shown string) error {
	for line := range strings.SplitSeq(shown, "\n") {
		if left := ownLink.ReplaceAllString(line, ""); strings.ContainsAny(strings.TrimPrefix(left, "> "), "<>") {
			return fmt.Errorf("angle brackets in %q", line)
		}
	}
	for _, name := range []string{"@here", "@channel", "@everyone"} {
		outside := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`").ReplaceAllString(shown, "")
		if strings.Contains(outside, name) {
			return fmt.Errorf("%s in %q", name, shown)
		}
	}
	if strings.Count(shown, "```")%2 != 0 {
		return fmt.Errorf("code is left open in %q", shown)
	}
	return nil
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) *channeltest.Instance {
		s := open(t)
		return &channeltest.Instance{
			Channel: s.channel(nil), Shown: s.shown, Check: acts, Secrets: []string{token},
			Faults: []channeltest.Fault{channeltest.Passing, channeltest.Lasting, channeltest.Hanging},
			Break:  func(f channeltest.Fault) { s.mu.Lock(); s.fault = f; s.mu.Unlock() },
		}
	})
}

// journal remembers threads; it fails when told to.
type journal struct {
	threads map[string]string
	broken  bool
}

func (j *journal) Thread(_ context.Context, key string) (string, error) {
	if j.broken {
		return "", errors.New("disk full")
	}
	return j.threads[key], nil
}

func (j *journal) Remember(_ context.Context, key, timestamp string) error {
	if j.broken {
		return errors.New("disk full")
	}
	j.threads[key] = timestamp
	return nil
}

// TestOneThreadPerDeploy: also when the process was started again, and per channel.
func TestOneThreadPerDeploy(t *testing.T) {
	t.Parallel()
	s := open(t)
	kept := &journal{threads: map[string]string{}}
	notices := channeltest.Notices()
	tell := func(c *Channel, n selfheal.Notice) {
		t.Helper()
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	with := func(c *Config) { c.Threads = kept }
	first := s.channel(with)
	tell(first, notices[0])
	tell(first, notices[1])
	tell(s.channel(with), notices[3]) // after a restart
	other := notices[0]
	other.Deploy.Revision = "another"
	tell(first, other)
	tell(first, notices[6]) // about no deploy
	tell(s.channel(func(c *Config) { c.Threads, c.Channel = kept, "C02" }), notices[0])
	var got []string
	for _, m := range s.messages {
		got = append(got, fmt.Sprintf("%s %s %t", m.Channel, m.Thread, m.Broadcast))
	}
	want := []string{"C01  false", "C01 1777637460.000001 false", "C01 1777637460.000001 false", "C01  false", "C01  false", "C02  false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	kept.broken = true // what cannot be remembered is told anyway, and once
	third := notices[0]
	third.Deploy.Revision = "third"
	if retry, err := first.Notify(t.Context(), third); err == nil || !retry {
		t.Errorf("told although nobody knows whether there is a thread: %v", err)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.channel(nil)
	for range 2 {
		if _, err := c.Notify(t.Context(), channeltest.Notices()[0]); err != nil {
			t.Fatal(err)
		}
	}
	if s.messages[0].Broadcast || !s.messages[1].Broadcast || s.messages[1].Thread == "" {
		t.Errorf("%+v", s.messages)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	f := func(code string, wantRetry bool, hint string) {
		t.Helper()
		s := open(t)
		s.code = code
		retry, err := s.channel(nil).Notify(t.Context(), channeltest.Notices()[0])
		if err == nil || retry != wantRetry || !strings.Contains(selfheal.HintOf(err), hint) || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: retry %t, %v, hint %q", code, retry, err, selfheal.HintOf(err))
		}
	}
	f("channel_not_found", false, "ID")
	f("invalid_auth", false, "token")
	f("internal_error", true, "")
	f("ratelimited", true, "")
	f("something_new", false, "")
}

func TestConfig(t *testing.T) {
	t.Parallel()
	f := func(c Config, want string) {
		t.Helper()
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) || selfheal.CodeOf(err) != selfheal.CodeUsage {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f(Config{Token: "x"}, "needs a channel")
	f(Config{Channel: "C01"}, "needs a token")
	f(Config{Channel: "C01", Token: "a\nb"}, "needs a token")
	f(Config{URL: "http://slack.example.com", Channel: "C01", Token: "x"}, "in clear")
}

func TestSnoozeLabel(t *testing.T) {
	t.Parallel()
	f := func(d time.Duration, want string) {
		t.Helper()
		c := &Channel{config: Config{Snooze: d}}
		if got := c.snoozeButton("x").Text.(*text).Text; got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
	f(4*time.Hour, "Snooze 4h")
	f(30*time.Minute, "Snooze 30m")
	f(90*time.Minute, "Snooze 1h30m")
	f(10*time.Hour, "Snooze 10h")
	f(45*time.Second, "Snooze 45s")
}

func TestGolden(t *testing.T) {
	t.Parallel()
	s := open(t)
	c := s.channel(nil)
	for _, n := range channeltest.Notices() {
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	pretty, err := json.MarshalIndent(s.messages, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	channeltest.Golden(t, "testdata/notices.golden.json", string(pretty)+"\n", *update)
}

func FuzzRender(f *testing.F) {
	for _, hostile := range channeltest.Hostile() {
		f.Add(hostile, hostile)
	}
	c, err := New(Config{Token: httpx.Secret(token), Channel: "C01", Buttons: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, title, text string) {
		n := channeltest.Notices()[0]
		n.Title, n.Text, n.URL, n.Incident, n.Deploy.Service = title, text, text, title, title
		encoded, err := json.Marshal(c.render(n, ""))
		if err != nil {
			t.Fatal(err)
		}
		var m message
		if err := json.Unmarshal(encoded, &m); err != nil {
			t.Fatal(err)
		}
		if err := valid(m); err != nil {
			t.Fatal(err)
		}
		shown := strings.Join(texts(m), "\n")
		if err := errors.Join(channeltest.Inert(shown), acts(shown)); err != nil {
			t.Fatal(err)
		}
	})
}
