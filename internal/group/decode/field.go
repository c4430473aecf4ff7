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
	roleTrace
	roleStatus // of an HTTP response
	roleCount
)

// space is which object a key stands in.
type space uint8

const (
	spaceTop      space = iota // the record itself
	spaceFields                // an object of further fields: only unmistakable keys count
	spaceError                 // error, err, exception
	spaceLog                   // ECS log
	spaceService               // ECS service
	spaceTrace                 // ECS trace
	spaceHost                  // ECS host
	spaceInstant               // Log4j's instant
	spaceResponse              // what an HTTP server answered
	spaceBody                  // OpenTelemetry body
	spaceNone                  // not looked into
)

// roleOf gives the role of a key and how good a key it is for the role, 1 being the weakest.
func roleOf(in space, key []byte) (role, uint8) {
	switch in {
	case spaceTop:
		if r, rank := topRole(key); r != roleNone {
			return r, rank
		}
		return fieldRole(key)
	case spaceFields:
		return fieldRole(key)
	case spaceError:
		return errorRole(key)
	case spaceLog:
		if string(key) == "level" {
			return roleLevel, 3
		}
	case spaceTrace:
		if string(key) == "id" {
			return roleTrace, 3
		}
	case spaceHost:
		if string(key) == "name" || string(key) == "hostname" {
			return roleInstance, 2
		}
	case spaceBody:
		if string(key) == "stringValue" {
			return roleMessage, 2
		}
		return fieldRole(key)
	case spaceResponse:
		switch string(key) {
		case "status", "statusCode", "status_code", "code":
			return roleStatus, 2
		}
	case spaceService:
		switch string(key) {
		case "name":
			return roleService, 3
		case "version":
			return roleRevision, 3
		}
	}
	return roleNone, 0
}

// topRole knows the words that mean something at the top of a record only.
func topRole(key []byte) (role, uint8) {
	switch string(key) {
	case "time", "ts", "timestamp", "@timestamp", "@t", "datetime", "date", "asctime", "eventTime", "timeMillis", "timeUnixNano", "Timestamp", "t",
		"__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "written_at", "dt":
		return roleTime, 3
	case "observedTimeUnixNano", "ObservedTimestamp":
		return roleTime, 1
	case "level", "severity", "lvl", "log.level", "loglevel", "levelname", "severityText", "severity_text", "SeverityText", "@l", "level_name", "log_level", "Level", "logLevel":
		return roleLevel, 3
	case "severityNumber", "severity_number", "SeverityNumber":
		return roleSeverityNumber, 2
	case "levelno":
		return rolePythonLevel, 2
	case "PRIORITY", "syslog_severity":
		return rolePriority, 2
	case "msg", "message", "MESSAGE", "short_message", "@m", "Message":
		return roleMessage, 3
	case "event", "body", "Body", "@mt", "text":
		return roleMessage, 2
	case "log", "full_message":
		return roleMessage, 1
	case "version", "release", "build", "sha", "rev":
		return roleRevision, 1
	case "app", "application", "service", "serviceName", "SYSLOG_IDENTIFIER":
		return roleService, 2
	case "host":
		return roleInstance, 1
	}
	return roleNone, 0
}

// fieldRole knows the words that are unmistakable wherever they stand.
func fieldRole(key []byte) (role, uint8) {
	switch string(key) {
	case "error", "err", "exception", "exc", "error.message", "exception.message", "error_message", "errorMessage", "errmsg", "Error", "Exception", "thrown":
		return roleError, 3
	case "error.type", "exception.type", "error.kind", "exc_type", "error_type", "exception_class", "error.class":
		return roleErrorType, 3
	case "stack", "stacktrace", "stack_trace", "stackTrace", "error.stack", "error.stack_trace", "exception.stacktrace", "errorVerbose", "exc_info", "exc_text",
		"backtrace", "traceback", "@x", "errorStack", "StackTrace":
		return roleStack, 3
	case "trace_id", "traceId", "traceid", "TraceId", "traceID", "trace.id", "dd.trace_id", "otelTraceID", "@tr", "logging.googleapis.com/trace":
		return roleTrace, 3
	case "service.version", "git_sha", "gitSha", "commit", "revision", "git.commit", "git_commit", "git_revision", "commit_sha", "commitSha", "app_version",
		"appVersion", "service_version", "serviceVersion", "dd.version", "build_sha", "image_tag":
		return roleRevision, 3
	case "service.name", "service_name", "dd.service":
		return roleService, 3
	case "hostname", "pod", "pod_name", "podName", "instance", "instance_id", "host.name", "service.instance.id", "k8s.pod.name", "service.node.name", "_HOSTNAME":
		return roleInstance, 2
	case "status", "statusCode", "status_code", "http_status", "httpStatus", "http.status_code", "http.response.status_code", "http.status", "StatusCode", "resp_status":
		return roleStatus, 3
	}
	return roleNone, 0
}

// errorRole knows the words inside an error object.
func errorRole(key []byte) (role, uint8) {
	switch string(key) {
	case "message", "msg", "localizedMessage":
		return roleError, 3
	case "type", "kind", "class", "name":
		return roleErrorType, 3
	case "stack", "stack_trace", "stacktrace", "stackTrace", "backtrace", "extendedStackTrace", "@stack":
		return roleStack, 3
	}
	return roleNone, 0
}

// spaceOf tells how to look into an object that stands under a key.
func spaceOf(in space, key []byte) space {
	if in != spaceTop && in != spaceFields {
		return spaceNone
	}
	switch string(key) {
	case "error", "err", "exception", "exc", "thrown":
		return spaceError
	case "log":
		return spaceLog
	case "service":
		return spaceService
	case "trace":
		return spaceTrace
	case "host":
		return spaceHost
	case "attributes", "Attributes", "resource", "Resource", "Properties", "extra", "fields", "context", "labels", "mdc":
		return spaceFields
	case "body", "Body":
		return spaceBody
	case "res", "response", "http", "httpRequest", "resp":
		return spaceResponse
	}
	return spaceNone
}

// set gives a field to the line by its role. text tells strings from other JSON values.
func (d *Decoder) set(l *Line, in space, key, value []byte, text bool) {
	r, rank := roleOf(in, key)
	if r == roleNone || rank < l.rank[r] || len(value) == 0 || !d.assign(l, r, rank, value, text) {
		if r != roleTime && r != roleLevel {
			l.Attributes = append(l.Attributes, selfheal.Attribute{Key: key, Value: value})
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
		l.Message = value
		return text
	case roleError:
		return assignError(l, value, text)
	case roleErrorType:
		return assignText(&l.ErrorType, value, text)
	case roleStack:
		return assignText(&l.Stack, value, text)
	case roleService:
		return assignText(&l.Service, value, text)
	case roleRevision:
		if rank == 1 && len(value) <= 3 {
			return false // "version":"1.1" is the version of a log format
		}
		return isRevision(value) && assignText(&l.Revision, value, text)
	case roleInstance:
		return assignText(&l.Instance, value, text)
	case roleTrace:
		return assignText(&l.TraceID, value, text)
	case roleStatus:
		if n, ok := integer(value); ok && n >= 100 && n < 600 {
			l.Status = n
		}
		return false // it stays an attribute too
	}
	return false
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
		value = value[:at]
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
