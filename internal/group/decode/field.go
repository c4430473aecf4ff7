package decode

import (
	"bytes"

	"selfheal"
)

// role is what a field means.
type role uint8

const (
	roleNone role = iota
	roleTime
	roleLevel
	roleSeverityNumber // OpenTelemetry's 1 to 24
	rolePythonLevel    // 10 to 50
	rolePriority       // syslog's 0 to 7
	roleMessage
	roleError
	roleErrorType
	roleStack
	roleService
	roleRevision
	roleInstance
	roleEnvironment
	roleTrace
	roleStatus    // of an HTTP response
	roleNanos     // fraction of the second, in nanoseconds
	roleTransport // how a journal entry came to the journal
	roleCount
)

// topRole knows the words that mean something at the top of a record only.
func topRole(key []byte) (role, uint8) {
	switch string(key) {
	case "time", "ts", "timestamp", "@timestamp", "datetime", "date", "asctime", "eventTime", "timeMillis", "timeUnixNano", "time_unix_nano", "Timestamp", "t",
		"_SOURCE_REALTIME_TIMESTAMP", "written_at", "dt", "epochSeconds":
		return roleTime, rankGood
	case "__REALTIME_TIMESTAMP":
		return roleTime, rankJournal
	case "@t":
		return roleTime, rankCLEF
	case "nanoseconds":
		return roleNanos, rankGood
	case "observedTimeUnixNano", "observed_time_unix_nano", "ObservedTimestamp":
		return roleTime, rankWeak
	case "level", "severity", "lvl", "log.level", "loglevel", "levelname", "severityText", "severity_text", "SeverityText", "@l", "level_name", "log_level", "Level", "logLevel", "LogLevel", "@level", "error_severity":
		return roleLevel, rankGood
	case "severityNumber", "severity_number", "SeverityNumber", "Severity":
		return roleSeverityNumber, rankFair
	case "levelno":
		return rolePythonLevel, rankFair
	case "PRIORITY", "syslog_severity":
		return rolePriority, rankFair
	case "formattedMessage":
		return roleMessage, rankJournal
	case "msg", "message", "MESSAGE", "short_message", "@m", "Message", "@message", "RenderedMessage", "textPayload":
		return roleMessage, rankGood
	case "event", "body", "Body", "@mt", "text", "MessageTemplate":
		return roleMessage, rankFair
	case "log", "full_message":
		return roleMessage, rankWeak
	case "version", "release", "build", "sha", "rev":
		return roleRevision, rankWeak
	case "app", "application", "service", "serviceName", "SYSLOG_IDENTIFIER":
		return roleService, rankFair
	case "_SYSTEMD_UNIT":
		return roleService, rankWeak
	case "_TRANSPORT":
		return roleTransport, rankGood
	case "trace":
		return roleTrace, rankFair
	case "host":
		return roleInstance, rankWeak
	case "environment", "env":
		return roleEnvironment, rankWeak
	}
	if len(key) > 1 && key[0] == '_' { // GELF's additional fields
		return fieldRole(key[1:])
	}
	return roleNone, 0
}

// fieldRole knows the words that are unmistakable wherever they stand.
func fieldRole(key []byte) (role, uint8) {
	switch string(key) {
	case "error", "err", "exception", "exc", "error.message", "exception.message", "error_message", "errorMessage", "errmsg", "Error", "Exception", "thrown":
		return roleError, rankGood
	case "error.type", "exception.type", "error.kind", "exc_type", "error_type", "errorType", "exception_class", "error.class":
		return roleErrorType, rankGood
	case "stack", "stacktrace", "stack_trace", "stackTrace", "error.stack", "error.stack_trace", "exception.stacktrace", "errorVerbose", "exc_info", "exc_text",
		"backtrace", "traceback", "@x", "errorStack", "error_stack", "StackTrace":
		return roleStack, rankGood
	case "trace_id", "traceId", "traceid", "TraceId", "traceID", "trace.id", "dd.trace_id", "otelTraceID", "@tr", "TraceID", "TRACE_ID", "logging.googleapis.com/trace":
		return roleTrace, rankGood
	case "service.version", "git_sha", "gitSha", "commit", "revision", "git.commit", "git_commit", "git_revision", "commit_sha", "commitSha", "app_version",
		"appVersion", "service_version", "serviceVersion", "dd.version", "build_sha", "image_tag", "app.version", "app.kubernetes.io/version":
		return roleRevision, rankGood
	case "service.name", "service_name", "dd.service":
		return roleService, rankGood
	case "deployment.environment.name":
		return roleEnvironment, rankGood
	case "deployment.environment", "service.environment", "dd.env":
		return roleEnvironment, rankFair
	case "hostname", "pod", "pod_name", "podName", "instance", "instance_id", "host.name", "service.instance.id", "k8s.pod.name", "service.node.name", "_HOSTNAME":
		return roleInstance, rankFair
	case "status", "statusCode", "status_code", "http_status", "httpStatus", "http.status_code", "http.response.status_code", "http.status", "StatusCode", "resp_status":
		return roleStatus, rankGood
	}
	return roleNone, 0
}

