package triage

import (
	"selfheal"
	"selfheal/internal/triage/index"
)

// family groups exhibits that say the same thing in different strength: of each
// family only the strongest counts for a commit.
type family uint8

const (
	familyFrame family = iota
	familyLiteral
	familySite
	familyHop
	familyName
	familyDependency
	familyLexicon
	familyValue
	familySetting
	familyArgument
	families
)

// The weights, in nats of log-odds against a commit picked at random. They start
// from a prototype that was measured on 59 labelled cases.
const (
	weightFrameLine     = 6.0
	weightFrameFunction = 3.0
	weightFrameFile     = 1.5
	weightFlow          = 4.6 // a value that the failing line uses
	weightFlowApart     = 3.0 // one that gets it in another function of the file
	weightLiteral       = 5.0
	weightLiteralGone   = 2.0
	weightSite          = 3.5
	weightSiteFile      = 1.0
	weightHop           = 1.6
	weightName          = 3.0
	weightRemoved       = 4.5
	weightFirstUse      = 4.0
	weightDependency    = 4.0
	weightSetting       = 3.8 // a constant or setting that the failing code reads
	weightValue         = 2.5 // the value in the error is the one that a setting got
	weightLexicon       = 1.0
	weightOrphan        = 4.5 // a name is gone that the failing code still uses
	weightUnknownName   = 2.3 // a name is read that nothing defines
	weightArgument      = 3.8 // a value that the failing code is handed
	weightSwapped       = 4.0 // the same arguments in another order
	weightLowered       = 3.0 // a limit of the error's kind, one call away
	weightUnset         = 2.5 // a variable is read that nothing sets
	weightTypedNil      = 4.0 // a pointer that may be nil became an interface
	weightGuards        = 4.6 // what decides whether the failing statement is reached
	weightFeeds         = 4.4 // what gives a value to a name on the way to it
	weightFeedsFar      = 3.8 // the same, outside of its function
	factorBeside        = 0.4 // in the failing function, and off the way to the failing statement
	factorSameOperation = 0.2 // the failing line, where what failed there was there before
	factorBelow         = 0.3 // lines below the one that failed or printed the error
	factorSource        = 1.6 // a changed function that is called right above where an absent value failed
	factorSecondHop     = 0.4 // one call further away
	factorMoved         = 0.8
	factorGivenAgain    = 0.3  // a changed value that another took the place of before the failing line
	factorUnlinked      = 0.4  // a name is gone at a place that has nothing to do with the failing code
	factorMissed        = 0.7  // a setting of the function that the failing line does not have
	factorBranch        = 0.5  // a setting that decides about another branch than the one that shows the error
	factorExtracted     = 0.3  // statements that only have another function around them
	factorReworded      = 0.25 // a frame on a statement of which only the words are new
	factorRewritten     = 0.5  // a changed line on which nothing is new
	factorLogger        = 0.6  // where the logger was called rather than where it failed
	factorNilArgument   = 0.4  // the innermost frame, when what failed was handed to it
	frameDecay          = 0.35
	bitsOfName          = 12.0 // surprise at which a name counts fully
)

// finding is an exhibit with what scoring needs.
type finding struct {
	family  family
	commit  int
	exhibit selfheal.Exhibit
	// lines gives the changed lines that the finding points to, for the choice of
	// the culprit line: index into the edits, and how strongly.
	lines []pointer
	tie   tie // of the rule, unless it says otherwise
	tier  tier
}

type pointer struct {
	edit   int
	weight float64
}

// site is a statement in the deployed tree whose literal the message contains.
type site struct {
	path     string
	literal  index.Literal
	function *index.Function // nil at top level
	end      float64         // where in the message the text ends, 0..1
	quality  float64         // 0..1
	observed string
}

// anchor is a function that the error has to do with.
type anchor struct {
	path     string
	function *index.Function
	weight   float64
	observed string
	line     int  // where in the function the error shows; 0 when that is not known
	traced   bool // the stack says who called it
	hander   bool // it handed on an absent value
}

// bench is everything the rules work on, for one symptom.
type bench struct {
	*evidence
	symptom symptom
	frames  []located
	sites   []site
	anchors []anchor
	readers []anchor // those of the anchors in which the error shows itself
	paths   []*failingPath
	ways    []way // of each edit
}

// located is a frame that was found in the repository.
type located struct {
	stackFrame
	path   string
	weight float64 // 1 for the innermost
	stale  bool    // its line does not fit the head
	hander bool    // it handed an absent value to a function that was not changed
}

// evidence is everything the rules work on that all symptoms share.
type evidence struct {
	chain   chain
	change  selfheal.Change // of the chain: with the commits of earlier deploys
	history *history
	edits   []edit
	// editsAt finds edits by the path of the head they took effect in.
	editsAt map[string][]int
	survey  *survey
	locator *locator
	index   *index.Index
	sources map[string]*source
	// emitters are, for each symptom, the statements whose text its message has.
	emitters [][]index.Emitter
	defined  map[string]bool      // whether anything defines a name, for those that were asked for
	passed   map[string][]passing // calls that are given a name, for those that were asked for
	touched  []int                // deployable files per commit
	build    *buildEvidence       // of a build that failed; nil otherwise
}

// source is a file of the head with its lines.
type source struct {
	*index.File
	lines []string
}

// code gives the lines of a function. What a cache says of a file is a hint: it
// may be more lines than there are.
func (s *source) code(f *index.Function) []string {
	from := min(max(f.Start, 1)-1, len(s.lines))
	return s.lines[from:max(from, min(f.End, len(s.lines)))]
}

// editsIn gives the edits that took effect in lines from..to of a file of the head.
func (e *evidence) editsIn(path string, from, to int) []int {
	var found []int
	for _, i := range e.editsAt[path] {
		if n := e.edits[i].near.line; n >= from && n <= to {
			found = append(found, i)
		}
	}
	return found
}

// byCommit splits edits by their commit.
func (e *evidence) byCommit(edits []int) map[int][]int {
	split := map[int][]int{}
	for _, i := range edits {
		split[e.edits[i].commit] = append(split[e.edits[i].commit], i)
	}
	return split
}

// quoteEdit fills in where an edit can be read.
func (e *evidence) quoteEdit(x *selfheal.Exhibit, index int) {
	edit := e.edits[index]
	x.Path = edit.at.path
	if edit.at.line == 0 {
		return
	}
	x.Line, x.Quote, x.Revision = edit.at.line, shorten(edit.text), e.change.Head
	if edit.op == selfheal.LineDeleted {
		x.Revision = e.chain.bases[edit.commit]
	}
}

// maxQuote is the number of bytes that are quoted of one line.
const maxQuote = 300

// shorten cuts a quote at maxQuote bytes, not within a character.
func shorten(s string) string {
	if len(s) <= maxQuote {
		return s
	}
	cut := maxQuote
	for cut > 0 && s[cut]&0xC0 == 0x80 {
		cut--
	}
	return s[:cut]
}

func distance(a, b int) int {
	if a > b {
		return a - b
	}
	return b - a
}

// proximity falls from 1 to 0 over a hundred lines.
func proximity(a, b int) float64 { return max(0, 1-float64(distance(a, b))/100) }
