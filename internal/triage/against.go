package triage

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/triage/index"
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
	{regexp.MustCompile(`(?i)i/o timeout|ETIMEDOUT|ESOCKETTIMEDOUT|connection timed out|TLS handshake timeout|upstream request timeout|read timed out|\b(?:Read|Open|Connect|Socket)Timeout|connect timeout|gateway time-?out`), "another host did not answer in time", 2.5},
	{regexp.MustCompile(`(?i)certificate (?:has expired|is not yet valid|signed by unknown)|CERT_HAS_EXPIRED|CERTIFICATE_VERIFY_FAILED|certificate verify failed`), "another host's certificate was not accepted", 2.5},
	{regexp.MustCompile(`(?i)quota|rate.?limit|too many requests|RESOURCE_EXHAUSTED|\b429\b|throttl`), "a quota was used up", 2.5},
	{regexp.MustCompile(`(?i)\b50[234]\b|bad gateway|service unavailable|\bstatus(?: code)?[:= ]+5\d\d\b|upstream connect error|overloaded`), "another service answered with a server error", 2.5},
	{regexp.MustCompile(`(?i)no space left|ENOSPC|disk quota|disk full|read-only file system|EROFS`), "a disk is full or cannot be written", 3},
	{regexp.MustCompile(`(?i)out of memory|OOMKilled|oom-kill|cannot allocate memory|ENOMEM|heap limit`), "memory ran out", 2},
	{regexp.MustCompile(`(?i)too many open files|EMFILE|ENFILE`), "file handles ran out", 2},
	{regexp.MustCompile(`(?i)\b40[13] (?:unauthorized|forbidden)|(?:status(?: code)?|returned|HTTP)[:= ]+40[13]\b|invalid_grant|token (?:has )?expired`), "another service refused the credentials", 1.5},
	{regexp.MustCompile(`(?i)\b4\d\d client error\b|\b402 payment required\b`), "another service refused the request", 1.5},
	{regexp.MustCompile(`(?i)database system is|too many connections|remaining connection slots|deadlock detected|lock wait timeout`), "the database was not available", 2.5},
}

// counter is an exhibit against the blame, with where its weight goes.
type counter struct {
	exhibit selfheal.Exhibit
	outside float64 // for the outside world, in nats
	unknown float64 // for something else than the change
	// excuses is the commit, counted from 1, of which the error's words prove nothing; 0 for none.
	excuses int
	// infrastructure says that evidence from the code alone must not outweigh it.
	infrastructure bool
}

// intended says so when all that the likeliest commit did was to give the error
// its words: it added statements that only log, or reworded one that was there.
func (b *bench) intended(findings []finding) []counter {
	for _, f := range findings {
		if f.exhibit.Kind != selfheal.ExhibitLiteralChanged || len(f.lines) == 0 {
			continue
		}
		e := b.edits[f.lines[0].edit]
		if e.op != selfheal.LineAdded {
			return nil
		}
		text := ""
		switch {
		case e.moved:
			if !b.inExtracted(e) {
				return nil
			}
			text = "the commit only gave statements that were there before a function of their own"
		case b.reworded(e):
			text = "the commit only gave an old message these words"
		case b.onlyLogs(e):
			text = "the commit only added statements that log"
		case b.saidBefore(e):
			text = "the same words were there before the commit, at another place"
		case b.wraps(e):
			text = "the commit only put these words before an error that was passed on already"
		default:
			return nil
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitIntended, Weight: -weightLiteral, Signature: b.symptom.signature.ID, Commit: f.exhibit.Commit,
			Text: text, Observed: f.exhibit.Observed, Path: f.exhibit.Path, Revision: f.exhibit.Revision, Line: f.exhibit.Line, Quote: f.exhibit.Quote,
		}
		return []counter{{exhibit: x, excuses: f.commit + 1}}
	}
	return nil
}

// inExtracted tells whether all that was changed in the function around an edit is
// that statements came there from elsewhere.
func (b *bench) inExtracted(e edit) bool {
	s := b.sources[e.near.path]
	if s == nil {
		return false
	}
	function := s.FunctionAt(e.near.line)
	return function != nil && b.onlyExtracted(b.editsIn(e.near.path, function.Start, function.End))
}

// hunkOf gives the edits of the hunk that an edit belongs to.
func (b *bench) hunkOf(e edit) []edit {
	var hunk []edit
	for _, other := range b.edits {
		if other.group == e.group {
			hunk = append(hunk, other)
		}
	}
	return hunk
}

