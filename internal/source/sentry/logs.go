package sentry

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"selfheal"
)

// batch is the payload of a log item.
type batch struct {
	Items []entry `json:"items"`
}

// entry is one log, in the form of OpenTelemetry's: attributes have types.
type entry struct {
	Timestamp  timestamp `json:"timestamp"`
	TraceID    string    `json:"trace_id"`
	Level      string    `json:"level"`
	Severity   int       `json:"severity_number"`
	Body       string    `json:"body"`
	Attributes map[string]struct {
		Value any `json:"value"`
	} `json:"attributes"`
}

func (to *records) logs(from *sender, text []byte) error {
	var b batch
	if err := json.Unmarshal(text, &b); err != nil {
		return err
	}
	if len(to.list)+len(b.Items) > maxRecords {
		return fmt.Errorf("more than %d records in one request", maxRecords)
	}
	for i := range b.Items {
		r := b.Items[i].record()
		r.Service = from.service
		to.list = append(to.list, r)
	}
	return nil
}

func (e *entry) record() selfheal.Record {
	r := selfheal.Record{
		Severity: e.severity(), Message: []byte(clip(e.Body, maxText)), TraceID: clip(e.TraceID, 64),
		Environment: e.text("sentry.environment"), Revision: revisionOf(e.text("sentry.release")), Instance: e.text("server.address"),
	}
	if !e.Timestamp.IsZero() {
		r.Time, r.Zone = e.Timestamp.Time, "Z"
	}
	r.Stream = cmp.Or(r.Instance, "sentry")
	for key, a := range e.Attributes {
		if strings.HasPrefix(key, "sentry.") || strings.HasPrefix(key, "user.") || key == "server.address" || len(r.Attributes) >= maxTags {
			continue
		}
		if value := fmt.Sprint(a.Value); a.Value != nil && value != "" {
			r.Attributes = append(r.Attributes, selfheal.Attribute{Key: []byte(key), Value: []byte(clip(value, maxText))})
		}
	}
	slices.SortFunc(r.Attributes, func(a, b selfheal.Attribute) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return r
}

func (e *entry) severity() selfheal.Severity {
	if e.Severity >= 1 && e.Severity <= 24 {
		return selfheal.Severity((e.Severity-1)/4*4 + 1)
	}
	return severityOf(e.Level, selfheal.SeverityUnspecified)
}

func (e *entry) text(key string) string {
	s, _ := e.Attributes[key].Value.(string)
	return clip(s, maxName)
}
