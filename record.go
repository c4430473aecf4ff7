package selfheal

import "time"

// Entry is one line, or one event that is already structured, as a [Source]
// delivers it: nothing of it has been interpreted.
//
// Line is valid only until the callback that received the entry returns.
type Entry struct {
	Stream string    // which file, container or connection it came from; multi-line events never cross streams
	Line   []byte    // without its line ending
	Number int64     // 1-based number of the line in its stream; 0 when the source has none
	Time   time.Time // when the transport says it was written; zero when only the text knows
	// Truncated says that the source cut the line at its size cap.
	Truncated bool
	// Record is set instead of Line by sources whose wire format is structured (OTLP, Sentry).
	Record *Record
	// Origin is what the transport knows of a Line beside its text: labels of a pod,
	// fields of a log store. nil when it knows nothing. What the text states goes before it.
	Origin *Origin
}

// Origin is where a line came from, as far as the transport says; what is empty is unknown.
type Origin struct {
	Severity Severity
	Service  string
	Revision string
	Instance string
	TraceID  string
}

// Record is one decoded log event, multi-line events assembled.
//
// Byte slices and Exceptions are valid only until the callback that received the
// record returns; strings are safe to keep.
type Record struct {
	Time       time.Time // zero when the event carries none
	Zone       string    // UTC offset as written ("Z", "+02:00"), "none" when absent; "" without a time
	Severity   Severity
	Message    []byte      // the text that identifies the event: no timestamp, no level
	Exceptions []Exception // outermost first, each one caused by the next
	Service    string
	// Environment is deployment.environment.name or one of its usual spellings.
	Environment string
	Revision    string // service.version or one of its usual spellings
	Instance    string // host, pod or process
	TraceID     string
	Attributes  []Attribute // further fields, in the order they came

	Stream string
	Number int64  // first line of the event in its stream
	Raw    []byte // the event as it was written, size-capped
	Binary bool   // Raw holds bytes that are no text
}

// Attribute is one further field of a record.
type Attribute struct {
	Key   []byte
	Value []byte
}

// Severity follows the numbers of OpenTelemetry's SeverityNumber, of which the lowest of each range is used.
type Severity uint8

// The severities.
const (
	SeverityUnspecified Severity = 0
	SeverityTrace       Severity = 1
	SeverityDebug       Severity = 5
	SeverityInfo        Severity = 9
	SeverityWarn        Severity = 13
	SeverityError       Severity = 17
	SeverityFatal       Severity = 21
)

// String gives OpenTelemetry's short name.
func (s Severity) String() string {
	switch {
	case s >= SeverityFatal:
		return "FATAL"
	case s >= SeverityError:
		return "ERROR"
	case s >= SeverityWarn:
		return "WARN"
	case s >= SeverityInfo:
		return "INFO"
	case s >= SeverityDebug:
		return "DEBUG"
	case s >= SeverityTrace:
		return "TRACE"
	}
	return "UNSPECIFIED"
}

// Exception is one link of an exception chain, in the language-neutral form.
type Exception struct {
	Type    string  `json:"type"` // "panic" for a Go panic without a type, "ValueError", "java.lang.IllegalStateException", ...
	Message string  `json:"message,omitempty"`
	Frames  []Frame `json:"frames,omitempty"` // innermost (where it was raised) first
}

// Frame is one stack frame as the runtime printed it.
type Frame struct {
	Function string `json:"function"`
	Package  string `json:"package,omitempty"` // package, module or class, where the runtime tells it apart
	File     string `json:"file,omitempty"`    // path as printed, forward slashes
	Line     int    `json:"line,omitempty"`
	InApp    bool   `json:"in_app"` // code of the service rather than of its runtime or dependencies
}
