package group

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
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

// DefaultMaxBytes bounds the texts that a Grouper keeps where Options states nothing.
const DefaultMaxBytes = 32 << 20

// Options of a [Grouper]. The zero value works.
type Options struct {
	// Modules are the module or package prefixes of the service's own code ("github.com/acme/shop").
	// For Go they decide which frames are in-app; without them, and in other languages, paths decide.
	Modules []string
	// MaxSignatures caps the number of distinct signatures; 0 means DefaultMaxSignatures.
	MaxSignatures int
	// MaxBytes caps the texts that are kept: one half for templates, one half for samples.
	// 0 means DefaultMaxBytes. Beyond the first half there are no new signatures, beyond the
	// second samples are cut, then left out. What is kept besides is at most 300 bytes per signature.
	MaxBytes int
	// Build says that the streams are the errors of a build, as [BuildRecord] makes them: their
	// signatures get the kind [selfheal.KindBuild].
	Build bool
	// Format is what the streams are read as; decode.Auto finds it line by line.
	Format decode.Format
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
	traceIDs  texts
	scratch   []byte
	masked    []byte
	title     []byte
	message   []byte
	raw       []byte
	table     table
	skeletons skeletons
	ids       []selfheal.SignatureID // as far as they were asked for
	overflow  Index
	overflew  bool
	samples   int // bytes of all samples
}

