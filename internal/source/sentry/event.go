package sentry

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
)

// event is an error or a message, as far as it is read.
type event struct {
	ID          string     `json:"event_id"`
	Timestamp   timestamp  `json:"timestamp"`
	Platform    string     `json:"platform"`
	Level       string     `json:"level"`
	Logger      string     `json:"logger"`
	Release     string     `json:"release"`
	Environment string     `json:"environment"`
	Server      string     `json:"server_name"`
	Transaction string     `json:"transaction"`
	Message     message    `json:"message"`
	LogEntry    message    `json:"logentry"`
	Exception   exceptions `json:"exception"`
	Tags        tags       `json:"tags"`
	Request     struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	} `json:"request"`
	Contexts struct {
		Trace struct {
			ID string `json:"trace_id"`
		} `json:"trace"`
	} `json:"contexts"`
}

// timestamp is a number of seconds or a text of RFC 3339; UTC where it states no zone.
type timestamp struct{ time.Time }

// UnmarshalJSON takes both. What is neither is no time.
func (t *timestamp) UnmarshalJSON(b []byte) error {
	text := string(bytes.Trim(b, `"`))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 && seconds < 1e11 {
		whole, part := math.Modf(seconds)
		t.Time = time.Unix(int64(whole), int64(math.Round(part*1e6))*1000).UTC() // a float holds no more than microseconds
		return nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999"} {
		if at, err := time.Parse(layout, text); err == nil {
			t.Time = at.UTC()
			return nil
		}
	}
	return nil
}

// message is a text or an object with one.
type message string

// UnmarshalJSON takes both.
func (m *message) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(m))
	}
	var object struct{ Formatted, Message string }
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	if *m = message(object.Formatted); *m == "" {
		*m = message(object.Message)
	}
	return nil
}

// exceptions is a list or an object with one.
type exceptions []exception

// UnmarshalJSON takes both.
func (x *exceptions) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]exception)(x))
	}
	var object struct{ Values []exception }
	if err := json.Unmarshal(b, &object); err != nil {
		return err
	}
	*x = object.Values
	return nil
}

// exception is one of a chain, which stands innermost first, as its frames stand outermost first.
type exception struct {
	Type      string `json:"type"`
	Value     string `json:"value"`
	Module    string `json:"module"`
	Mechanism struct {
		Synthetic bool `json:"synthetic"`
	} `json:"mechanism"`
	Stacktrace struct {
		Frames []frame `json:"frames"`
	} `json:"stacktrace"`
}

type frame struct {
	Function string `json:"function"`
	Module   string `json:"module"`
	File     string `json:"filename"`
	Path     string `json:"abs_path"`
	Line     int    `json:"lineno"`
	InApp    *bool  `json:"in_app"`
}

// tags are an object or a list of pairs.
type tags []selfheal.Attribute

// UnmarshalJSON takes both. Values that are no texts are left out.
func (t *tags) UnmarshalJSON(b []byte) error {
	var pairs [][2]any
	if json.Unmarshal(b, &pairs) != nil {
		var object map[string]any
		if err := json.Unmarshal(b, &object); err != nil {
			return err
		}
		for key, value := range object {
			pairs = append(pairs, [2]any{key, value})
		}
		slices.SortFunc(pairs, func(a, b [2]any) int { return strings.Compare(a[0].(string), b[0].(string)) }) //nolint:forcetypeassert // keys
	}
	for _, p := range pairs {
		key, isKey := p[0].(string)
		value, isText := p[1].(string)
		if isKey && isText && value != "" {
			*t = append(*t, selfheal.Attribute{Key: []byte(key), Value: []byte(value)})
		}
	}
	return nil
}

// Caps of one event.
const (
	maxExceptions = 16
	maxFrames     = 128
	maxTags       = 64
	maxText       = 8 << 10
	maxName       = 256
)

// records are those of one request.
type records struct {
	list []selfheal.Record
	id   string
}

func (to *records) event(from *sender, text []byte) error {
	var e event
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	to.id = e.ID
	r := e.record()
	r.Service = from.service
	to.list = append(to.list, r)
	return nil
}