// reworded tells whether the hunk replaces statements by the same number of
// statements that differ in nothing but their string literals.
func (b *bench) reworded(e edit) bool {
	var before, after []string
	for _, other := range b.hunkOf(e) {
		bare := squeeze(quotedText.ReplaceAllString(other.text, `""`))
		if other.op == selfheal.LineDeleted {
			before = append(before, bare)
		} else {
			after = append(after, bare)
		}
	}
	return len(before) > 0 && slices.Equal(before, after)
}

// leaves matches statements that end a function with an error, or raise it.
var leaves = regexp.MustCompile(`^\s*(?:return|raise|throw)\b`)

// saidBefore tells whether the words of an added line stood on a line that the
// commit deleted, and nothing in the file was changed but where they stand.
func (b *bench) saidBefore(e edit) bool {
	words := index.LiteralsIn(e.text)
	has := func(line string) bool {
		return slices.ContainsFunc(words, func(l index.Literal) bool { return len(l.Text) >= minTelling && strings.Contains(line, l.Text) })
	}
	before := false
	for _, other := range b.edits {
		switch {
		case other.commit != e.commit || other.at.path != e.at.path:
		case other.op == selfheal.LineDeleted && has(other.text):
			before = true
		case other.op == selfheal.LineAdded && (has(other.text) || leaves.MatchString(other.text)):
		case bareLine.MatchString(other.text) || importLine.MatchString(other.text):
		default:
			return false
		}
	}
	return before
}

// wrapping matches a text that goes on with what another error says.
var wrapping = regexp.MustCompile(`%w|: ?%[vs]['"]|\{(?:e|ex|err|error|exc)(?:\.message)?\}`)

// wraps tells whether an added line gives a text to an error that the line which
// it replaces passed on as it was, and the commit changed nothing else around it.
func (b *bench) wraps(e edit) bool {
	if !wrapping.MatchString(e.text) || !leaves.MatchString(e.text) {
		return false
	}
	passed := false
	for _, other := range b.hunkOf(e) {
		switch {
		case other.op == selfheal.LineAdded && other.text == e.text:
		case other.op == selfheal.LineDeleted && leaves.MatchString(other.text) && len(index.LiteralsIn(other.text)) == 0:
			passed = true
		case bareLine.MatchString(other.text) || importLine.MatchString(other.text):
		default:
			return false
		}
	}
	return passed
}

// quotedText matches string literals on one line.
var quotedText = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`")

// onlyLogs tells whether all that the commit changed in the file is added calls of a logger.
func (b *bench) onlyLogs(e edit) bool {
	for _, other := range b.edits {
		if other.commit == e.commit && other.at.path == e.at.path &&
			(other.op != selfheal.LineAdded || !loggingLine.MatchString(other.text) && !bareLine.MatchString(other.text)) {
			return false
		}
	}
	return true
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
				outside: e.weight + 1, infrastructure: true,
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
			outside: 0.5, unknown: 0.5,
		})
	}
	return out
}

// What it takes to say that the world moved rather than the change.
const (
	coMovers       = 3                // symptoms without any trace to the change
	coMovedWithin  = 10 * time.Minute // of each other's onset
	traceless      = 1.0              // score below which there is no trace
	weightCoMoving = 1.0
)

// weighCoMovement speaks against the blame of a symptom beside which several
// others began that nothing in the change can explain.
func weighCoMovement(rankings []ranking) {
	for i := range rankings {
		r := &rankings[i]
		others := 0
		for j := range rankings {
			if i != j && rankings[j].best() < traceless && together(r.symptom.anomaly, rankings[j].symptom.anomaly) {
				others++
			}
		}
		if others < coMovers {
			continue
		}
		r.counters = append(r.counters, counter{exhibit: selfheal.Exhibit{
			Kind: selfheal.ExhibitCoMovement, Weight: -weightCoMoving, Signature: r.symptom.signature.ID,
			Text: fmt.Sprintf("%d other errors began with it to which nothing in the change leads", others),
		}})
		r.other += weightCoMoving
		r.normalise()
	}
}

// together tells whether two anomalies began at about the same time; unknown times do not tell them apart.
func together(a, b selfheal.Anomaly) bool {
	return a.Onset.IsZero() || b.Onset.IsZero() || a.Onset.Sub(b.Onset).Abs() <= coMovedWithin
}
