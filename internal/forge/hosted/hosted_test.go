package hosted

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"selfheal"
	"selfheal/internal/httpx"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	f := func(text, name string, want bool) {
		t.Helper()
		if got := mentions(text, name); got != want {
			t.Errorf("mentions(%q, %q) = %t", text, name, got)
		}
	}
	f("@heal please", "heal", true)
	f("ask (@Heal).", "heal", true)
	f("@heal", "heal[bot]", true)
	f("@healer", "heal", false)
	f("@heal-er", "heal", false)
	f("me@heal.example", "heal", false)
	f("@org/@heal", "heal", false)
	f("> @heal said", "heal", false)
	f("> quoted\n@heal now", "heal", true)
	f("anything", "", false)
	f("@a.*b", "a.*b", true)
}

// The last mark is selfheal's own: whatever is quoted above it does not count.
func TestMarkIsTheLast(t *testing.T) {
	t.Parallel()
	mark := selfheal.Mark("production/shop/0123456789")
	rapid.Check(t, func(t *rapid.T) {
		quoted := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{selfheal.Mark("a/b/c"), "```\n" + selfheal.Mark("x") + "\n"})).Draw(t, "quoted")
		body := quoted + "\n\n" + mark + "\n"
		if !carries(body, mark) || carries(body, selfheal.Mark("a/b/c")) {
			t.Fatalf("the mark of %q is %q", body, markOf(body))
		}
	})
}

func TestOursIsTrustedOnly(t *testing.T) {
	t.Parallel()
	mark := selfheal.Mark("production/shop/1")
	f := func(p Pull, want bool) {
		t.Helper()
		if got := ours(p, mark); got != want {
			t.Errorf("%+v: %t", p, got)
		}
	}
	pull := func(source, body string, foreign bool) Pull {
		return Pull{Foreign: foreign, PullRequest: selfheal.PullRequest{Source: source, Body: body}}
	}
	f(pull("selfheal/x", mark, false), true)
	f(pull("selfheal/x", "text\r\n  "+mark+"\r\n\r\nadded by hand", false), true)
	f(pull("selfheal/x", mark, true), false)
	f(pull("feature", mark, false), false)
	f(pull("selfheal/x", "inline "+mark, false), false)
	f(pull("selfheal/x", mark+"\n"+selfheal.Mark("other"), false), false)
	f(pull("selfheal/x", "", false), false)
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	f := func(address, wrong string) {
		t.Helper()
		err := CheckAddress(address)
		if wrong == "" && err != nil || wrong != "" && (err == nil || !strings.Contains(err.Error(), wrong)) {
			t.Errorf("%s: %v, want %q", address, err, wrong)
		}
	}
	f("https://forge.example.com", "")
	f("https://forge.example.com/git", "")
	f("http://localhost:3000", "")
	f("http://[::1]:3000", "")
	f("http://127.0.0.1", "")
	f("http://127.0.0.1.example.com", "in clear")
	f("http://10.0.0.1", "in clear")
	f("https://user:pw@forge.example.com", "more than host and path")
	f("https://forge.example.com?token=1", "more than host and path")
	f("ssh://forge.example.com", "not the address")
	f("forge.example.com", "not the address")
	f("", "not the address")
}

func TestSecretIsNotPrinted(t *testing.T) {
	t.Parallel()
	c := struct{ Token httpx.Secret }{"s3cr3t"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, c); strings.Contains(text, "s3cr3t") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	f := func(want selfheal.CheckState, states ...selfheal.CheckState) {
		t.Helper()
		var tally Tally
		for _, s := range states {
			tally.Add(s, selfheal.Check{Name: "x"})
		}
		if got := tally.Checks().State; got != want {
			t.Errorf("%v: %s, want %s", states, got, want)
		}
	}
	f(selfheal.ChecksNone)
	f(selfheal.ChecksPassed, selfheal.ChecksPassed)
	f(selfheal.ChecksPending, selfheal.ChecksPassed, selfheal.ChecksPending)
	f(selfheal.ChecksFailed, selfheal.ChecksPending, selfheal.ChecksFailed)
}

// A double that lost a race stays as a closed one beside the one that counts.
func TestForemost(t *testing.T) {
	t.Parallel()
	pull := func(number int, state selfheal.PullRequestState, commit string) Pull {
		return Pull{PullRequest: selfheal.PullRequest{Number: number, State: state, Commit: commit}}
	}
	f := func(want int, found ...Pull) {
		t.Helper()
		if got := foremost(found).Number; got != want {
			t.Errorf("number %d, want %d", got, want)
		}
	}
	const open, merged, closed = selfheal.PullRequestOpen, selfheal.PullRequestMerged, selfheal.PullRequestClosed
	f(1, pull(1, open, "a"))
	f(1, pull(2, closed, "a"), pull(1, open, "a"))
	f(1, pull(2, closed, "a"), pull(1, merged, "a"))
	f(2, pull(2, closed, "b"), pull(1, merged, "a"))
	f(2, pull(1, closed, "a"), pull(2, merged, "b"))
	f(2, pull(1, closed, "a"), pull(2, closed, "a"))
}
