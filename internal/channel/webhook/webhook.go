// Package webhook tells programs: it posts notices as JSON, signed by the Standard
// Webhooks specification.
//
// In go notices, out goes {"type", "timestamp", "data"} with webhook-id,
// webhook-timestamp and webhook-signature. The id is that of the notice, so that a
// receiver knows what it got already.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/channel"
	"selfheal/internal/channel/markup"
	"selfheal/internal/channel/outbound"
	"selfheal/internal/httpx"
)

// Config is what a [Channel] needs.
type Config struct {
	// URL is where notices are posted. It may itself be a secret.
	URL httpx.Secret
	// Secret signs them: whsec_ and base64, or any text.
	Secret httpx.Secret
	Client outbound.Client
	Clock  selfheal.Clock // by default the system's
}

const minSecret = 16 // characters; below, a secret can be guessed

// Channel posts notices. It is safe for concurrent use.
type Channel struct {
	config Config
	key    []byte
}

var _ selfheal.Channel = (*Channel)(nil)

// New makes a channel.
func New(c Config) (*Channel, error) {
	if err := outbound.CheckAddress(string(c.URL)); err != nil {
		return nil, err
	}
	key, err := signingKey(c.Secret)
	if err != nil {
		return nil, err
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &Channel{config: c, key: key}, nil
}

// signingKey is the key in a secret of Standard Webhooks; what is written otherwise
// is the key itself.
func signingKey(secret httpx.Secret) ([]byte, error) {
	if len(secret) < minSecret {
		return nil, selfheal.Usagef("make one with: echo whsec_$(openssl rand -base64 32)", "the secret is shorter than %d characters", minSecret)
	}
	encoded, ok := strings.CutPrefix(string(secret), "whsec_")
	if !ok {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, selfheal.Usagef("make one with: echo whsec_$(openssl rand -base64 32)", "what follows whsec_ in the secret is no base64")
	}
	return key, nil
}

// payload is what is posted.
type payload struct {
	Type      string    `json:"type"` // selfheal.KIND
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	Kind     selfheal.NoticeKind `json:"kind"`
	Severity string              `json:"severity"`
	Incident string              `json:"incident,omitempty"`
	Deploy   selfheal.Deploy     `json:"deploy"`
	Title    string              `json:"title"`
	Text     string              `json:"text"` // Markdown
	URL      string              `json:"url,omitempty"`
}

// render makes the payload. Receivers print what they get: nothing in it acts on a terminal.
func render(n selfheal.Notice) payload {
	d := n.Deploy
	for _, text := range []*string{&d.Service, &d.Environment, &d.Revision, &d.Previous, &d.By} {
		*text = markup.OneLine(*text, maxName)
	}
	d.Status, d.URL = selfheal.DeployStatus(markup.OneLine(string(d.Status), maxName)), markup.WebAddress(d.URL)
	kind := selfheal.NoticeKind(markup.OneLine(string(n.Kind), maxName))
	return payload{
		Type: "selfheal." + string(kind), Timestamp: n.Time.UTC(),
		Data: data{kind, n.Severity.String(), markup.OneLine(n.Incident, maxName), d, channel.Title(n), markup.Clean(n.Text), markup.WebAddress(n.URL)},
	}
}

const maxName = 200 // characters

// Notify posts one notice.
func (c *Channel) Notify(ctx context.Context, n selfheal.Notice) (retry bool, err error) {
	body, err := json.Marshal(render(n))
	if err != nil {
		return false, fmt.Errorf("encode notice: %w", err)
	}
	_, retry, err = c.config.Client.Post(ctx, c.config.URL, c.header(n, body), body)
	if err != nil {
		return retry, explain(err)
	}
	return false, nil
}

// header signs ID.TIMESTAMP.BODY
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
func (c *Channel) header(n selfheal.Notice, body []byte) http.Header {
	sum := sha256.Sum256([]byte(n.Key() + " " + n.Time.UTC().Format(time.RFC3339Nano)))
	id, stamp := "msg_"+hex.EncodeToString(sum[:16]), strconv.FormatInt(c.config.Clock().Unix(), 10)
	mac := hmac.New(sha256.New, c.key)
	_, _ = mac.Write([]byte(id + "." + stamp + ".")) // never fails
	_, _ = mac.Write(body)
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "selfheal")
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", stamp)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return header
}

func explain(err error) error {
	e := &selfheal.Error{Code: selfheal.CodeUnavailable, Op: "post notice", Message: "the receiver did not take it", Err: err}
	refusal, ok := errors.AsType[*outbound.Refusal](err)
	if !ok {
		return e
	}
	switch {
	case refusal.Status == http.StatusUnauthorized || refusal.Status == http.StatusForbidden:
		e.Hint = "the secret of the channel and that of the receiver must be the same, and their clocks agree"
	case refusal.Status == http.StatusGone:
		e.Hint = "the receiver wants no notices any more: take the channel out of selfheal.yaml"
	case refusal.Status >= 300 && refusal.Status < 400:
		e.Hint = "redirects are not followed: configure the address that it redirects to"
	}
	return e
}
