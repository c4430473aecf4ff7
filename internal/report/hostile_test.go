package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"charm.land/lipgloss/v2"

	"selfheal"
	"selfheal/internal/report"
)

// attacks are texts that somebody may write into a log, a commit or a file name.
func attacks() []string {
	return []string{
		`<script>alert(1)</script>`,
		`"><img src=x onerror=alert(1)>`,
		`' onmouseover='alert(1)`,
		`</title></style></pre></svg><iframe src="https://example.com">`,
		`javascript:alert(1)`,
		`]]><!--<!DOCTYPE x [<!ENTITY e "x">]>&e;`,
		"\x1b[2J\x1b]0;owned\a\x1b[31mred",
		"\u009b31m\u202e\u2066reversed\u2069",
		"\x00\x01\x7f\xff\xfe\ufffe",
		"%s%n%d {{.}} ${env:HOME}",
		"a\r\nb\rc\n\n\td",
		strings.Repeat("long", 400),
		strings.Repeat("\u0301", 50) + "世界🙂",
		"../../etc/passwd",
		"https://example.com/\" onclick=\"alert(1)",
		"",
	}
}

// fill sets every string below v to text and every number to n; every list gets one element.
func fill(v reflect.Value, text string, n int64) {
	switch v.Kind() {
	default: // booleans and bytes stay what they are
	case reflect.String:
		v.SetString(text)
	case reflect.Int, reflect.Int64:
		v.SetInt(n)
	case reflect.Uint8:
		v.SetUint(uint64(n) % 30)
	case reflect.Float64:
		v.SetFloat(float64(n) / 7)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), text, n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), text, n)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, text, n)
		fill(value, text, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(deployed.Add(time.Duration(n%1000) * time.Minute)))
			return
		}
		for at := range v.NumField() {
			if v.Type().Field(at).IsExported() {
				fill(v.Field(at), text, n)
			}
		}
	}
}

func filled[T any](text string, n int64) T {
	var value T
	fill(reflect.ValueOf(&value).Elem(), text, n)
	return value
}

// hostileReport has text in every place where there is any; seen says whether the
// window could be observed, which decides what the report is about.
func hostileReport(t testing.TB, text string, n int64, seen bool) report.Report {
	t.Helper()
	a := filled[selfheal.Assessment](text, n)
	if seen {
		a.Window.Observability.Problems = nil
	}
	if n%2 == 0 { // then the frames are those of the signature
		a.Signatures[0].Sample.Exceptions = nil
	}
	judged := filled[selfheal.Judged](text, n)
	judged.Verdict.Cause = selfheal.Caused
	judged.Verdict.Culprit.Start = 7
	judged.Change.Base = base // else the culprit would be a deleted line
	hunk := &judged.Change.Commits[0].Files[0].Hunks[0]
	hunk.Lines = append(hunk.Lines, hunk.Lines[0])
	hunk.Lines[0].Op, hunk.Lines[0].New = selfheal.LineAdded, 7
	negative := judged.Verdict.Exhibits[0]
	negative.Weight = -1
	judged.Verdict.Exhibits = append(judged.Verdict.Exhibits, negative)
	var events []selfheal.Event
	add := func(kind selfheal.EventType, payload any) {
		e, err := selfheal.NewEvent(deployed.Add(time.Duration(n%1000)*time.Hour), text, kind, payload)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	opened := filled[selfheal.Opened](text, n)
	opened.Repository = "https://forge.example.com/" + text
	add(selfheal.EventIncidentOpened, opened)
	add(selfheal.EventVerdictReached, judged)
	add(selfheal.EventDecisionMade, filled[selfheal.Decision](text, n))
	add(selfheal.EventRepairProven, filled[selfheal.Repair](text, n))
	add(selfheal.EventPullRequestOpened, filled[selfheal.PullRequest](text, n))
	add(selfheal.EventFixDeployed, filled[selfheal.FixDeployed](text, n))
	add(selfheal.EventOutcomeRecorded, filled[selfheal.Outcome](text, n))
	add(selfheal.EventIncidentClosed, filled[selfheal.Closed](text, n))
	add(selfheal.EventType(text), text)
	i := incident(t, events...)
	i.Key = text
	r := report.New(text, deployed, a, i)
	if n%2 != 0 {
		r.Status = selfheal.Status(text)
	}
	r.Places = filled[[]report.Place](text, n)
	r.Further = []*selfheal.Incident{i}
	return r
}

// mustBeInert fails when a terminal or a browser could obey something in the output.
func mustBeInert(t *testing.T, name string, output []byte) {
	t.Helper()
	if !utf8.Valid(output) {
		t.Errorf("%s is not UTF-8", name)
	}
	for _, r := range string(output) {
		if r != '\n' && !unicode.IsGraphic(r) {
			t.Errorf("%s holds %U", name, r)
			return
		}
	}
}

// mustBeVisible fails when a program that shows a text of the document would have to make it safe first.
func mustBeVisible(t *testing.T, value any) {
	t.Helper()
	switch value := value.(type) {
	case string:
		mustBeInert(t, "sarif text", []byte(value))
		if strings.Contains(value, "\n") {
			t.Errorf("sarif text has several lines: %q", value)
		}
	case []any:
		for _, element := range value {
			mustBeVisible(t, element)
		}
	case map[string]any:
		for name, member := range value {
			mustBeVisible(t, name)
			mustBeVisible(t, member)
		}
	}
}

// filesSection is where a text report lists places, which are never wrapped.
var filesSection = regexp.MustCompile(`(?s)\n(\x1b\[[0-9;]*m)?FILES(\x1b\[[0-9;]*m)?\n.*`)

func mustFit(t *testing.T, output []byte, width int) {
	t.Helper()
	for line := range strings.SplitSeq(string(filesSection.ReplaceAll(output, nil)), "\n") {
		if got := lipgloss.Width(line); got > width {
			t.Errorf("line of %d columns, %d is the width: %q", got, width, line)
		}
	}
}

// mustBeHarmlessPage reads the page as HTML and allows what the templates hold and nothing more.
func mustBeHarmlessPage(t *testing.T, page []byte) {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(page))
	decoder.Strict, decoder.AutoClose, decoder.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	elements := words("html head meta title style body div header main section article footer span p strong code pre " +
		"h1 h2 h3 dl dt dd ul ol li a time details summary figure figcaption svg g rect line")
	attributes := words("lang charset http-equiv content name class href rel open role aria-label aria-hidden " +
		"viewBox preserveAspectRatio x y x1 x2 y1 y2 width height")
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("page does not parse: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !elements[start.Name.Local] {
			t.Errorf("page holds element %q", start.Name.Local)
		}
		for _, a := range start.Attr {
			if !attributes[a.Name.Local] {
				t.Errorf("page holds attribute %s=%q", a.Name.Local, a.Value)
			}
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "https://") && !strings.HasPrefix(a.Value, "http://") {
				t.Errorf("page links to %q", a.Value)
			}
		}
	}
}

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// checkHostile renders everything that the package can render.
func checkHostile(t *testing.T, text string, n int64, seen bool, width int) {
	t.Helper()
	r := hostileReport(t, text, n, seen)
	draw := func(name string, f func(io.Writer) error) []byte {
		output := render(t, f)
		mustBeInert(t, name, output)
		return output
	}
	o := report.TextOptions{Width: width}
	mustFit(t, draw("text", func(w io.Writer) error { return report.Text(w, r, o) }), width)
	mustBeHarmlessPage(t, draw("html", func(w io.Writer) error { return report.HTML(w, r) }))
	document := draw("json", func(w io.Writer) error { return report.JSON(w, r) })
	if valid := utf8.ValidString(text); valid && decoded[report.Report](t, document).Version != text {
		t.Errorf("json lost %q", text)
	}
	mustBeVisible(t, checkSARIF(t, draw("sarif", func(w io.Writer) error { return report.SARIF(w, r) })))
	// The mark that keeps @names from reaching people is drawn by nobody, on purpose.
	markdown := render(t, func(w io.Writer) error { return report.Markdown(w, r) })
	markdown = bytes.ReplaceAll(bytes.ReplaceAll(markdown, []byte("\u200b"), nil), []byte("\t"), nil)
	mustBeInert(t, "markdown", markdown)
	checkHostileSignatures(t, draw, text, n, width)
	incidents := []*selfheal.Incident{r.Incident}
	mustFit(t, draw("incidents", func(w io.Writer) error { return report.Incidents(w, incidents, o) }), width)

	colored := render(t, func(w io.Writer) error { return report.Text(w, r, report.TextOptions{Width: width, Color: true}) })
	mustFit(t, colored, width)
	draw("svg", func(w io.Writer) error { return report.SVG(w, string(colored), text) })
}