// errorRole knows the words inside an error object.
func errorRole(key []byte) (role, uint8) {
	switch string(key) {
	case "message", "msg", "localizedMessage", "value":
		return roleError, rankGood
	case "type", "kind", "class", "name", "className":
		return roleErrorType, rankGood
	case "stack", "stack_trace", "stacktrace", "stackTrace", "backtrace", "@stack":
		return roleStack, rankGood
	}
	return roleNone, 0
}

// set gives a field to the line by its role. text tells strings from other JSON values.
func (d *Decoder) set(l *Line, in space, key, value []byte, text bool) {
	r, rank := roleOf(in, key)
	d.give(l, &field{key, in, r, rank}, value, text)
}

// give is set for a field whose role is known.
func (d *Decoder) give(l *Line, f *field, value []byte, text bool) {
	r, rank := f.role, f.rank
	if r == roleNone {
		l.Attributes = append(l.Attributes, selfheal.Attribute{Key: f.key, Value: value})
		return
	}
	if rank < l.rank[r] || len(value) == 0 || !d.assign(l, r, rank, value, text) {
		if r == roleMessage && text && rank < l.rank[r] {
			l.fuller(value)
		}
		if r != roleTime && r != roleLevel {
			l.Attributes = append(l.Attributes, selfheal.Attribute{Key: f.key, Value: value})
		}
		return
	}
	l.rank[r] = rank
}

// assign stores a value under its role; false when the value cannot be meant.
func (d *Decoder) assign(l *Line, r role, rank uint8, value []byte, text bool) bool {
	if l.rank[r] == rank {
		return false // the first of two equally good keys stays
	}
	switch r {
	case roleTime:
		return d.assignTime(l, value)
	case roleLevel:
		return assignLevel(l, value, text)
	case roleSeverityNumber, rolePythonLevel, rolePriority:
		return assignLevelNumber(l, r, value)
	case roleMessage:
		return assignMessage(l, value, text)
	case roleError:
		return assignError(l, value, text)
	case roleErrorType:
		return assignText(&l.ErrorType, value, text)
	case roleStack:
		return assignText(&l.Stack, value, text)
	case roleService:
		return assignText(&l.Service, bytes.TrimSuffix(value, unitSuffix), text)
	case roleRevision:
		if rank == rankWeak && (len(value) <= 3 || value[0] == '$') {
			return false // "version":"1.1" is the version of a log format
		}
		return isRevision(value) && assignText(&l.Revision, value, text)
	case roleInstance:
		return assignText(&l.Instance, value, text)
	case roleEnvironment:
		return isRevision(value) && assignText(&l.Environment, value, text)
	case roleTrace:
		if assignTrace(l, value) {
			return true
		}
		l.fuller(value) // "trace" may as well be that of a stack
	case roleStatus:
		if n, ok := integer(value); ok && n >= 100 && n < 600 {
			l.Status = n
		}
		return false // it stays an attribute too
	case roleNanos:
		l.nanos, _ = integer(value)
	case roleTransport:
		l.fromOut = string(value) == "stdout"
	}
	return false
}

var traceback = []byte("Traceback (most recent call last):")

var unitSuffix = []byte(".service")

func assignMessage(l *Line, value []byte, text bool) bool {
	if !text {
		return false
	}
	if l.Message != nil {
		l.fuller(l.Message)
	}
	l.Message = value
	return true
}

// fuller takes a longer account of the event than its message, such as GELF's
// full_message: its further lines may hold a stack trace. A stack field goes first.
func (l *Line) fuller(account []byte) {
	if at := bytes.IndexByte(account, '\n'); at >= 0 && at < len(account)-1 && l.Stack == nil {
		l.Stack = account
	}
}

// assignTrace takes a trace id, without what Google Cloud and Python's
// OpenTelemetry write before it. An id of zeros says that there is none.
func assignTrace(l *Line, value []byte) bool {
	start, zeros := 0, true
	for i, c := range value {
		if c > '0' && c != 'x' { // nearly always
			zeros = false
			continue
		}
		switch {
		case c <= ' ':
			return false
		case c == '/', c == 'x' && i == 1 && value[0] == '0':
			start, zeros = i+1, true
		case c != '0':
			zeros = false
		}
	}
	if zeros {
		return false
	}
	l.TraceID = value[start:]
	return true
}

func assignText(to *[]byte, value []byte, text bool) bool {
	if text {
		*to = value
	}
	return text
}

// assignError takes the text of an error field; one with line breaks brings its stack.
func assignError(l *Line, value []byte, text bool) bool {
	if !text {
		return false
	}
	if at := bytes.IndexByte(value, '\n'); at >= 0 {
		if l.Stack == nil {
			l.Stack = value
		}
		if bytes.HasPrefix(value, traceback) {
			return true // its last line tells the error, and the stack has it
		}
		value = bytes.TrimRight(value[:at], "\r")
	}
	l.Error = value
	return true
}

// isRevision: a version, tag or commit id, as against a sentence about versions.
func isRevision(b []byte) bool {
	if len(b) < 2 || len(b) > 80 {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c == '(' || c == '=' || c == '{' || c == ',' || c == '"' {
			return false
		}
	}
	return true
}
