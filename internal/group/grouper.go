package group

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"selfheal"
	"selfheal/internal/group/decode"
	"selfheal/internal/group/template"
	"selfheal/internal/group/trace"
	"selfheal/internal/redact"
)

// version is the algorithm tag in every signature id: another algorithm gives other ids.
const version = "g2-"

// DefaultMaxSignatures is the cap on distinct signatures where Options states none.
const DefaultMaxSignatures = 50_000

// maxTemplateBytes bounds the memory for all templates of a Grouper together.
const maxTemplateBytes = 16 << 20

// Options of a [Grouper]. The zero value works.
type Options struct {
	// Modules are the module or package prefixes of the service's own code ("github.com/acme/shop").
	// For Go they decide which frames are in-app; without them, and in other languages, paths decide.
	Modules []string
	// MaxSignatures caps the number of distinct signatures; 0 means DefaultMaxSignatures.
	MaxSignatures int
	// Build says that the streams are the output of a builder: errors of compilers get the kind
	// [selfheal.KindBuild], and the place they point to.
	Build bool
	// Redactor scrubs samples, titles and templates when they are read out; nil means redact.New().
	Redactor *redact.Redactor
	// Now gives the year to timestamps without one; nil means time.Now.
	Now selfheal.Clock
}

// Index numbers the signatures of one Grouper from 0 in the order they were first seen.
type Index uint32

// Emit receives a record and its signature. The record and all it points to,
// except strings, are valid only until it returns.
type Emit func(*selfheal.Record, Index)

// Grouper signs records. It is used by one goroutine; what several of them found
// is merged by signature id.
type Grouper struct {
	options   Options
	decoder   decode.Decoder
	parser    trace.Parser
	scanner   template.Scanner
	names     names
	scratch   []byte
	message   []byte
	messages  map[string]Index // by compact template
	traces    map[string]Index // by canonical text of an exception
	ids       map[selfheal.SignatureID]Index
	entries   []entry
	overflow  Index
	overflown bool
	bytes     int // of all templates
	samples   int // bytes of all samples
}

// entry is what is kept of one signature.
type entry struct {
	id       selfheal.SignatureID
	kind     selfheal.SignatureKind
	severity selfheal.Severity
	template string
	title    string
	first    time.Time
	last     time.Time
	sample   sample
}

