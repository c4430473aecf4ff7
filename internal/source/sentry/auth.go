package sentry

import (
	"net/http"
	"net/url"
	"strings"
)

// keyOf finds the public key of the DSN where SDKs put it: a header or the query.
func keyOf(request *http.Request) string {
	for _, header := range []string{"X-Sentry-Auth", "Authorization"} {
		fields, ok := cutFold(request.Header.Get(header), "sentry ")
		if !ok {
			continue
		}
		for field := range strings.SplitSeq(fields, ",") {
			if key, ok := strings.CutPrefix(strings.TrimSpace(field), "sentry_key="); ok {
				return key
			}
		}
	}
	return request.URL.Query().Get("sentry_key")
}

// keyOfDSN gives the public key in a DSN, which the header of an envelope may state.
func keyOfDSN(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.User == nil {
		return ""
	}
	return u.User.Username()
}

// cutFold cuts a prefix off, in whatever case it is written.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

func oneLine(s string) string { return strings.NewReplacer("\n", " ", "\r", " ").Replace(s) }
