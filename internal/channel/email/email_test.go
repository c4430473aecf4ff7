package email

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"selfheal"
	"selfheal/internal/channel/channeltest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const password = "p4ssw0rd-of-mail"

func clock() time.Time { return time.Date(2026, 5, 1, 12, 11, 0, 0, time.UTC) }

// taken are the mails that the server took.
func (s *mailServer) taken() []post {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

func (s *mailServer) fail(f channeltest.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = f
}

func (s *mailServer) channel(trusted *tls.Config, change func(*Config)) *Channel {
	c := Config{
		Server: s.listener.Addr().String(), Username: "selfheal", Password: password, TLS: trusted, Clock: clock,
		From: "selfheal <selfheal@example.com>", To: []string{"Ada <ada@example.com>", "ops@example.com"},
	}
	if change != nil {
		change(&c)
	}
	made, err := New(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return made
}

// letter is a mail as a mail program reads it.
type letter struct {
	header      mail.Header
	plain, html string
}

// read takes a mail apart, as strictly as the RFCs ask.
func read(text string) (letter, error) {
	if strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
		return letter{}, errors.New("a carriage return stands alone")
	}
	for line := range strings.SplitSeq(text, "\r\n") {
		if len(line) > 998 || strings.ContainsFunc(line, func(r rune) bool { return r > 126 || r < 32 && r != '\t' }) {
			return letter{}, fmt.Errorf("a line that mail forbids: %q", line)
		}
	}
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return letter{}, err
	}
	media, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || media != "multipart/alternative" {
		return letter{}, fmt.Errorf("%s: %w", media, err)
	}
	l := letter{header: m.Header}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for _, into := range []*string{&l.plain, &l.html} {
		part, err := parts.NextRawPart()
		if err != nil {
			return letter{}, err
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return letter{}, err
		}
		*into = strings.ReplaceAll(string(decoded), "\r\n", "\n")
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return letter{}, errors.New("there is a third part")
	}
	return l, nil
}

func (l letter) subject() string {
	text, err := new(mime.WordDecoder).DecodeHeader(l.header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return text
}

// headers are the only ones that a mail may have.
var headers = []string{"Auto-Submitted", "Content-Type", "Date", "From", "In-Reply-To", "Message-Id", "Mime-Version", "References", "Subject", "To"}

var tag = regexp.MustCompile(`<!DOCTYPE html>|</?(html|body|h2|h3|table|tr|td|p|ul|li|b|em|code|pre|blockquote)>|<a href="https?://[^"<>]*" rel="noreferrer">|</a>`)

// inert says what in a mail would act.
func (l letter) inert() error {
	for name := range l.header {
		if !slices.Contains(headers, name) {
			return fmt.Errorf("a header %s", name)
		}
	}
	if to, err := l.header.AddressList("To"); err != nil || len(to) != 2 {
		return fmt.Errorf("to %v, %w", to, err)
	}
	if left := tag.ReplaceAllString(l.html, ""); strings.ContainsAny(left, `<>"`) {
		return fmt.Errorf("markup that is not ours in %q", l.html)
	}
	return nil
}

func (s *mailServer) shown() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.posts[len(s.read):] {
		l, err := read(p.text)
		if err = errors.Join(err, l.inert()); err != nil {
			s.t.Errorf("%v in\n%.3000s", err, p.text)
		}
		s.read = append(s.read, l.subject()+"\n"+l.plain+"\n"+l.html)
	}
	return slices.Clone(s.read)
}

func TestChannel(t *testing.T) {
	t.Parallel()
	channeltest.Run(t, func(t *testing.T) *channeltest.Instance {
		s, trusted := serve(t, nil)
		return &channeltest.Instance{
			Channel: s.channel(trusted, nil), Shown: s.shown, Secrets: []string{password},
			Faults: []channeltest.Fault{channeltest.Passing, channeltest.Hanging},
			Break:  s.fail,
		}
	})
}

func TestEncryption(t *testing.T) {
	t.Parallel()
	f := func(name string, server func(*mailServer), config func(*Config), trust bool, want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, trusted := serve(t, server)
			if !trust {
				trusted = nil
			}
			retry, err := s.channel(trusted, config).Notify(t.Context(), channeltest.Notices()[0])
			if want == "" {
				if err != nil || len(s.taken()) != 1 || s.taken()[0].user != "selfheal" {
					t.Fatalf("%v, %+v", err, s.taken())
				}
				return
			}
			if err == nil || retry || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), password) || len(s.taken()) != 0 {
				t.Errorf("retry %t, %v; want %q", retry, err, want)
			}
		})
	}
	implicit := func(s *mailServer) { s.implicit = true }
	f("starttls", nil, nil, true, "")
	f("implicit", implicit, func(c *Config) { c.Encryption = TLS }, true, "")
	f("in clear on this machine", func(s *mailServer) { s.noTLS = true }, func(c *Config) { c.Encryption = None }, true, "")
	f("no STARTTLS is offered", func(s *mailServer) { s.noTLS = true }, nil, true, "does not offer STARTTLS")
	f("a certificate that nobody vouches for", nil, nil, false, "certificate is not valid")
	f("the same, implicit", implicit, func(c *Config) { c.Encryption = TLS }, false, "certificate is not valid")
	f("a wrong password", nil, func(c *Config) { c.Password = "wrong" }, true, "reply 535")
}

