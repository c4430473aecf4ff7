package triage

import (
	"regexp"
	"time"

	"selfheal"
)

// external are the words by which errors speak of the world outside the program.
var external = []struct {
	pattern *regexp.Regexp
	text    string
	weight  float64
}{
	{regexp.MustCompile(`(?i)no such host|getaddrinfo|EAI_AGAIN|ENOTFOUND|name resolution|name or service not known|nodename nor servname|NXDOMAIN|server misbehaving`), "a name could not be resolved", 3},
	{regexp.MustCompile(`(?i)connection refused|ECONNREFUSED|no route to host|network is unreachable|EHOSTUNREACH|ENETUNREACH|UnknownHostException`), "another host did not accept the connection", 3},
	{regexp.MustCompile(`(?i)connection reset|ECONNRESET|broken pipe|EPIPE|socket hang up|unexpected EOF from|server closed the connection|connection aborted`), "the other side closed the connection", 2.5},
	{regexp.MustCompile(`(?i)i/o timeout|ETIMEDOUT|ESOCKETTIMEDOUT|connection timed out|TLS handshake timeout|upstream request timeout|read timed out|connect timeout|gateway time-?out`), "another host did not answer in time", 2.5},
	{regexp.MustCompile(`(?i)certificate (?:has expired|is not yet valid|signed by unknown)|CERT_HAS_EXPIRED|CERTIFICATE_VERIFY_FAILED|certificate verify failed`), "another host's certificate was not accepted", 2.5},
	{regexp.MustCompile(`(?i)quota|rate.?limit|too many requests|RESOURCE_EXHAUSTED|\b429\b|throttl`), "a quota was used up", 2.5},
	{regexp.MustCompile(`(?i)\b50[234]\b|bad gateway|service unavailable|\bstatus(?: code)?[:= ]+5\d\d\b|upstream connect error|overloaded`), "another service answered with a server error", 2.5},
	{regexp.MustCompile(`(?i)no space left|ENOSPC|disk quota|disk full|read-only file system|EROFS`), "a disk is full or cannot be written", 3},
	{regexp.MustCompile(`(?i)out of memory|OOMKilled|oom-kill|cannot allocate memory|ENOMEM|heap limit`), "memory ran out", 2},
	{regexp.MustCompile(`(?i)too many open files|EMFILE|ENFILE`), "file handles ran out", 2},
	{regexp.MustCompile(`(?i)database system is|too many connections|remaining connection slots|deadlock detected|lock wait timeout`), "the database was not available", 2.5},
}

// counter is an exhibit against the blame, with where its weight goes.
type counter struct {
	exhibit selfheal.Exhibit
	outside float64 // for the outside world, in nats
	unknown float64 // for something else than the change
	// infrastructure says that evidence from the code alone must not outweigh it.
	infrastructure bool
}

// grace is how early before a deploy an anomaly may begin because of uneven clocks.
const grace = 2 * time.Minute

// against collects what speaks against the change as the cause of a symptom.
func against(s symptom, deployedAt time.Time) []counter {
	var out []counter
	id := s.signature.ID
	for _, e := range external {
		if m := e.pattern.FindString(s.message); m != "" {
			out = append(out, counter{
				exhibit: selfheal.Exhibit{
					Kind: selfheal.ExhibitExternalWords, Weight: -e.weight, Signature: id,
					Text: "the error says that " + e.text, Observed: shorten(m),
				},
				outside: e.weight, infrastructure: true,
			})
			break
		}
	}
	a := s.anomaly
	if !deployedAt.IsZero() && !a.Onset.IsZero() && a.Onset.Before(deployedAt.Add(-grace)) {
		out = append(out, counter{
			exhibit: selfheal.Exhibit{
				Kind: selfheal.ExhibitEarlyOnset, Weight: -3, Signature: id,
				Text: "it began at " + a.Onset.UTC().Format(time.RFC3339) + ", before the deploy",
			},
			outside: 2, unknown: 3,
		})
	}
	if a.Kind == selfheal.AnomalyRise && a.Expected >= 1 {
		out = append(out, counter{
			exhibit: selfheal.Exhibit{
				Kind: selfheal.ExhibitSeenBefore, Weight: -1, Signature: id,
				Text: "the same error occurred before the deploy, less often",
			},
			outside: 1, unknown: 1,
		})
	}
	return out
}
