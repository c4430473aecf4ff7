package selfheal

import (
	"errors"
	"fmt"
)

// Code says what kind of failure an [Error] is, and so which exit code a command ends with.
type Code string

// The codes. Callers branch on these, never on texts.
const (
	// CodeUsage: the command line, the configuration or an argument is wrong. Exit code 2.
	CodeUsage Code = "usage"
	// CodeNotFound: something that was named does not exist (an incident, a pull request).
	CodeNotFound Code = "not_found"
	// CodeConflict: somebody else changed or holds it; reading again and retrying may help.
	CodeConflict Code = "conflict"
	// CodeUnavailable: the outside world did not answer or refused (a source, a forge, a full disk).
	CodeUnavailable Code = "unavailable"
	// CodeRefused: selfheal will not do this, by policy; the text says why.
	CodeRefused Code = "refused"
	// CodeInternal: a defect of selfheal itself.
	CodeInternal Code = "internal"
)

// Error is the one error type that crosses package borders with a meaning for
// the user. Users are shown Message and Hint; operators see the whole chain.
type Error struct {
	Code    Code
	Op      string // what was being done, e.g. "open store"
	Message string // one line, lower case, no full stop; what went wrong
	Hint    string // what to do about it; may be empty
	Err     error  // cause; may be nil
}

// Error renders operation, message and cause on one line, without the hint.
func (e *Error) Error() string {
	text := e.Message
	if e.Op != "" {
		text = e.Op + ": " + text
	}
	if e.Err != nil {
		text = fmt.Sprintf("%s: %v", text, e.Err)
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of the first [Error] in the chain; CodeInternal when there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}

// HintOf gives the first non-empty hint in the chain, outermost first.
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// Usagef makes an [Error] with CodeUsage.
func Usagef(hint, format string, args ...any) *Error {
	return &Error{Code: CodeUsage, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// NotFoundf makes an [Error] with CodeNotFound.
func NotFoundf(hint, format string, args ...any) *Error {
	return &Error{Code: CodeNotFound, Message: fmt.Sprintf(format, args...), Hint: hint}
}
