// Package journal is what every store's journal has in common, whatever its database.
package journal

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"selfheal"
)

// Validate refuses what could be written and not be read again.
func Validate(stream string, events []selfheal.Event) error {
	if kind, key, found := strings.Cut(stream, ":"); !found || kind == "" || key == "" {
		return &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("not a stream name: %q", stream)}
	}
	for _, e := range events {
		if !json.Valid(e.Payload) {
			return &selfheal.Error{Code: selfheal.CodeInternal, Message: fmt.Sprintf("payload of %s is not JSON", e.Type)}
		}
	}
	return nil
}

// FormatTime gives a time as journals hold it.
func FormatTime(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// Conflictf makes an [selfheal.Error] with CodeConflict.
func Conflictf(format string, args ...any) *selfheal.Error {
	return &selfheal.Error{Code: selfheal.CodeConflict, Message: fmt.Sprintf(format, args...)}
}

// LeaseHeld says that another holds a lease.
func LeaseHeld(holder string, expires time.Time) *selfheal.Error {
	return &selfheal.Error{
		Code:    selfheal.CodeConflict,
		Message: "held by " + holder + " until " + expires.UTC().Format(time.RFC3339),
		Hint:    "wait until it is done, or until then if it was killed",
	}
}
