package sentry

import (
	"bytes"
	"encoding/json"
	"errors"
)

// Caps of one request.
const (
	maxItems   = 1000
	maxRecords = 10_000
)

// envelope reads headers and items, each a line of JSON; an item's payload follows
// its header, so many bytes as that says or else up to the end of the line.
func (r *Receiver) envelope(from *sender, text []byte, to *records) (string, error) {
	line, rest := cutLine(text)
	var header struct {
		ID  string `json:"event_id"`
		DSN string `json:"dsn"`
	}
	if err := json.Unmarshal(line, &header); err != nil {
		return "", malformed("envelope", err)
	}
	if from.key == "" {
		from.key = keyOfDSN(header.DSN)
		if err := r.admit(from); err != nil {
			return "", err
		}
	}
	for n := 0; len(bytes.TrimSpace(rest)) > 0; n++ {
		if n == maxItems {
			return "", malformed("envelope", errors.New("too many items"))
		}
		i, after, err := nextItem(rest)
		if err != nil {
			return "", malformed("item", err)
		}
		rest = after
		if err := r.item(from, i, to); err != nil {
			return "", malformed(i.Type, err)
		}
	}
	return header.ID, nil
}

// item is one part of an envelope.
type item struct {
	Type    string `json:"type"`
	Length  *int   `json:"length"`
	payload []byte
}

func nextItem(text []byte) (i item, rest []byte, err error) {
	line, rest := cutLine(text)
	for len(line) == 0 && len(rest) > 0 { // blank lines between items
		line, rest = cutLine(rest)
	}
	if err := json.Unmarshal(line, &i); err != nil {
		return i, nil, err
	}
	if i.Length == nil {
		i.payload, rest = cutLine(rest)
		return i, rest, nil
	}
	if *i.Length < 0 || *i.Length > len(rest) {
		return i, nil, errors.New("it is cut off")
	}
	i.payload, rest = rest[:*i.Length], rest[*i.Length:]
	return i, bytes.TrimPrefix(rest, []byte{'\n'}), nil
}

func cutLine(text []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(text, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), rest
}

// item reads the payload of the types that are logs; others are counted.
func (r *Receiver) item(from *sender, i item, to *records) error {
	switch i.Type {
	case "event":
		return to.event(from, i.payload)
	case "log":
		return to.logs(from, i.payload)
	}
	r.ignore(clip(i.Type, 32))
	return nil
}

// store reads what SDKs sent before there were envelopes: one event.
func (r *Receiver) store(from *sender, text []byte, to *records) (string, error) {
	if from.key == "" {
		return "", errDenied
	}
	if err := to.event(from, text); err != nil {
		return "", malformed("event", err)
	}
	return to.id, nil
}
