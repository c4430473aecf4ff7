package httpx

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Secret is a text that no format verb and no encoder prints.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// GoString hides the secret.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// RetryAfter reads how long a Retry-After header asks to wait, seconds or a date
// (RFC 9110 section 10.2.3); 0 when it does not say.
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now).Round(time.Second))
	}
	return 0
}

// OneLine makes what a service said fit for an error: one line of printable
// characters, at most so many of them.
func OneLine(said string, most int) string {
	said = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, said)
	return Clip(strings.TrimSpace(said), most)
}

// Clip cuts a text after so many characters, and shows that it did.
func Clip(s string, most int) string {
	for i := range s {
		if most == 0 {
			return s[:i] + "…"
		}
		most--
	}
	return s
}

// ModelComplaint reads the forms in which the APIs of model providers refuse:
// {"error":{"message":...}}, {"error":"..."}, {"message":...}, and a list of the first.
func ModelComplaint(text []byte) (message, code string) {
	var outer struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 1 && trimmed[0] == '[' {
		text = bytes.TrimRight(trimmed[1:], "] \n")
	}
	if json.Unmarshal(text, &outer) != nil {
		return "", ""
	}
	var inner struct {
		Message string `json:"message"`
		Code    any    `json:"code"` // a word, or the status once more
	}
	if json.Unmarshal(outer.Error, &inner) == nil && inner.Message != "" {
		code, _ = inner.Code.(string)
		return inner.Message, code
	}
	if json.Unmarshal(outer.Error, &message) == nil && message != "" {
		return message, ""
	}
	return outer.Message, ""
}
