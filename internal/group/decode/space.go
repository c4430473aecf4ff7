package decode

// space is which object a key stands in.
type space uint8

const (
	spaceTop      space = iota // the record itself
	spaceFields                // an object of further fields: only unmistakable keys count
	spaceBehind                // pairs behind a message
	spaceError                 // error, err, exception
	spaceLog                   // ECS log
	spaceService               // ECS service
	spaceTrace                 // ECS trace
	spaceHost                  // ECS host
	spaceTime                  // a time in parts: Log4j, Google Cloud, loguru
	spaceLevel                 // a level with name and number: loguru
	spaceResponse              // what an HTTP server answered
	spaceResource              // OpenTelemetry resource
	spaceBody                  // OpenTelemetry body, or a message that is an object
	spaceNone                  // not looked into
)

// Ranks of keys for a role; a key of higher rank replaces one of lower rank.
const (
	rankWeak    = 1
	rankFair    = 2
	rankGood    = 3
	rankJournal = 4
	rankCLEF    = 5 // of Serilog's compact format, which leaves the level out where it is Information
)

// roleOf gives the role of a key and how good a key it is for the role, 1 being the weakest.
func roleOf(in space, key []byte) (role, uint8) {
	switch in {
	case spaceTop:
		if r, rank := topRole(key); r != roleNone {
			return r, rank
		}
		return fieldRole(key)
	case spaceFields, spaceResource:
		return fieldRole(key)
	case spaceBehind:
		if string(key) == "version" || string(key) == "release" {
			return roleRevision, rankWeak
		}
		return fieldRole(key)
	case spaceError:
		return errorRole(key)
	case spaceLog:
		if string(key) == "level" {
			return roleLevel, rankGood
		}
	case spaceTrace:
		if string(key) == "id" {
			return roleTrace, rankGood
		}
	case spaceHost:
		if string(key) == "name" || string(key) == "hostname" {
			return roleInstance, rankFair
		}
	case spaceLevel:
		if string(key) == "name" {
			return roleLevel, rankGood
		}
	case spaceBody:
		return bodyRole(key)
	case spaceTime, spaceResponse, spaceService:
		return partRole(in, key)
	}
	return roleNone, 0
}

// bodyRole knows the words inside a body: an OpenTelemetry value, or fields of which one is the message.
func bodyRole(key []byte) (role, uint8) {
	switch string(key) {
	case "stringValue", "string_value", "Value", "message", "msg":
		return roleMessage, rankFair
	}
	return fieldRole(key)
}

// partRole knows the words inside the small objects of a record.
func partRole(in space, key []byte) (role, uint8) {
	switch in {
	case spaceTime:
		switch string(key) {
		case "epochSecond", "seconds", "repr":
			return roleTime, rankGood
		case "nanoOfSecond", "nanos":
			return roleNanos, rankGood
		}
	case spaceResponse:
		switch string(key) {
		case "status", "statusCode", "status_code", "code":
			return roleStatus, rankFair
		}
	case spaceService:
		switch string(key) {
		case "name", "service":
			return roleService, rankGood
		case "version":
			return roleRevision, rankGood
		case "environment":
			return roleEnvironment, rankFair
		}
	}
	return roleNone, 0
}

// spaceOf tells how to look into an object that stands under a key.
func spaceOf(in space, key []byte) space {
	switch in {
	case spaceTop, spaceFields, spaceBehind:
	case spaceResource:
		if string(key) == "attributes" || string(key) == "labels" {
			return spaceFields
		}
		return spaceNone
	case spaceResponse:
		if string(key) == "response" {
			return spaceResponse
		}
		return spaceNone
	case spaceBody:
		if string(key) == "kvlistValue" || string(key) == "kvlist_value" {
			return spaceBody
		}
		return spaceNone
	default:
		return spaceNone
	}
	switch string(key) {
	case "error", "err", "exception", "exc", "thrown", "throwable", "Exception":
		return spaceError
	case "host":
		return spaceHost
	case "attributes", "Attributes", "Properties", "extra", "fields", "context", "labels", "mdc", "contextMap", "kubernetes":
		return spaceFields
	case "resource", "Resource":
		return spaceResource
	case "res", "response", "http", "httpRequest", "resp":
		return spaceResponse
	}
	if in != spaceTop {
		return spaceNone
	}
	return topSpace(key)
}

// topSpace knows the objects that mean something at the top of a record only.
func topSpace(key []byte) space {
	switch string(key) {
	case "log":
		return spaceLog
	case "service", "serviceContext":
		return spaceService
	case "trace":
		return spaceTrace
	case "instant", "time", "timestamp", "Timestamp":
		return spaceTime
	case "level":
		return spaceLevel
	case "body", "Body", "message", "msg":
		return spaceBody
	case "jsonPayload", "record", "@fields":
		return spaceTop
	}
	return spaceNone
}