// New makes a Grouper.
func New(o Options) *Grouper {
	if o.MaxSignatures <= 0 {
		o.MaxSignatures = DefaultMaxSignatures
	}
	if o.Redactor == nil {
		o.Redactor = redact.New()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Grouper{
		options:  o,
		decoder:  decode.Decoder{Now: o.Now},
		parser:   trace.Parser{Modules: o.Modules},
		messages: make(map[string]Index),
		traces:   make(map[string]Index),
		ids:      make(map[selfheal.SignatureID]Index),
	}
}

// Len is the number of signatures so far.
func (g *Grouper) Len() int { return len(g.entries) }

// ID gives the identity of a signature.
func (g *Grouper) ID(i Index) selfheal.SignatureID { return g.entries[i].id }

// sign finds or makes the signature of a record and notes the occurrence.
func (g *Grouper) sign(r *selfheal.Record, language trace.Language) Index {
	var i Index
	switch {
	case len(r.Exceptions) > 0 && r.Exceptions[0].Type == trace.BuildError:
		i = g.signBuild(&r.Exceptions[0])
	case hasTrace(r.Exceptions):
		i = g.signTrace(r.Exceptions, language)
	default:
		compact := g.scanner.Scan(r.Message)
		var known bool
		if i, known = g.messages[string(compact)]; !known {
			i = g.add(selfheal.KindMessage, template.Text(compact), "", string(compact))
		}
	}
	g.note(i, r)
	return i
}

// hasTrace tells whether exceptions identify an event better than its message
// does: one of them has frames, or it is a panic.
func hasTrace(exceptions []selfheal.Exception) bool {
	for i := range exceptions {
		if len(exceptions[i].Frames) > 0 || exceptions[i].Type == "panic" || exceptions[i].Type == "fatal error" {
			return true
		}
	}
	return false
}

func (g *Grouper) signTrace(exceptions []selfheal.Exception, language trace.Language) Index {
	g.scratch = trace.AppendTemplate(g.scratch[:0], exceptions, language, g.mask)
	if i, ok := g.traces[string(g.scratch)]; ok {
		return i
	}
	canonical := string(g.scratch)
	return g.add(selfheal.KindException, canonical, g.traceTitle(exceptions), canonical)
}

// signBuild identifies a compiler's error by the file and the masked message.
func (g *Grouper) signBuild(e *selfheal.Exception) Index {
	g.scratch = append(g.scratch[:0], trace.BuildError...)
	for i := range e.Frames {
		g.scratch = append(append(g.scratch, "\n  "...), e.Frames[i].File...)
	}
	g.scratch = append(append(g.scratch, "\n  "...), g.mask([]byte(e.Message))...)
	if i, ok := g.traces[string(g.scratch)]; ok {
		return i
	}
	canonical := string(g.scratch)
	return g.add(selfheal.KindBuild, canonical, e.Message, canonical)
}

// mask gives the canonical text of a message inside an exception's template.
func (g *Grouper) mask(message []byte) []byte {
	return []byte(template.Text(g.scanner.Scan(firstLine(message))))
}

// traceTitle names the root cause, its message and where it was raised.
func (g *Grouper) traceTitle(exceptions []selfheal.Exception) string {
	root := &exceptions[len(exceptions)-1]
	title := root.Type
	if m := g.mask([]byte(root.Message)); len(m) > 0 {
		title += ": " + string(m)
	}
	if functions := trace.Functions(exceptions); len(functions) > 0 {
		title += " in " + functions[0]
	}
	return title
}

// add makes a signature, or finds that another spelling of it exists, or gives
// the overflow signature when a cap is hit.
func (g *Grouper) add(kind selfheal.SignatureKind, canonical, title, key string) Index {
	if len(g.entries) >= g.options.MaxSignatures || g.bytes+len(canonical)+len(key) > maxTemplateBytes {
		return g.overflowed()
	}
	id := identify(kind, canonical)
	i, exists := g.ids[id]
	if !exists {
		i = g.append(entry{id: id, kind: kind, template: canonical, title: title})
	}
	g.bytes += len(canonical) + len(key)
	if kind == selfheal.KindMessage {
		g.messages[key] = i
	} else {
		g.traces[key] = i
	}
	return i
}

func (g *Grouper) append(e entry) Index {
	i := Index(len(g.entries))
	g.entries = append(g.entries, e)
	g.ids[e.id] = i
	return i
}

// overflowed gives the one signature for everything beyond the caps.
func (g *Grouper) overflowed() Index {
	if !g.overflown {
		g.overflown = true
		text := "everything beyond the cap on distinct signatures"
		g.overflow = g.append(entry{id: identify(selfheal.KindOverflow, ""), kind: selfheal.KindOverflow, template: text, title: text})
	}
	return g.overflow
}

// identify hashes a canonical template.
func identify(kind selfheal.SignatureKind, canonical string) selfheal.SignatureID {
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + canonical))
	return selfheal.SignatureID(version + hex.EncodeToString(sum[:8]))
}

// note counts an occurrence into what is kept of a signature.
func (g *Grouper) note(i Index, r *selfheal.Record) {
	e := &g.entries[i]
	if r.Severity > e.severity {
		e.severity = r.Severity
	}
	if !r.Time.IsZero() {
		if e.first.IsZero() || r.Time.Before(e.first) {
			e.first = r.Time
		}
		if r.Time.After(e.last) {
			e.last = r.Time
		}
	}
	g.keepSample(e, r)
}
