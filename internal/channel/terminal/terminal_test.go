package terminal

import (
	"errors"
	"flag"
	"regexp"
	"strings"
	"sync"
	"testing"

	"selfheal/internal/channel/channeltest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// screen notes every write; it fails when told to.
type screen struct {
	mu     sync.Mutex
	writes []string
	broken bool
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return 0, errors.New("no space left on device")
	}
	s.writes = append(s.writes, string(p))
	return len(p), nil
}

func (s *screen) shown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.writes...)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(*testing.T) *channeltest.Instance {
		s := &screen{}
		return &channeltest.Instance{
			Channel: New(s, false), Shown: s.shown,
			Faults: []channeltest.Fault{channeltest.Passing}, Break: func(channeltest.Fault) { s.broken = true },
		}
	})
}

// ownColours are the only escapes that may be written.
var ownColours = regexp.MustCompile(`^[^\n]*Z  (\x1b\[3[1236];1m)[^\x1b]*(\x1b\[0m)`)

func TestColour(t *testing.T) {
	t.Parallel()
	for _, hostile := range channeltest.Hostile() {
		s := &screen{}
		n := channeltest.Notices()[0]
		n.Title, n.Text, n.Incident = hostile, hostile, hostile
		if _, err := New(s, true).Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		own := ownColours.FindStringSubmatch(s.writes[0])
		if own == nil {
			t.Fatalf("no colour: %q", s.writes[0])
		}
		if err := channeltest.Inert(strings.Replace(strings.Replace(s.writes[0], own[1], "", 1), own[2], "", 1)); err != nil {
			t.Error(err)
		}
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	s := &screen{}
	c := New(s, false)
	for _, n := range channeltest.Notices() {
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	channeltest.Golden(t, "testdata/notices.golden.txt", strings.Join(s.writes, ""), *update)
}

func FuzzRender(f *testing.F) {
	for _, hostile := range channeltest.Hostile() {
		f.Add(hostile, hostile)
	}
	f.Fuzz(func(t *testing.T, title, text string) {
		n := channeltest.Notices()[0]
		n.Title, n.Text, n.URL, n.Deploy.Service = title, text, text, title
		if err := channeltest.Inert(render(n, false)); err != nil {
			t.Fatal(err)
		}
	})
}