func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	s, trusted := serve(t, nil)
	s.fail(channeltest.Lasting)
	retry, err := s.channel(trusted, nil).Notify(t.Context(), channeltest.Notices()[0])
	if err == nil || retry || !strings.Contains(err.Error(), "550") {
		t.Errorf("retry %t, %v", retry, err)
	}
}

// TestThread: what belongs to one deploy stands in one thread.
func TestThread(t *testing.T) {
	t.Parallel()
	s, trusted := serve(t, nil)
	c := s.channel(trusted, nil)
	notices := channeltest.Notices()
	other := notices[0]
	other.Deploy.Revision = "another"
	for _, n := range []selfheal.Notice{notices[0], notices[1], other, notices[6], notices[0]} {
		if _, err := c.Notify(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	var references, ids []string
	for _, p := range s.taken() {
		l, err := read(p.text)
		if err != nil {
			t.Fatal(err)
		}
		references, ids = append(references, l.header.Get("References")), append(ids, l.header.Get("Message-Id"))
	}
	if references[0] != references[1] || references[0] == references[2] || references[3] != "" || references[0] == "" {
		t.Errorf("references: %v", references)
	}
	if ids[0] != ids[4] || ids[0] == ids[1] { // sent again after an answer was lost, it is the same mail
		t.Errorf("ids: %v", ids)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	s, trusted := serve(t, nil)
	if _, err := s.channel(trusted, nil).Notify(t.Context(), channeltest.Notices()[0]); err != nil {
		t.Fatal(err)
	}
	got := append([]string{s.taken()[0].from}, s.taken()[0].to...)
	for i := range got {
		got[i], _, _ = strings.Cut(got[i], "> ")
		got[i] = strings.TrimSuffix(got[i], ">")
	}
	if diff := cmp.Diff([]string{"FROM:<selfheal@example.com", "TO:<ada@example.com", "TO:<ops@example.com"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := Config{Server: "smtp.example.com", From: "a@example.com", To: []string{"b@example.com"}}
	f := func(want string, change func(*Config)) {
		t.Helper()
		c := good
		change(&c)
		made, err := New(c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want) || selfheal.CodeOf(err) != selfheal.CodeUsage) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
		if want == "" && made.config.Server != "smtp.example.com:587" && made.config.Server != "smtp.example.com:465" {
			t.Errorf("server %s", made.config.Server)
		}
	}
	f("", func(*Config) {})
	f("", func(c *Config) { c.Encryption = TLS })
	f("", func(c *Config) { c.Server = "smtp.example.com:465" })
	f("no server", func(c *Config) { c.Server = "" })
	f("no server", func(c *Config) { c.Server = "a\r\nb:25" })
	f("from is no address", func(c *Config) { c.From = "a@example.com\r\nBcc: x@y" })
	f("recipient", func(c *Config) { c.To = []string{"b@example.com, c"} })
	f("0 recipients", func(c *Config) { c.To = nil })
	f("in clear", func(c *Config) { c.Encryption = None })
	f("no such encryption", func(c *Config) { c.Encryption = "ssl" })
	f("only one of", func(c *Config) { c.Username = "x" })
}

func TestGolden(t *testing.T) {
	t.Parallel()
	c, err := New(Config{Server: "smtp.example.com", From: "selfheal@example.com", To: []string{"ada@example.com"}, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, n := range channeltest.Notices() {
		text, err := c.compose(n)
		if err != nil {
			t.Fatal(err)
		}
		l, err := read(string(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, "Subject: "+l.subject()+"\n\n"+l.plain+"\n"+l.html)
	}
	channeltest.Golden(t, "testdata/notices.golden.txt", strings.Join(all, "\n----\n"), *update)
}

func FuzzCompose(f *testing.F) {
	for _, hostile := range channeltest.Hostile() {
		f.Add(hostile, hostile)
	}
	c, err := New(Config{Server: "smtp.example.com", From: "selfheal@example.com", To: []string{"ada@example.com", "ops@example.com"}, Clock: clock})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, title, text string) {
		n := channeltest.Notices()[0]
		n.Title, n.Text, n.URL, n.Incident, n.Deploy.Service = title, text, text, title, title
		written, err := c.compose(n)
		if err != nil {
			t.Fatal(err)
		}
		l, err := read(string(written))
		if err = errors.Join(err, l.inert(), channeltest.Inert(l.subject()+l.plain+l.html)); err != nil {
			t.Fatalf("%v in\n%s", err, written)
		}
	})
}