func TestHostileTextIsInert(t *testing.T) {
	t.Parallel()
	for _, attack := range attacks() {
		checkHostile(t, attack, 7, true, 40)
		checkHostile(t, attack, 0, true, 120)
		checkHostile(t, attack, -3, false, 100)
	}
}

func FuzzRenderers(f *testing.F) {
	for _, attack := range attacks() {
		f.Add(attack, int64(3), true, 80)
	}
	f.Add("x", int64(0), false, 40)
	f.Add("x", int64(-5), true, 200)
	f.Add("x", int64(1)<<62, true, 100)
	f.Fuzz(func(t *testing.T, text string, n int64, seen bool, width int) {
		checkHostile(t, text, n, seen, 40+(width%200+200)%200)
	})
}

// The text of an attack is still there to be read.
func TestHostileTextIsShown(t *testing.T) {
	t.Parallel()
	r := hostileReport(t, `<script>alert(1)</script>`, 7, true)
	page := render(t, func(w io.Writer) error { return report.HTML(w, r) })
	if !bytes.Contains(page, []byte("&lt;script&gt;alert(1)&lt;/script&gt;")) {
		t.Error("the page does not show the text")
	}
	text := render(t, func(w io.Writer) error {
		return report.Text(w, hostileReport(t, "\x1b[31mred", 7, true), report.TextOptions{})
	})
	if !bytes.Contains(text, []byte("␛[31mred")) {
		t.Error("the text does not show the escape sequence")
	}
}

// What JSON escapes is not lost, whatever plane it is on.
func TestJSONEscapesWithoutLoss(t *testing.T) {
	t.Parallel()
	const text = "\x7f \u0085 \u202e \u2028 \U000e0041 \ufffe 🙂 <&>"
	document := render(t, func(w io.Writer) error { return report.JSON(w, report.Report{Headline: text}) })
	mustBeInert(t, "json", document)
	if !json.Valid(document) {
		t.Fatalf("not JSON: %s", document)
	}
	if got := decoded[report.Report](t, document).Headline; got != text {
		t.Errorf("got %q, want %q", got, text)
	}
	for _, want := range []string{`\u007f`, `\u202e`, `\udb40\udc41`, `🙂 <&>`} {
		if !bytes.Contains(document, []byte(want)) {
			t.Errorf("document does not hold %s", want)
		}
	}
}
