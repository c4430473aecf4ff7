package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"selfheal/internal/httpx"
)

// tokenHeader carries the token of the address (?token=), of senders that can set no header.
const tokenHeader = "X-Selfheal-Token" //nolint:gosec // the name of a header is no secret

// verify tells why a sender is not who it should be; nil when it is.
func (r *Receiver) verify(h Hook, header http.Header, body []byte) error {
	switch h.scheme() {
	case SchemeHMAC:
		return verifyHMAC(h.Secrets, header, body)
	case SchemeStandard:
		return verifyStandard(h.Secrets, header, body, r.config.Clock(), r.config.Tolerance)
	case SchemeBearer:
		return verifyBearer(h.Secrets, header)
	case SchemeToken:
		name := tokenHeader
		if h.Dialect == GitLab {
			name = "X-Gitlab-Token"
		}
		return verifyToken(h.Secrets, header.Get(name), name)
	}
	return errors.New("no proof is configured")
}

// signatureHeaders carry the HMAC of the body: GitHub's form, which Gitea sends
// too, and the bare digests of Gitea and Forgejo.
var signatureHeaders = [...]string{"X-Hub-Signature-256", "X-Forgejo-Signature", "X-Gitea-Signature"}

// verifyHMAC checks the HMAC-SHA256 of the body. The first header that is there
// decides: a wrong one is not made good by another.
func verifyHMAC(secrets []httpx.Secret, header http.Header, body []byte) error {
	for _, name := range signatureHeaders {
		value := header.Get(name)
		if value == "" {
			continue
		}
		given, err := hex.DecodeString(strings.TrimPrefix(value, "sha256="))
		if err != nil {
			return errors.New(name + " is no sha256= and hex digits")
		}
		return anyMAC(secrets, given, body, rawKey)
	}
	return errors.New("the event is not signed: " + signatureHeaders[0] + " is missing")
}

// verifyStandard checks a signature by Standard Webhooks
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md):
// HMAC-SHA256 over ID.TIMESTAMP.BODY, base64, any one of several "v1,..." entries.
func verifyStandard(secrets []httpx.Secret, header http.Header, body []byte, now time.Time, tolerance time.Duration) error {
	id, stamp := header.Get("Webhook-Id"), header.Get("Webhook-Timestamp")
	if id == "" || stamp == "" || header.Get("Webhook-Signature") == "" {
		return errors.New("the event is not signed: webhook-id, webhook-timestamp or webhook-signature is missing")
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return errors.New("webhook-timestamp is no number of seconds")
	}
	if off := now.Sub(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return errors.New("webhook-timestamp is more than " + tolerance.String() + " off: the event is a replay, or a clock is wrong")
	}
	signed := append([]byte(id+"."+stamp+"."), body...)
	for entry := range strings.FieldsSeq(header.Get("Webhook-Signature")) {
		version, digest, _ := strings.Cut(entry, ",")
		given, err := base64.StdEncoding.DecodeString(digest)
		if version != "v1" || err != nil {
			continue
		}
		if anyMAC(secrets, given, signed, standardKey) == nil {
			return nil
		}
	}
	return errors.New("the signature is not that of the configured secret")
}

func rawKey(s httpx.Secret) []byte { return []byte(s) }

// standardKey is the key in a secret of Standard Webhooks: base64 behind whsec_.
// What is written otherwise is the key itself.
func standardKey(s httpx.Secret) []byte {
	if encoded, ok := strings.CutPrefix(string(s), "whsec_"); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	return []byte(s)
}

func anyMAC(secrets []httpx.Secret, given, signed []byte, key func(httpx.Secret) []byte) error {
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, key(secret))
		_, _ = mac.Write(signed) // never fails
		if hmac.Equal(given, mac.Sum(nil)) {
			return nil
		}
	}
	return errors.New("the signature is not that of the configured secret")
}

func verifyBearer(secrets []httpx.Secret, header http.Header) error {
	scheme, token, _ := strings.Cut(header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return errors.New("the header Authorization: Bearer is missing")
	}
	return verifyToken(secrets, strings.TrimSpace(token), "Authorization")
}

// verifyToken compares digests, so that the time taken tells nothing, not even a length.
func verifyToken(secrets []httpx.Secret, given, name string) error {
	if given == "" {
		return errors.New("the header " + name + " is missing")
	}
	digest := sha256.Sum256([]byte(given))
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		if subtle.ConstantTimeCompare(digest[:], want[:]) == 1 {
			return nil
		}
	}
	return errors.New("the token is not the configured one")
}
