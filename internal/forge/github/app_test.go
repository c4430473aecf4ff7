package github

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"selfheal"
	"selfheal/internal/forge/github/githubtest"
	"selfheal/internal/forge/hosted"
	"selfheal/internal/httpx"
)

// newKey makes a key in one of the two forms.
func newKey(t *testing.T, pkcs8 bool) (*rsa.PrivateKey, httpx.Secret) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if pkcs8 {
		block.Type = "PRIVATE KEY"
		if block.Bytes, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
	}
	return key, httpx.Secret(pem.EncodeToMemory(block))
}

// appServer gives tokens to the App that proves to be itself, as GitHub does.
type appServer struct {
	t      *testing.T
	key    *rsa.PublicKey
	now    func() time.Time
	mu     sync.Mutex
	issued int
	used   []string
}

func (s *appServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch r.Method + " " + r.URL.Path {
	case "GET /repos/octo-org/shop/installation":
		s.proven(bearer)
		githubtest.Send(w, 200, map[string]any{"id": 7})
	case "GET /app":
		s.proven(bearer)
		githubtest.Send(w, 200, map[string]any{"slug": "heal"})
	case "POST /app/installations/7/access_tokens":
		s.proven(bearer)
		if got := fmt.Sprint(githubtest.Decode(r)["repositories"]); got != "[shop]" {
			s.t.Errorf("asked for a token of %s", got)
		}
		s.issued++
		githubtest.Send(w, 201, map[string]any{"token": fmt.Sprintf("token-%d", s.issued), "expires_at": s.now().Add(time.Hour)})
	case "GET /repos/octo-org/shop/pulls":
		s.used = append(s.used, bearer)
		githubtest.Send(w, 200, []any{})
	default:
		s.t.Errorf("asked for %s %s", r.Method, r.URL.Path)
	}
}

// proven checks the signature, and the times that GitHub allows.
func (s *appServer) proven(token string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		s.t.Errorf("no JWT: %q", token)
		return
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || rsa.VerifyPKCS1v15(s.key, crypto.SHA256, sum[:], signature) != nil {
		s.t.Errorf("the signature is wrong: %v", err)
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Iss      string
		Iat, Exp int64
	}
	if err != nil || json.Unmarshal(text, &claims) != nil {
		s.t.Errorf("claims %s, error %v", text, err)
	}
	if now := s.now().Unix(); claims.Iss != "12345" || claims.Iat > now || claims.Exp <= now || claims.Exp-claims.Iat > 600 {
		s.t.Errorf("claims %+v at %d", claims, now)
	}
}

func TestApp(t *testing.T) {
	t.Parallel()
	for _, pkcs8 := range []bool{false, true} {
		key, text := newKey(t, pkcs8)
		now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
		clock := func() time.Time { return now }
		s := &appServer{t: t, key: &key.PublicKey, now: clock}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		forge, err := New(Config{URL: "https://github.com", API: server.URL, Repository: repo, App: App{ID: "12345", Key: text}, Clock: clock,
			Sleep: func(context.Context, time.Duration) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		for _, later := range []time.Duration{0, 30 * time.Minute, 26 * time.Minute} {
			now = now.Add(later)
			if _, err := forge.PullRequests(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if got := fmt.Sprint(s.used); got != "[token-1 token-1 token-2]" {
			t.Errorf("used %s", got)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	_, key := newKey(t, false)
	f := func(c Config, want string) {
		t.Helper()
		err := c.Validate()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%+v: error %v, want %q", c, err, want)
		}
		if text := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, "ghp") {
			t.Errorf("a secret is printed: %s", text)
		}
	}
	f(Config{Repository: "a/b", Token: "ghp"}, "")
	f(Config{Repository: "a/b", App: App{ID: "1", Key: key}}, "")
	f(Config{Repository: "a/b"}, "a token or an App")
	f(Config{Repository: "a/b", Token: "ghp", App: App{ID: "1", Key: key}}, "both")
	f(Config{Repository: "a/b", App: App{ID: "1"}}, "no private key")
	f(Config{Repository: "a/b", App: App{ID: "1", Key: "x"}}, "no RSA private key")
	f(Config{Repository: "a", Token: "ghp"}, "not the name")
	f(Config{Repository: "a/b/c", Token: "ghp"}, "not the name")
	f(Config{Repository: "../b", Token: "ghp"}, "not the name")
	f(Config{Repository: "a/b", Token: "ghp", URL: "http://ghe.example.com"}, "in clear")
}

func TestAddressOfTheAPI(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"https://github.com": "https://api.github.com", "https://ghe.example.com": "https://ghe.example.com/api/v3",
	} {
		if got := apiOf(address); got != want {
			t.Errorf("apiOf(%q) = %q, want %q", address, got, want)
		}
	}
}

// TestDraftsThatThePlanLacks: where there are none it is opened as ready.
func TestDraftsThatThePlanLacks(t *testing.T) {
	t.Parallel()
	var drafts []any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := githubtest.Decode(r)
		drafts = append(drafts, body["draft"])
		if body["draft"] == true {
			githubtest.Invalid(w, "Draft pull requests are not supported in this repository.")
			return
		}
		githubtest.Send(w, 201, map[string]any{"number": 1, "state": "open"})
	}))
	t.Cleanup(server.Close)
	client, err := httpx.New(httpx.Config{Base: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	made, err := (&api{http: client, repo: "/repos/" + repo}).Create(t.Context(), hosted.Pull{PullRequest: selfheal.PullRequest{Title: "x", Source: "selfheal/x", Target: "main", Draft: true}})
	if err != nil || made.Number != 1 || made.Draft || fmt.Sprint(drafts) != "[true false]" {
		t.Errorf("%+v, drafts %v, error %v", made, drafts, err)
	}
}
