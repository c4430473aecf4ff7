package token_test

import (
	"strings"
	"testing"

	"selfheal/internal/token"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	secret, hash := token.New()
	if other, _ := token.New(); other == secret || len(secret) < 40 || strings.Contains(hash, secret) {
		t.Errorf("token %q, another %q, hash %q", secret, other, hash)
	}
	f := func(want string, given token.Token) {
		t.Helper()
		err := given.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", given, err, want)
		}
	}
	f("", token.Token{Name: "ci", Hash: hash, Scopes: []token.Scope{token.Ingest}})
	f("not a SHA-256", token.Token{Name: "ci", Hash: secret, Scopes: []token.Scope{token.Ingest}})
	f("unknown scope", token.Token{Name: "ci", Hash: hash, Scopes: []token.Scope{"all"}})
	f("name and scopes", token.Token{Name: "ci", Hash: hash})
}
