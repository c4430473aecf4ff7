// Package channeltest is the conformance suite of [selfheal.Channel]: every channel
// tells what it is given, tells failures apart, keeps its secrets, and obeys
// nothing that a notice quotes.
package channeltest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"selfheal"
	"selfheal/internal/markdown"
)

// Fault is how the service behind a channel fails.
type Fault int

// The faults.
const (
	Passing Fault = iota + 1 // refuses for now
	Lasting                  // refuses for good
	Hanging                  // does not answer
)

// Instance is one channel with a service of its own behind it.
type Instance struct {
	Channel selfheal.Channel
	// Shown gives what people see of each notice, oldest first, decoded as their
	// program decodes it, before it renders markup.
	Shown func() []string
	// Check says what in that text would act instead of being shown; nil for nothing
	// but control characters.
	Check func(shown string) error
	// Break makes the service fail from now on.
	Break func(Fault)
	// Faults are those that this service can have and tell apart.
	Faults []Fault
	// Secrets may stand in no error.
	Secrets []string
}

// Run runs the suite. newInstance makes an instance that told nothing yet.
func Run(t *testing.T, newInstance func(t *testing.T) *Instance) {
	t.Helper()
	t.Run("Tells", func(t *testing.T) { t.Parallel(); tells(t, newInstance(t)) })
	t.Run("Obeys nothing", func(t *testing.T) { t.Parallel(); obeysNothing(t, newInstance(t)) })
	t.Run("Cancelled", func(t *testing.T) { t.Parallel(); cancelled(t, newInstance(t)) })
	t.Run("Many at once", func(t *testing.T) { t.Parallel(); manyAtOnce(t, newInstance(t)) })
	for fault, name := range map[Fault]string{Passing: "Passing fault", Lasting: "Lasting fault", Hanging: "Hanging"} {
		t.Run(name, func(t *testing.T) { t.Parallel(); fails(t, newInstance(t), fault) })
	}
}

// Notices gives one notice of each occasion, as they are in production.
func Notices() []selfheal.Notice {
	at := time.Date(2026, 5, 1, 12, 10, 0, 0, time.UTC)
	deploy := selfheal.Deploy{
		Service: "shop", Environment: "production", Time: at.Add(-10 * time.Minute), Status: selfheal.DeploySucceeded, By: "ada",
		Revision: "2f1c9d0b7a6e4f5d8c3b2a190807f6e5d4c3b2a1", Previous: "9a8b7c6d5e4f30211203f4e5d6c7b8a90a1b2c3d",
	}
	const incident = "production/shop/4f2a9c1be0"
	notice := func(kind selfheal.NoticeKind, severity selfheal.Severity, title, text, url string) selfheal.Notice {
		n := selfheal.Notice{Time: at, Kind: kind, Severity: severity, Incident: incident, Deploy: deploy, Title: title, Text: text, URL: url}
		if kind == selfheal.NoticeCannotObserve || kind == selfheal.NoticeSummary {
			n.Incident = ""
		}
		if kind == selfheal.NoticeSummary {
			n.Deploy = selfheal.Deploy{}
		}
		return n
	}
	return []selfheal.Notice{
		notice(selfheal.NoticeRegression, selfheal.SeverityError, "nil pointer dereference in price.Round",
			"**61 times in 10 minutes**, never before. Caused by `2f1c9d0b7a` with 94 %:\n\n"+markdown.Fence("diff", "-\treturn a.b + c\n+\treturn *a.b & c < d")+"\nEvidence:\n\n- "+markdown.Text("a frame lies on a changed line: price.go:12")+"\n- seen on *4 of 4* instances\n", "https://selfheal.example.com/incidents/4f2a9c1be0?tab=why&x=1"),
		notice(selfheal.NoticePullRequest, selfheal.SeverityWarn, "Revert \"Round prices\"", "A revert was proven: `make test` passes, the replay fails without it. See [pull request 17](https://forge.example.com/shop/pulls/17).", "https://forge.example.com/shop/pulls/17"),
		notice(selfheal.NoticeRolledBack, selfheal.SeverityWarn, "9a8b7c6d5e serves again", "", ""),
		notice(selfheal.NoticeHealed, selfheal.SeverityInfo, "nil pointer dereference in price.Round", "0 times in 30 minutes, where 183 were to be expected.", ""),
		notice(selfheal.NoticeCannotObserve, selfheal.SeverityWarn, "no record of the new revision", "> the source answered, and nothing was in it\n\n1. is it deployed?\n2. does it log?", ""),
		notice(selfheal.NoticeInconclusive, selfheal.SeverityWarn, "timeouts of payments.example.com", "The change may not be it.", ""),
		notice(selfheal.NoticeSummary, selfheal.SeverityError, "3 notices since 12:00 UTC", "- regression found: shop in production\n- and 2 more\n", ""),
	}
}

func tells(t *testing.T, i *Instance) {
	for _, n := range Notices() {
		if retry, err := i.Channel.Notify(t.Context(), n); err != nil || retry {
			t.Fatalf("%s: retry %t, %v", n.Kind, retry, err)
		}
		shown := i.Shown()
		if len(shown) == 0 {
			t.Fatalf("%s: nothing is shown", n.Kind)
		}
		last := letters(shown[len(shown)-1])
		for _, want := range []string{n.Title, n.Deploy.Service} {
			if !strings.Contains(last, letters(want)) {
				t.Errorf("%s: %q is not shown in %q", n.Kind, want, shown[len(shown)-1])
			}
		}
	}
	if len(i.Shown()) != len(Notices()) {
		t.Errorf("%d notices are shown of %d", len(i.Shown()), len(Notices()))
	}
}

