package cloudwatch

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/httpx"
)

// Credentials are an AWS access key.
type Credentials struct {
	AccessKey httpx.Secret
	SecretKey httpx.Secret
	Session   httpx.Secret // token of temporary credentials; empty for long-lived ones
}

// signer signs requests with AWS Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
// It serves APIs whose requests have the path / and no query: those of JSON.
type signer struct {
	credentials     Credentials
	region, service string
	clock           selfheal.Clock
	next            http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, errors.Join(err, r.Body.Close())
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
	}
	signed := r.Clone(r.Context())
	signed.Body = io.NopCloser(bytes.NewReader(body))
	s.sign(signed, body)
	next := s.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(signed)
	if err != nil {
		return nil, err
	}
	return throttled(response)
}

// sign adds the headers of the signature to a request.
func (s signer) sign(r *http.Request, body []byte) {
	now := s.clock().UTC()
	r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
	if s.credentials.Session != "" {
		r.Header.Set("X-Amz-Security-Token", string(s.credentials.Session))
	}
	names, canonical := canonicalHeaders(r)
	scope := strings.Join([]string{now.Format("20060102"), s.region, s.service, "aws4_request"}, "/")
	request := strings.Join([]string{r.Method, "/", "", canonical, names, digest(body)}, "\n")
	text := strings.Join([]string{"AWS4-HMAC-SHA256", now.Format("20060102T150405Z"), scope, digest([]byte(request))}, "\n")
	key := []byte("AWS4" + string(s.credentials.SecretKey))
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+string(s.credentials.AccessKey)+"/"+scope+
		", SignedHeaders="+names+", Signature="+hex.EncodeToString(mac(key, text)))
}

// canonicalHeaders lists the headers that are signed, and writes them with their values.
func canonicalHeaders(r *http.Request) (names, canonical string) {
	values := map[string]string{"host": r.URL.Host}
	if r.Host != "" {
		values["host"] = r.Host
	}
	all := []string{"host"}
	for _, name := range []string{"Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target"} {
		if value := r.Header.Get(name); value != "" {
			all = append(all, strings.ToLower(name))
			values[strings.ToLower(name)] = strings.Join(strings.Fields(value), " ")
		}
	}
	slices.Sort(all)
	var lines strings.Builder
	for _, name := range all {
		lines.WriteString(name + ":" + values[name] + "\n")
	}
	return strings.Join(all, ";"), lines.String()
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// maxRefusal is how much of a refusal is read.
const maxRefusal = 64 << 10

// throttled gives AWS's way of saying that it is asked too often, 400 with a name in
// the body, the status that says so.
func throttled(response *http.Response) (*http.Response, error) {
	if response.StatusCode != http.StatusBadRequest {
		return response, nil
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRefusal))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case bytes.Contains(body, []byte("ThrottlingException")), bytes.Contains(body, []byte("LimitExceededException")):
		response.StatusCode = http.StatusTooManyRequests
	case bytes.Contains(body, []byte("ServiceUnavailableException")):
		response.StatusCode = http.StatusInternalServerError
	case bytes.Contains(body, []byte("UnrecognizedClientException")), bytes.Contains(body, []byte("InvalidSignatureException")), bytes.Contains(body, []byte("ExpiredTokenException")):
		response.StatusCode = http.StatusUnauthorized
	case bytes.Contains(body, []byte("AccessDeniedException")):
		response.StatusCode = http.StatusForbidden
	case bytes.Contains(body, []byte("ResourceNotFoundException")):
		response.StatusCode = http.StatusNotFound
	}
	return response, nil
}
