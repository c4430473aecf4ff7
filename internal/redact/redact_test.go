package redact

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestString(t *testing.T) {
	t.Parallel()
	r := New()
	f := func(in, want string) {
		t.Helper()
		if diff := cmp.Diff(want, r.String(in)); diff != "" {
			t.Errorf("String(%q) (-want +got):\n%s", in, diff)
		}
	}

	f("dial postgres://shop:hunter2@db:5432/shop failed", "dial postgres://shop:[redacted:url-password]@db:5432/shop failed")
	f("redis://:s3cr3t@cache", "redis://:[redacted:url-password]@cache")
	f("GET https://example.org/a?token=abc123&x=1", "GET https://example.org/a?token=[redacted:secret]&x=1")
	f(`{"password":"hunter2","user":"ann"}`, `{"password":[redacted:secret],"user":"ann"}`)
	f(`DB_PASSWORD=hunter2 started`, `DB_PASSWORD=[redacted:secret] started`)
	f(`api_key: 'a b c', next`, `api_key: [redacted:secret], next`)
	f("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG", "aws_secret_access_key = [redacted:secret]")
	f("Authorization: Bearer abc.def-123_456", "Authorization: Bearer [redacted:token]")
	f("authorization=Basic dXNlcjpwYXNzd29yZA==", "authorization=Basic [redacted:token]")
	f("key AKIAIOSFODNN7EXAMPLE used", "key [redacted:aws-key] used")
	f("push with ghp_0123456789abcdefghijABCDEFGHIJ012345 failed", "push with [redacted:github-token] failed")
	f("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl rejected", "jwt [redacted:jwt] rejected")
	f("-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----\nnext", "[redacted:private-key]\nnext")
	f("mail ann.o-neil+x@mail.example.org bounced", "mail [redacted:email] bounced")
	f("card 4111 1111 1111 1111 declined", "card [redacted:card] declined")
	f("card 378282246310005.", "card [redacted:card].")

	// Words that merely speak of secrets stay.
	for _, in := range []string{
		"unexpected token: '}'", "password is required", "basic authentication failed", "invalid bearer token",
		"token expired after 30s", `password=""`, "api_key=null", "order 4111111111111112 not found", "a@b", "main.go:12", "http://host:8080/path@v1",
		"session closed for user root",
	} {
		f(in, in)
	}
}

func TestWithRule(t *testing.T) {
	t.Parallel()
	r := New(WithRule(Rule{Name: "employee", Keywords: []string{"emp-"}, Pattern: regexp.MustCompile(`EMP-\d+`)}))
	if got, want := r.String("by EMP-4711"), "by [redacted:employee]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBytesDoesNotShareMemory(t *testing.T) {
	t.Parallel()
	in := []byte("nothing to see")
	out := New().Bytes(in)
	in[0] = 'N'
	if got := string(out); got != "nothing to see" {
		t.Errorf("result changed with its input: %q", got)
	}
}

// pieces are what secrets and their neighbourhood are made of.
var pieces = []string{
	"password", "=", ": ", ":", `"`, "'", " ", "\n", "token", "Bearer ", "basic ", "://", "@", "user", "example.org", "AKIA", "IOSFODNN7EXAMPLE", "ghp_",
	"0123456789abcdefghijABCDEFGHIJ012345", "eyJhbGciOiJIUzI1NiJ9", ".", "4111111111111111", "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
	"[redacted:secret]", "[redacted:", "]", "secret", "&", ",", "authorization", "x", "é", "\xff", "sk-", "cookie=",
}

func TestIdempotent(t *testing.T) {
	t.Parallel()
	r := New()
	rapid.Check(t, func(t *rapid.T) {
		in := strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 30).Draw(t, "pieces"), "")
		once := r.String(in)
		if twice := r.String(once); twice != once {
			t.Fatalf("%q\nonce  %q\ntwice %q", in, once, twice)
		}
	})
}

func FuzzString(f *testing.F) {
	for _, p := range pieces {
		f.Add("a " + p + "=b " + p)
	}
	r := New()
	f.Fuzz(func(t *testing.T, in string) {
		once := r.String(in)
		if twice := r.String(once); twice != once {
			t.Fatalf("%q\nonce  %q\ntwice %q", in, once, twice)
		}
	})
}

func BenchmarkHarmless(b *testing.B) {
	r := New()
	text := strings.Repeat("2026-11-23T09:10:13Z INFO request served in 12ms by worker 3\n", 100)
	b.SetBytes(int64(len(text)))
	for range b.N {
		r.String(text)
	}
}
