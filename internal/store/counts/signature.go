package counts

import (
	"encoding/json"
	"fmt"

	"selfheal"
)

// EncodeSignature gives the description of a signature as it is kept.
func EncodeSignature(s *selfheal.Signature) ([]byte, error) { return json.Marshal(s) }

// DecodeSignature reads a description; an empty one is of a signature that was
// counted and never described, of which only the id is known.
func DecodeSignature(id selfheal.SignatureID, description []byte) (*selfheal.Signature, error) {
	s := &selfheal.Signature{ID: id}
	if len(description) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(description, s); err != nil {
		return nil, fmt.Errorf("%w: signature %s: %w", ErrDamaged, id, err)
	}
	return s, nil
}

// Describe adds to what is known of a signature what another description says.
// What identifies it stays, once it is known; the newer sample comes with its frames.
func Describe(known *selfheal.Signature, s *selfheal.Signature) {
	if known.Kind == "" {
		*known = *s
		return
	}
	known.Severity = max(known.Severity, s.Severity)
	known.First = earlier(known.First, s.First)
	known.Last = later(known.Last, s.Last)
	if s.Sample.Time.After(known.Sample.Time) {
		known.Sample, known.Frames = s.Sample, s.Frames
	}
}

// keepsMinutes tells whether the counts of a signature stay by the minute when an
// hour is merged. What nobody described may be an error.
func keepsMinutes(s *selfheal.Signature) bool { return s == nil || s.Kind == "" || s.IsError() }
