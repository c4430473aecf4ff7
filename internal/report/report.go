package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"

	"selfheal"
)

// Schema names the JSON document and its version. Fields are only ever added
// under the same version; a change of meaning gets a new one.
const Schema = "selfheal.report/1"

// Report is everything that is said about one deploy, and as it stands the JSON
// document. Times are RFC 3339 in UTC, durations are Go durations ("1m0s").
type Report struct {
	Schema    string    `json:"schema"`    // always [Schema]
	Version   string    `json:"version"`   // of selfheal
	Generated time.Time `json:"generated"` // when the report was made

	Status   selfheal.Status `json:"status"`
	ExitCode int             `json:"exit_code"` // of the command that judged: 0, 10, 11 or 12
	Headline string          `json:"headline"`  // one sentence: what is wrong, since when, who did it
	Next     string          `json:"next"`      // what a person has to do now; empty when nothing

	Assessment selfheal.Assessment `json:"assessment"`
	Incident   *selfheal.Incident  `json:"incident"` // null when there is none
	// Further are the incidents of other anomalies of the deploy, which have other causes.
	Further  []*selfheal.Incident `json:"further,omitempty"`
	Timeline []Moment             `json:"timeline"` // oldest first
	Places   []Place              `json:"places"`   // where more can be found
}

// Place is where something was written.
type Place struct {
	Label string `json:"label"` // "html", "json", "store", "pull request", ...
	Path  string `json:"path"`  // file path or URL
}

// Moment is one entry of the timeline.
type Moment struct {
	Time  time.Time `json:"time"`
	Actor string    `json:"actor,omitempty"` // who did it; empty for what was read off the logs
	What  string    `json:"what"`            // one sentence without its full stop
}

// New makes the report of an assessment and the incident that grew out of it;
// i is nil when there is none. Places start empty: the caller, who writes the
// files, adds them.
func New(version string, now time.Time, a selfheal.Assessment, i *selfheal.Incident) Report {
	a.Anomalies, a.SetAside, a.Signatures = present(a.Anomalies), present(a.SetAside), present(a.Signatures)
	r := Report{
		Schema: Schema, Version: version, Generated: now.UTC(),
		Status: statusOf(a, i), Assessment: a, Incident: i,
		Timeline: timeline(a, i), Places: []Place{},
	}
	r.ExitCode = r.Status.ExitCode()
	r.Headline = headline(r)
	r.Next = next(r)
	return r
}

// present makes an absent list an empty one: [] in JSON, which readers can loop over, rather than null.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// statusOf never calls clean what could not be seen as a whole. What was seen to
// break counts in any case: a service that crashes logs too little.
func statusOf(a selfheal.Assessment, i *selfheal.Incident) selfheal.Status {
	switch {
	case len(a.Anomalies) == 0 && len(a.Window.Observability.Problems) > 0:
		return selfheal.StatusCannotObserve
	case len(a.Anomalies) == 0:
		return selfheal.StatusClean
	case i == nil:
		return selfheal.StatusInconclusive
	}
	return i.Status()
}

// JSON writes the report as one indented JSON document. Control, format and
// other invisible characters of log text are written as \u escapes, so that the
// document loses nothing and is still safe to print on a terminal.
func JSON(w io.Writer, r Report) error {
	return writeJSON(w, r)
}

// Encoded is what JSON writes.
func Encoded(r Report) ([]byte, error) {
	var b bytes.Buffer
	err := writeJSON(&b, r)
	return b.Bytes(), err
}

// EscapeInvisible writes control, format and other invisible characters of a JSON
// text as escapes, as JSON does.
func EscapeInvisible(document []byte) []byte { return escapeInvisible(document) }

func writeJSON(w io.Writer, document any) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	return write(w, escapeInvisible(b.Bytes()))
}

// escapeInvisible replaces what [Visible] would replace by JSON's own escapes;
// outside of strings, JSON text has no such characters.
func escapeInvisible(document []byte) []byte {
	escaped := make([]byte, 0, len(document))
	for len(document) > 0 {
		r, size := utf8.DecodeRune(document)
		switch {
		case r == '\n' || r >= 0x20 && r < 0x7f || r > 0x7f && drawn(r):
			escaped = append(escaped, document[:size]...)
		case r > 0xffff:
			high, low := (r-0x10000)>>10+0xd800, (r-0x10000)&0x3ff+0xdc00
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, high, low)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		}
		document = document[size:]
	}
	return escaped
}

// write hands everything over at once.
func write(w io.Writer, content []byte) error {
	if _, err := w.Write(content); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
