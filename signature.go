package selfheal

import "time"

// SignatureID identifies "the same error" for ever: algorithm version, a dash,
// and a hash of the canonical template ("g2-3f9c2a1b7d04e6a8"). Two machines that
// never spoke give the same line the same id.
type SignatureID string

// SignatureKind says from what a signature was made.
type SignatureKind string

// The kinds of signatures.
const (
	KindException SignatureKind = "exception" // exception types and in-app functions
	KindMessage   SignatureKind = "message"   // the masked text of a line
	KindBuild     SignatureKind = "build"     // an error that a compiler or builder printed
	KindCluster   SignatureKind = "cluster"   // messages that mean the same though they read differently
	KindOverflow  SignatureKind = "overflow"  // everything beyond the cap on the number of signatures
)

// Signature is the stable identity of the same error, and what a person needs to recognise it.
type Signature struct {
	ID       SignatureID   `json:"id"`
	Kind     SignatureKind `json:"kind"`
	Severity Severity      `json:"severity"` // highest seen
	Title    string        `json:"title"`    // one line, at most 200 characters
	Template string        `json:"template"` // canonical form that was hashed
	Frames   []string      `json:"frames,omitempty"`
	First    time.Time     `json:"first"`
	Last     time.Time     `json:"last"`
	Sample   Sample        `json:"sample"` // the newest occurrence
}

// IsError tells whether the signature can count against a deploy: it is at least
// a warning, an exception, or an error of a build. Others only serve for comparison.
func (s *Signature) IsError() bool {
	return s.Kind != KindOverflow && (s.Severity >= SeverityWarn || s.Kind == KindException || s.Kind == KindBuild)
}

// Sample is one occurrence of a signature, scrubbed of secrets and size-capped.
type Sample struct {
	Time       time.Time   `json:"time"`
	Text       string      `json:"text"`              // as written, at most 8 KiB
	Message    string      `json:"message,omitempty"` // of Text, what identifies the event: Record.Message, at most 8 KiB
	Exceptions []Exception `json:"exceptions,omitempty"`
	Revision   string      `json:"revision,omitempty"`
	Stream     string      `json:"stream,omitempty"`
	Line       int64       `json:"line,omitempty"`
}

// Relation is a signature that seems to mean the same as another, by the words
// the two share, or that belongs to a cluster. Related signatures are shown side
// by side; they are never merged.
type Relation struct {
	Signature  SignatureID `json:"signature"`
	Title      string      `json:"title"`
	Similarity float64     `json:"similarity,omitempty"` // cosine, from 0 to 1
	Member     bool        `json:"member,omitempty"`     // of the cluster; it has no similarity
}
