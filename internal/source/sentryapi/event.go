package sentryapi

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/source/backend"
	"selfheal/internal/source/fields"
)

// Bounds on what is kept of one event: it is sent by whoever has the project's key.
const (
	maxExceptions = 20
	maxFrames     = 250
	maxText       = 8 << 10
)

// event is an event as the API gives it with full=true.
type event struct {
	ID       string    `json:"eventID"`
	Time     time.Time `json:"dateCreated"`
	Title    string    `json:"title"`
	Message  string    `json:"message"`
	Platform string    `json:"platform"`
	Release  *struct {
		Version string `json:"version"`
	} `json:"release"`
	Tags []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	} `json:"tags"`
	Contexts struct {
		Trace struct {
			ID string `json:"trace_id"`
		} `json:"trace"`
	} `json:"contexts"`
	Entries []struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	} `json:"entries"`
}

type exceptions struct {
	Values []struct {
		Type       string  `json:"type"`
		Value      *string `json:"value"`
		Module     *string `json:"module"`
		Stacktrace *struct {
			Frames []struct {
				Function string `json:"function"`
				Module   string `json:"module"`
				File     string `json:"filename"`
				Path     string `json:"absPath"`
				Line     int    `json:"lineNo"`
				InApp    bool   `json:"inApp"`
			} `json:"frames"`
		} `json:"stacktrace"`
	} `json:"values"`
}

// itemOf makes an entry of an event, and tells its environment.
func itemOf(raw json.RawMessage) (backend.Item, string, error) {
	var e event
	if err := json.Unmarshal(raw, &e); err != nil {
		return backend.Item{}, "", err
	}
	if e.ID == "" || e.Time.IsZero() {
		return backend.Item{}, "", errors.New("an event without eventID or dateCreated")
	}
	tags := map[string]string{}
	for _, tag := range e.Tags {
		tags[tag.Key] = tag.Value
	}
	r := &selfheal.Record{
		Time: e.Time, Zone: "Z", Severity: fields.Severity(tags["level"]), Environment: tags["environment"], Revision: tags["release"],
		Instance: tags["server_name"], TraceID: e.Contexts.Trace.ID,
	}
	if e.Release != nil && e.Release.Version != "" {
		r.Revision = e.Release.Version
	}
	for _, entry := range e.Entries {
		if entry.Type != "exception" {
			continue
		}
		var all exceptions
		if err := json.Unmarshal(entry.Data, &all); err != nil {
			return backend.Item{}, "", err
		}
		r.Exceptions = append(r.Exceptions, all.chain()...)
	}
	r.Message = messageOf(&e, r.Exceptions)
	r.Raw = r.Message
	return backend.Item{Time: e.Time, Key: e.ID, Entry: &selfheal.Entry{Stream: "sentry", Time: e.Time, Record: r}}, tags["environment"], nil
}

// messageOf is what identifies an event: as a runtime would print its exception, else its message.
func messageOf(e *event, chain []selfheal.Exception) []byte {
	switch {
	case len(chain) > 0 && chain[0].Message != "":
		return []byte(chain[0].Type + ": " + chain[0].Message)
	case len(chain) > 0:
		return []byte(chain[0].Type)
	case e.Message != "":
		return []byte(clip(e.Message))
	}
	return []byte(clip(e.Title))
}

// chain gives the exceptions outermost first, each with its frames innermost first;
// Sentry has both the other way round
// (https://develop.sentry.dev/sdk/data-model/event-payloads/exception/).
func (x exceptions) chain() []selfheal.Exception {
	var all []selfheal.Exception
	for _, v := range slices.Backward(x.Values) {
		if len(all) == maxExceptions {
			break
		}
		e := selfheal.Exception{Type: clip(v.Type)}
		if v.Value != nil {
			e.Message = clip(*v.Value)
		}
		if v.Stacktrace != nil {
			for _, f := range slices.Backward(v.Stacktrace.Frames) {
				if len(e.Frames) == maxFrames {
					break
				}
				file := f.File
				if file == "" {
					file = f.Path
				}
				e.Frames = append(e.Frames, selfheal.Frame{Function: clip(f.Function), Package: clip(f.Module), File: clip(file), Line: f.Line, InApp: f.InApp})
			}
		}
		all = append(all, e)
	}
	return all
}

func clip(text string) string {
	if len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "")
}
