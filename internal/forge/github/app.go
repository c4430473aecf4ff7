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
	"strconv"
	"sync"
	"time"

	"selfheal"
	"selfheal/internal/httpx"
)

const (
	jwtLife   = 9 * time.Minute // GitHub allows ten
	jwtSkew   = time.Minute     // into the past, for clocks that go wrong
	freshness = 5 * time.Minute // a token with less left is replaced
)

// parseKey reads a private key in either form that GitHub and people keep it in.
func parseKey(key httpx.Secret) (*rsa.PrivateKey, error) {
	wrong := selfheal.Usagef("download it from the App's settings: a file that begins with BEGIN RSA PRIVATE KEY", "the App's key is no RSA private key in PEM form")
	block, _ := pem.Decode([]byte(key))
	if block == nil {
		return nil, wrong
	}
	if parsed, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return parsed, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, wrong
	}
	own, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, wrong
	}
	return own, nil
}

// installation gives tokens of an App's installation, each for the one repository.
type installation struct {
	app        App
	key        *rsa.PrivateKey
	http       *httpx.Client
	clock      selfheal.Clock
	repository string // name, without owner
	path       string // of the repository

	mu      sync.Mutex
	current string
	expires time.Time
}

func newInstallation(c Config, settings httpx.Config, repository, path string) (*installation, error) {
	key, err := parseKey(c.App.Key)
	if err != nil {
		return nil, err
	}
	i := &installation{app: c.App, key: key, clock: c.Clock, repository: repository, path: path}
	settings.Authorize = bearer(func(context.Context) (string, error) { return i.jwt() })
	i.http, err = httpx.New(settings)
	return i, err
}

// jwt signs what proves that this is the App (RS256, RFC 7518 section 3.3).
func (i *installation) jwt() (string, error) {
	now := i.clock()
	claims, err := json.Marshal(map[string]any{
		"iss": i.app.ID, "iat": now.Add(-jwtSkew).Unix(), "exp": now.Add(jwtLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("sign in as App: %w", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, i.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("sign in as App: %w", err)
	}
	return signed + "." + encode(signature), nil
}

// token gives a token that is good for a while yet.
func (i *installation) token(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.current != "" && i.clock().Add(freshness).Before(i.expires) {
		return i.current, nil
	}
	id := i.app.Installation
	if id == 0 {
		var found struct {
			ID int64 `json:"id"`
		}
		if _, err := i.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: i.path + "/installation"}, &found); err != nil {
			return "", fmt.Errorf("find the App's installation: %w", err)
		}
		id = found.ID
	}
	var answer struct {
		Token   string    `json:"token"`
		Expires time.Time `json:"expires_at"`
	}
	request := httpx.Request{
		Method: http.MethodPost, Path: "/app/installations/" + strconv.FormatInt(id, 10) + "/access_tokens",
		Body: map[string]any{"repositories": []string{i.repository}}, Repeatable: true,
	}
	if _, err := i.http.JSON(ctx, request, &answer); err != nil {
		return "", fmt.Errorf("get a token of the App's installation: %w", err)
	}
	i.current, i.expires = answer.Token, answer.Expires
	return i.current, nil
}

// self is the name of the App's bot.
func (i *installation) self(ctx context.Context) (string, error) {
	var answer struct {
		Slug string `json:"slug"`
	}
	_, err := i.http.JSON(ctx, httpx.Request{Method: http.MethodGet, Path: "/app"}, &answer)
	return answer.Slug + "[bot]", err
}