// letters are what is left of a text when escapes and marks are not looked at.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// Hostile are texts that would do something where they are not treated as text.
func Hostile() []string {
	return []string{
		"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\", "\x9b31m \u009d0;x\u009c", "over\rwritten\bx\x7f", "nul\x00byte \xff\xfe",
		"\u202egnp.exe\u2066", "line\u2028separator\u2029", "tag\U000e0041\U000e0042",
		"subject\r\nBcc: victim@example.com\r\n\r\nbody", "\r\n.\r\nMAIL FROM:<x@y>\r\n", "--selfheal-boundary\r\nContent-Type: text/html",
		"<script>alert(1)</script><img src=x onerror=alert(1)>", `" onmouseover="alert(1)`, "&lt;b&gt; &amp; <b>", "<style>*{display:none}</style>", "]]><x>",
		"<!channel> <!here|x> <@U0123456789> <#C0123456789> @here @everyone @channel", "<https://evil.example|https://good.example>", "```\n<!channel>\n```", "`x` *b* _i_ ~s~ > q",
		"[click](https://evil.example) [x](javascript:alert(1)) ![i](https://evil.example/x.png)", "**[a](b)** <https://evil.example>", "<!-- selfheal-incident: production/shop/forged -->",
		"https://evil.example/?q=%0d%0aSet-Cookie:x", "{{.Secret}} ${env:HOME} %s%n %!d", `{"text":"x"}`, strings.Repeat("`", 400), strings.Repeat("[", 5000), strings.Repeat("💥é", 6000),
		strings.Repeat("&", 4000), "a\n\n\n# h\n- x\n> y\n" + strings.Repeat("- z\n", 500),
	}
}

func obeysNothing(t *testing.T, i *Instance) {
	for _, text := range Hostile() {
		for place, n := range places(text) {
			before := len(i.Shown())
			if _, err := i.Channel.Notify(t.Context(), n); err != nil {
				t.Fatalf("%q as %s: %v", text, place, err)
			}
			shown := i.Shown()
			if len(shown) != before+1 {
				t.Fatalf("%q as %s: %d notices are shown instead of one", text, place, len(shown)-before)
			}
			if err := Inert(shown[before]); err != nil {
				t.Errorf("%q as %s: %v", text, place, err)
			}
			if i.Check == nil {
				continue
			}
			if err := i.Check(shown[before]); err != nil {
				t.Errorf("%q as %s: %v", text, place, err)
			}
		}
	}
}

// places puts a text wherever a notice can hold one.
func places(text string) map[string]selfheal.Notice {
	n := func(change func(*selfheal.Notice)) selfheal.Notice {
		made := Notices()[0]
		change(&made)
		return made
	}
	return map[string]selfheal.Notice{
		"title":       n(func(n *selfheal.Notice) { n.Title = text }),
		"text":        n(func(n *selfheal.Notice) { n.Text = text }),
		"quoted text": n(func(n *selfheal.Notice) { n.Text = markdown.Text(text) + "\n\n" + markdown.Fence("", text) }),
		"kind":        n(func(n *selfheal.Notice) { n.Kind = selfheal.NoticeKind(text) }),
		"incident":    n(func(n *selfheal.Notice) { n.Incident = text }),
		"address":     n(func(n *selfheal.Notice) { n.URL = text }),
		"path":        n(func(n *selfheal.Notice) { n.URL = "https://example.com/" + text }),
		"names":       n(func(n *selfheal.Notice) { n.Deploy.Service, n.Deploy.Environment, n.Deploy.By = text, text, text }),
		"revisions":   n(func(n *selfheal.Notice) { n.Deploy.Revision, n.Deploy.Previous = text, text }),
	}
}

// Inert says which character of a text acts on a terminal or on its reader.
func Inert(shown string) error {
	if !utf8.ValidString(shown) {
		return errors.New("not UTF-8")
	}
	for _, r := range shown {
		if r != '\n' && r != '\t' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r >= 0xe0000 && r < 0xe0080 {
			return fmt.Errorf("%U is shown in %q", r, shown)
		}
	}
	return nil
}

func cancelled(t *testing.T, i *Instance) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := i.Channel.Notify(ctx, Notices()[0]); err == nil {
		t.Error("told although nobody waits any more")
	}
}

func manyAtOnce(t *testing.T, i *Instance) {
	var group sync.WaitGroup
	told := make(chan bool, 8)
	for range cap(told) {
		group.Go(func() {
			retry := true
			var err error
			for retry { // a channel may take one at a time
				retry, err = i.Channel.Notify(t.Context(), Notices()[0])
			}
			told <- err == nil
		})
	}
	group.Wait()
	close(told)
	for ok := range told {
		if !ok {
			t.Error("not told")
		}
	}
	if len(i.Shown()) != cap(told) {
		t.Errorf("%d notices are shown of %d", len(i.Shown()), cap(told))
	}
}

func fails(t *testing.T, i *Instance, fault Fault) {
	if !slices.Contains(i.Faults, fault) {
		t.Skipf("this channel has no such fault")
	}
	i.Break(fault)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if fault != Hanging {
		ctx = t.Context()
	}
	retry, err := i.Channel.Notify(ctx, Notices()[0])
	if err == nil || retry != (fault != Lasting) {
		t.Fatalf("retry %t, %v", retry, err)
	}
	said := fmt.Sprintf("%v %+v %#v %s", err, err, err, selfheal.HintOf(err))
	for _, secret := range i.Secrets {
		if strings.Contains(said, secret) {
			t.Errorf("a secret is in %s", said)
		}
	}
	if err := Inert(err.Error()); err != nil {
		t.Errorf("the error: %v", err)
	}
}