// New makes a Grouper.
func New(o Options) *Grouper {
	if o.MaxSignatures <= 0 {
		o.MaxSignatures = DefaultMaxSignatures
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Redactor == nil {
		o.Redactor = redact.New()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Grouper{
		options: o,
		decoder: decode.Decoder{Now: o.Now, Format: o.Format},
		parser:  trace.Parser{Modules: o.Modules},
		table:   newTable(),
	}
}

// Len is the number of signatures so far.
func (g *Grouper) Len() int { return g.table.n }

// ID gives the identity of a signature. Texts that write out a mask ("<num>")
// have the id of those in which it stands for a value, under an index of their own.
func (g *Grouper) ID(i Index) selfheal.SignatureID {
	if need := int(i) + 1 - len(g.ids); need > 0 {
		g.ids = append(g.ids, make([]selfheal.SignatureID, need)...)
	}
	if g.ids[i] == "" {
		e := g.table.at(i)
		g.ids[i] = identify(e.kind.name(), e.template())
	}
	return g.ids[i]
}

// sign finds or makes the signature of a record and notes the occurrence.
func (g *Grouper) sign(r *selfheal.Record, language trace.Language) Index {
	var i Index
	switch {
	case g.options.Build && len(r.Exceptions) > 0 && r.Exceptions[0].Type == buildError:
		i = g.signBuild(&r.Exceptions[0])
	case hasTrace(r.Exceptions):
		i = g.signTrace(r.Exceptions, language)
	default:
		i = g.signMessage(r.Message)
	}
	g.note(g.table.at(i), r)
	return i
}

// signMessage finds the signature of a message by its template. Messages in which
// nothing varies are their own templates, and most of those with digits have been
// seen with others: once that is known, they are found without being scanned.
func (g *Grouper) signMessage(message []byte) Index {
	if len(message) > template.MaxTemplate {
		return g.signTemplate(g.scanner.Scan(message))
	}
	if !hasDigit(message) {
		return g.signConstant(message)
	}
	skeleton := g.skeletons.of(message)
	if skeleton == nil {
		return g.signTemplate(g.scanner.Scan(message))
	}
	hash := g.table.hash(kindMessage, skeleton)
	if i, ok := g.skeletons.find(hash, skeleton); ok {
		return i
	}
	i := g.signTemplate(g.scanner.Scan(message))
	if !g.scanner.DigitsMatter() {
		g.skeletons.add(hash, skeleton, i)
	}
	return i
}

// signConstant finds the signature of a message without digits, which may be its own template.
func (g *Grouper) signConstant(message []byte) Index {
	if i, ok := g.table.find(g.table.hash(kindMessage, message), kindMessage, message); ok && g.table.at(i).constant {
		return i
	}
	compact := g.scanner.Scan(message)
	i := g.signTemplate(compact)
	if string(compact) == string(message) && g.table.at(i).kind == kindMessage {
		g.table.at(i).constant = true
	}
	return i
}

func (g *Grouper) signTemplate(compact []byte) Index {
	hash := g.table.hash(kindMessage, compact)
	if i, ok := g.table.find(hash, kindMessage, compact); ok {
		return i
	}
	return g.add(hash, kindMessage, compact, nil)
}

// hasDigit tells whether a text has a decimal digit, eight bytes at once: adding
// what is missing to 0x80 sets the high bit of the bytes that reach a bound.
func hasDigit(b []byte) bool {
	const low, high = 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		x := binary.LittleEndian.Uint64(b[i:])
		from0, beyond9 := x&low+(0x80-'0')*0x0101010101010101, x&low+(0x80-'9'-1)*0x0101010101010101
		if from0&^beyond9&^x&high != 0 {
			return true
		}
	}
	for _, c := range b[i:] {
		if c >= '0' && c <= '9' {
			return true
		}
	}
	return false
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
	hash := g.table.hash(kindException, g.scratch)
	if i, ok := g.table.find(hash, kindException, g.scratch); ok {
		return i
	}
	if g.full(len(g.scratch)) {
		return g.overflowed()
	}
	return g.add(hash, kindException, g.scratch, g.traceTitle(exceptions))
}

// mask gives the canonical text of a message inside an exception's template,
// valid until the next call.
func (g *Grouper) mask(message []byte) []byte {
	g.masked = template.AppendText(g.masked[:0], g.scanner.Scan(firstLine(message)))
	return g.masked
}

// traceTitle names the root cause, its message and where it was raised.
func (g *Grouper) traceTitle(exceptions []selfheal.Exception) []byte {
	root := &exceptions[len(exceptions)-1]
	g.title = append(g.title[:0], root.Type...)
	start := len(g.title)
	g.title = append(g.title, root.Message...) // mask reads it here, so that it need not be allocated
	m := g.mask(g.title[start:])
	if g.title = g.title[:start]; len(m) > 0 {
		g.title = append(append(g.title, ": "...), m...)
	}
	if frame := raisedIn(exceptions); frame != nil {
		g.title = trace.AppendFunction(append(g.title, " in "...), frame)
	}
	return g.title
}

// raisedIn gives the innermost in-app frame of the root cause, or of what it
// caused, and the innermost of all where none is in-app; nil without frames.
func raisedIn(exceptions []selfheal.Exception) *selfheal.Frame {
	for _, inApp := range []bool{true, false} {
		for _, e := range slices.Backward(exceptions) {
			for k := range e.Frames {
				if e.Frames[k].InApp == inApp {
					return &e.Frames[k]
				}
			}
		}
	}
	return nil
}

// add makes a signature, or gives the overflow signature when a cap is hit.
func (g *Grouper) add(hash uint32, k kind, key, title []byte) Index {
	if g.full(len(key) + len(title)) {
		return g.overflowed()
	}
	return g.table.add(hash, k, key, title)
}

// full tells whether a cap forbids one more signature with so many bytes of text.
func (g *Grouper) full(size int) bool {
	return g.table.n >= g.options.MaxSignatures || g.table.keys.size+size > g.options.MaxBytes/2
}

// overflowed gives the one signature for everything beyond the caps.
func (g *Grouper) overflowed() Index {
	if !g.overflew {
		g.overflew = true
		g.overflow = g.table.add(g.table.hash(kindOverflow, nil), kindOverflow, nil, nil)
	}
	return g.overflow
}

// overflowText stands for the template and title of the overflow signature.
const overflowText = "everything beyond the cap on distinct signatures"

// identify hashes a canonical template.
func identify(kind selfheal.SignatureKind, canonical string) selfheal.SignatureID {
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + canonical))
	return selfheal.SignatureID(version + hex.EncodeToString(sum[:8]))
}

// note counts an occurrence into what is kept of a signature.
func (g *Grouper) note(e *entry, r *selfheal.Record) {
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
