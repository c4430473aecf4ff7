package chat

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"sync"
	"testing"

	"selfheal"
	"selfheal/internal/channel/channeltest"
	"selfheal/internal/httpx"
)

var update = flag.Bool("update", false, "rewrite golden files")

const address = "discord://s3cr3t-t0ken-of-chat@123456789012345678"

// service stands for what shoutrrr sends to.
type service struct {
	mu    sync.Mutex
	texts []string
	fault channeltest.Fault
	hang  chan struct{}
}

func (s *service) send(text string) error {
	s.mu.Lock()
	fault := s.fault
	s.mu.Unlock()
	switch fault {
	case channeltest.Hanging:
		<-s.hang
	case channeltest.Passing:
		return fmt.Errorf("posting to %s: https://discord.com/api/webhooks/123456789012345678/s3cr3t-t0ken-of-chat: 503", address)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
	return nil
}

func (s *service) shown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.texts...)
}

// acts says what chat services would act on, outside the addresses that are ours.
func acts(shown string) error {
	for _, mark := range []string{"@here", "@everyone", "@channel", "<@", "<!", "<#", "](", "<script", "```", "**"} {
		if strings.Contains(shown, mark) {
			return fmt.Errorf("%q in %q", mark, shown)
		}
	}
	links := 0
	for line := range strings.SplitSeq(shown, "\n") {
		if strings.Contains(line, "://") {
			links++
		}
	}
	if links > 1 {
		return fmt.Errorf("%d links in %q", links, shown)
	}
	return nil
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) *channeltest.Instance {
		s := &service{hang: make(chan struct{})}
		t.Cleanup(func() { close(s.hang) })
		return &channeltest.Instance{
			Channel: WithSender(address, s.send), Shown: s.shown, Check: acts, Secrets: []string{"s3cr3t-t0ken-of-chat", "123456789012345678"},
			Faults: []channeltest.Fault{channeltest.Passing, channeltest.Hanging},
			Break:  func(f channeltest.Fault) { s.mu.Lock(); s.fault = f; s.mu.Unlock() },
		}
	})
}

// TestOneHangs: while a message hangs, the next is not begun; afterwards it goes on.
func TestOneHangs(t *testing.T) {
	t.Parallel()
	begun, hang := make(chan struct{}), make(chan struct{})
	c := WithSender(address, func(string) error {
		begun <- struct{}{}
		<-hang
		return nil
	})
	gone := errors.New("out of patience")
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := c.Notify(ctx, channeltest.Notices()[0])
		ended <- err
	}()
	<-begun
	if retry, err := c.Notify(t.Context(), channeltest.Notices()[0]); err == nil || !retry {
		t.Errorf("another one is begun: %v", err)
	}
	cancel(gone)
	if err := <-ended; !errors.Is(err, gone) {
		t.Errorf("ended with %v", err)
	}
	if retry, err := c.Notify(t.Context(), channeltest.Notices()[0]); err == nil || !retry {
		t.Errorf("another one is begun while the first still hangs: %v", err)
	}
	close(hang)
}

func TestNew(t *testing.T) {
	t.Parallel()
	f := func(address, want string) {
		t.Helper()
		_, err := New(httpx.Secret(address))
		if want == "" && err != nil || want != "" && (err == nil || selfheal.CodeOf(err) != selfheal.CodeUsage || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", address, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the secret is in %v", err)
		}
	}
	f("discord://s3cr3t-token@123456789012345678", "")
	f("ntfy://ntfy.example.com/deploys", "")
	f("", "no address")
	f("discord", "no address")
	f("nothing://s3cr3t-token@host", "does not understand")
	f("logger://", "not reached by chat")
	f("generic+https://s3cr3t.example.com", "not reached by chat")
	f("slack://hook:s3cr3t@webhook", "not reached by chat")
	f("smtp://u:s3cr3t@h", "not reached by chat")
}

func TestGolden(t *testing.T) {
	t.Parallel()
	var all []string
	for _, n := range channeltest.Notices() {
		all = append(all, Text(n))
	}
	channeltest.Golden(t, "testdata/notices.golden.txt", strings.ReplaceAll(strings.Join(all, "\n----\n"), "\u200b", "·"), *update)
}

func FuzzText(f *testing.F) {
	for _, hostile := range channeltest.Hostile() {
		f.Add(hostile, hostile)
	}
	f.Fuzz(func(t *testing.T, title, text string) {
		n := channeltest.Notices()[0]
		n.Title, n.Text, n.Incident, n.Deploy.Service = title, text, title, title
		if err := errors.Join(channeltest.Inert(Text(n)), acts(Text(n))); err != nil {
			t.Fatal(err)
		}
	})
}
