// Package fields makes entries of the documents that log stores hold: which of
// their fields is the message, which the level, which the revision.
//
// In goes a document of named values, with the labels of its stream; out comes an
// entry. A document that is no more than a line of text with labels becomes that
// line, so that stack traces over several lines can be put together; one with a
// level, an error or a stack of its own becomes a JSON object with OpenTelemetry's
// names, which is complete in itself.
package fields

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"selfheal"
)

// maxLine is the length in bytes at which a line is cut.
const maxLine = 1 << 20

// Names say which fields of a store hold what; an empty one stands for the usual spellings.
type Names struct {
	// Message is the field that holds the text of the event.
	Message string `yaml:"message" json:"message,omitempty"`
	// Level is the field that holds the severity.
	Level string `yaml:"level" json:"level,omitempty"`
	// Service is the field that names the service.
	Service string `yaml:"service" json:"service,omitempty"`
	// Revision is the field that holds the revision that is deployed: a commit, tag or version.
	Revision string `yaml:"revision" json:"revision,omitempty"`
	// Instance is the field that names host, pod or process.
	Instance string `yaml:"instance" json:"instance,omitempty"`
	// Trace is the field that holds the trace id.
	Trace string `yaml:"trace" json:"trace,omitempty"`
	// ErrorType is the field that holds the type of an exception.
	ErrorType string `yaml:"error_type" json:"error_type,omitempty"`
	// ErrorMessage is the field that holds the message of an exception.
	ErrorMessage string `yaml:"error_message" json:"error_message,omitempty"`
	// Stack is the field that holds a stack trace.
	Stack string `yaml:"stack" json:"stack,omitempty"`
}

// Document is one entry as a store holds it.
type Document struct {
	Stream string
	Time   time.Time
	// Fields belong to the entry, Labels to its stream. Both may be changed.
	Fields, Labels map[string]string
}

// Mapper makes entries. Its zero value knows the usual spellings.
type Mapper struct{ Names Names }

// The usual spellings: those of OpenTelemetry, as they are and with the dots that
// Loki and Prometheus do not allow, then of ECS, Datadog and common loggers.
func messageKeys() []string {
	return []string{"message", "msg", "_msg", "body", "log", "Body", "@message", "MESSAGE", "event.original"}
}

func levelKeys() []string {
	return []string{"level", "severity_text", "severity", "log.level", "severityText", "loglevel", "lvl", "levelname", "log_level", "status"}
}

func serviceKeys() []string {
	return []string{"service.name", "service_name", "resource.service.name", "service", "app.kubernetes.io/name", "app"}
}

func revisionKeys() []string {
	return []string{"service.version", "service_version", "resource.service.version", "dd.version", "git.commit.sha", "git_sha", "commit", "revision", "release", "app_version", "app.kubernetes.io/version", "app_kubernetes_io_version"}
}

func instanceKeys() []string {
	return []string{"service.instance.id", "service_instance_id", "k8s.pod.name", "k8s_pod_name", "kubernetes.pod_name", "kubernetes.pod.name", "pod", "pod_name", "instance", "host.name", "host_name", "hostname", "host"}
}

func traceKeys() []string {
	return []string{"trace_id", "traceId", "trace.id", "TraceId", "traceID", "dd.trace_id", "traceid"}
}

func errorTypeKeys() []string {
	return []string{"exception.type", "exception_type", "error.type", "error.kind", "error_type"}
}

func errorMessageKeys() []string {
	return []string{"exception.message", "exception_message", "error.message", "error_message", "error", "err"}
}

func stackKeys() []string {
	return []string{"exception.stacktrace", "exception_stacktrace", "error.stack_trace", "error.stack", "stack_trace", "stacktrace", "stack", "error.stacktrace"}
}

// Entry makes the entry of a document.
func (m Mapper) Entry(d Document) *selfheal.Entry {
	n := m.Names
	level, own := d.take(n.Level, levelKeys())
	e := &selfheal.Entry{Stream: d.Stream, Time: d.Time, Origin: &selfheal.Origin{Severity: Severity(level)}}
	e.Origin.Service, _ = d.take(n.Service, serviceKeys())
	e.Origin.Revision, _ = d.take(n.Revision, revisionKeys())
	e.Origin.Instance, _ = d.take(n.Instance, instanceKeys())
	e.Origin.TraceID, _ = d.take(n.Trace, traceKeys())
	message, texted := d.take(n.Message, messageKeys())
	object := writer{}
	object.text("exception.type", d.own(n.ErrorType, errorTypeKeys()))
	object.text("exception.message", d.own(n.ErrorMessage, errorMessageKeys()))
	object.text("exception.stacktrace", d.own(n.Stack, stackKeys()))
	if texted && !own && object.empty() {
		e.Line, e.Truncated = cut(message)
		return e
	}
	object.text("level", level)
	object.text("message", message)
	for _, key := range slices.Sorted(maps.Keys(d.Fields)) {
		object.text(key, d.Fields[key])
	}
	e.Line, e.Truncated = object.line()
	return e
}

