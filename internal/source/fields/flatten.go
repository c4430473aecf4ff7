package fields

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// maxDepth and maxFields bound a document: it is written by whoever logs.
const (
	maxDepth  = 16
	maxFields = 2000
)

// Flatten reads a JSON object into named values: members of inner objects have the
// names of both with a dot between them, lists stay as they are written.
func Flatten(document []byte) (map[string]string, error) {
	all := make(map[string]string)
	if err := flatten(all, "", document, 0); err != nil {
		return nil, err
	}
	return all, nil
}

func flatten(into map[string]string, prefix string, object []byte, depth int) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil {
		return fmt.Errorf("no JSON object: %w", err)
	}
	if members == nil {
		return errors.New("no JSON object")
	}
	for key, raw := range members {
		if len(into) >= maxFields {
			return nil
		}
		value := bytes.TrimSpace(raw)
		if len(value) > 0 && value[0] == '{' && depth < maxDepth {
			if err := flatten(into, prefix+key+".", value, depth+1); err != nil {
				return err
			}
			continue
		}
		if text, ok := Text(value); ok {
			into[prefix+key] = text
		}
	}
	return nil
}

// Text is a JSON value as text; false for null.
func Text(value json.RawMessage) (string, bool) {
	var text string
	switch {
	case len(value) == 0, string(value) == "null":
		return "", false
	case value[0] == '"' && json.Unmarshal(value, &text) == nil:
		return text, true
	}
	return string(value), true
}