func (e *event) record() selfheal.Record {
	r := selfheal.Record{
		Severity: severityOf(e.Level, selfheal.SeverityError), Environment: clip(e.Environment, maxName), Revision: revisionOf(e.Release),
		Instance: clip(e.Server, maxName), TraceID: clip(e.Contexts.Trace.ID, 64), Exceptions: e.Exception.chain(e.Platform), Stream: "sentry",
	}
	if !e.Timestamp.IsZero() {
		r.Time, r.Zone = e.Timestamp.Time, "Z"
	}
	if r.Instance != "" {
		r.Stream = r.Instance
	}
	text := string(e.LogEntry)
	if text == "" {
		text = string(e.Message)
	}
	switch {
	case text != "":
	case len(r.Exceptions) == 0 && len(e.Exception) > 0:
		text = e.Exception[0].Value
	case len(r.Exceptions) > 0:
		text = r.Exceptions[0].Type + ": " + r.Exceptions[0].Message
	}
	r.Message = []byte(clip(text, maxText))
	r.Attributes = e.attributes()
	return r
}

// attributes are what helps to understand an event, and tells nothing of persons.
func (e *event) attributes() []selfheal.Attribute {
	all := slices.Clone(e.Tags[:min(len(e.Tags), maxTags)])
	for _, f := range [][2]string{{"logger", e.Logger}, {"transaction", e.Transaction}, {"request.method", e.Request.Method}, {"request.url", withoutQuery(e.Request.URL)}} {
		if f[1] != "" {
			all = append(all, selfheal.Attribute{Key: []byte(f[0]), Value: []byte(clip(f[1], maxText))})
		}
	}
	return all
}

func withoutQuery(url string) string {
	path, _, _ := strings.Cut(url, "?")
	return path
}

// chain gives the exceptions outermost first, their frames innermost first.
func (x exceptions) chain(platform string) []selfheal.Exception {
	x = x[max(0, len(x)-maxExceptions):]
	var chain []selfheal.Exception
	for _, from := range slices.Backward(x) {
		if from.Type == "" && from.Mechanism.Synthetic {
			continue // the SDK made it, only to have the stack of a message
		}
		e := selfheal.Exception{Type: from.name(platform), Message: clip(from.Value, maxText)}
		frames := from.Stacktrace.Frames
		for _, f := range slices.Backward(frames[max(0, len(frames)-maxFrames):]) {
			e.Frames = append(e.Frames, f.frame())
		}
		chain = append(chain, e)
	}
	return chain
}

// name is the type, qualified where its language prints it so.
func (x *exception) name(platform string) string {
	name, module := clip(x.Type, maxName), clip(x.Module, maxName)
	switch {
	case name == "":
		return "error"
	case module == "", module == "builtins", strings.Contains(name, "."):
		return name
	case platform == "java", platform == "csharp", platform == "python":
		return module + "." + name
	}
	return name
}

func (f *frame) frame() selfheal.Frame {
	file := f.File
	if file == "" {
		file = f.Path
	}
	file = strings.ReplaceAll(clip(file, maxName), `\`, "/")
	inApp := !isForeign(f.Path + " " + file)
	if f.InApp != nil {
		inApp = *f.InApp
	}
	function := clip(f.Function, maxName)
	if function == "" {
		function = "?"
	}
	return selfheal.Frame{Function: function, Package: clip(f.Module, maxName), File: file, Line: f.Line, InApp: inApp}
}

// isForeign tells, of frames of which the SDK says nothing, those of dependencies and runtimes.
func isForeign(path string) bool {
	for _, part := range []string{"node_modules/", "node:", "site-packages/", "dist-packages/", "/vendor/", "/gems/"} {
		if strings.Contains(path, part) {
			return true
		}
	}
	return false
}

// revisionOf takes the version out of a release: "app@1.2.3+sha" names the app, its
// version and the build, of which the build, where it looks like a commit, is the most exact.
func revisionOf(release string) string {
	release = clip(release, maxName)
	if at := strings.LastIndexByte(release, '@'); at >= 0 {
		release = release[at+1:]
	}
	version, build, _ := strings.Cut(release, "+")
	if isCommit(build) {
		return build
	}
	return version
}

// isCommit tells of seven to forty hexadecimal digits.
func isCommit(s string) bool {
	if len(s) < 7 || len(s) > 40 {
		return false
	}
	return strings.Trim(s, "0123456789abcdef") == ""
}

func severityOf(level string, without selfheal.Severity) selfheal.Severity {
	switch level {
	case "fatal", "critical":
		return selfheal.SeverityFatal
	case "error":
		return selfheal.SeverityError
	case "warning", "warn":
		return selfheal.SeverityWarn
	case "info", "log":
		return selfheal.SeverityInfo
	case "debug":
		return selfheal.SeverityDebug
	case "trace":
		return selfheal.SeverityTrace
	}
	return without
}

// clip cuts a text of bytes that may be anything.
func clip(s string, n int) string { return strings.ToValidUTF8(s[:min(len(s), n)], "") }