// take takes a value out of the document: the configured field, else the first of
// the usual ones that is there, of the entry before those of its stream. own tells
// whether it is the entry's.
func (d *Document) take(configured string, usual []string) (value string, own bool) {
	if configured != "" {
		usual = []string{configured}
	}
	for _, key := range usual {
		if v, ok := d.Fields[key]; ok && v != "" {
			delete(d.Fields, key)
			return v, true
		}
	}
	for _, key := range usual {
		if v := d.Labels[key]; v != "" {
			return v, false
		}
	}
	return "", false
}

// own is take for what a label cannot be.
func (d *Document) own(configured string, usual []string) string {
	value, own := d.take(configured, usual)
	if !own {
		return ""
	}
	return value
}

func cut(text string) ([]byte, bool) {
	text = strings.TrimRight(text, "\r\n")
	if len(text) > maxLine {
		return []byte(text[:maxLine]), true
	}
	return []byte(text), false
}

// writer writes one flat JSON object, bounded.
type writer struct {
	out  []byte
	full bool
}

func (w *writer) empty() bool { return len(w.out) == 0 }

// text adds a member; what is empty says nothing. Beyond the cap a value is cut, and further members are left out.
func (w *writer) text(key, value string) {
	if value == "" || w.full {
		return
	}
	if room := maxLine - len(w.out) - len(key); len(value) > room {
		value, w.full = value[:max(0, room)], true
	}
	name, _ := json.Marshal(key) // texts can always be encoded
	text, _ := json.Marshal(value)
	if len(w.out) > 0 {
		w.out = append(w.out, ',')
	}
	w.out = append(append(append(w.out, name...), ':'), text...)
}

func (w *writer) line() ([]byte, bool) { return slices.Concat([]byte{'{'}, w.out, []byte{'}'}), w.full }

// Severity reads the names of severities, and OpenTelemetry's numbers. What it does not know is unspecified.
func Severity(level string) selfheal.Severity {
	if n, err := strconv.Atoi(level); err == nil && n >= 1 && n <= 24 {
		return selfheal.Severity((n-1)/4*4 + 1)
	}
	switch level = strings.ToLower(strings.TrimSpace(level)); {
	case strings.HasPrefix(level, "trace"), level == "verbose":
		return selfheal.SeverityTrace
	case strings.HasPrefix(level, "debug"), level == "dbg":
		return selfheal.SeverityDebug
	case strings.HasPrefix(level, "info"), level == "notice", level == "ok", level == "log":
		return selfheal.SeverityInfo
	case strings.HasPrefix(level, "warn"):
		return selfheal.SeverityWarn
	case strings.HasPrefix(level, "err"), level == "severe":
		return selfheal.SeverityError
	case strings.HasPrefix(level, "crit"), strings.HasPrefix(level, "fatal"), strings.HasPrefix(level, "emerg"), level == "alert", level == "panic":
		return selfheal.SeverityFatal
	}
	return selfheal.SeverityUnspecified
}

// Below lists the usual names of all severities below one, in lower case, with
// OpenTelemetry's numbered ones; none where nothing is below it.
func Below(least selfheal.Severity) []string {
	var all []string
	for _, each := range []struct {
		severity selfheal.Severity
		names    []string
	}{
		{selfheal.SeverityTrace, []string{"trace", "trace2", "trace3", "trace4", "verbose"}},
		{selfheal.SeverityDebug, []string{"debug", "debug2", "debug3", "debug4", "dbg"}},
		{selfheal.SeverityInfo, []string{"info", "info2", "info3", "info4", "information", "informational", "notice"}},
		{selfheal.SeverityWarn, []string{"warn", "warn2", "warn3", "warn4", "warning"}},
		{selfheal.SeverityError, []string{"error", "error2", "error3", "error4", "err"}},
	} {
		if each.severity < least {
			all = append(all, each.names...)
		}
	}
	return all
}

// LevelField is the field by which a store may be asked for severities.
func (m Mapper) LevelField(usual string) string {
	if m.Names.Level != "" {
		return m.Names.Level
	}
	return usual
}
