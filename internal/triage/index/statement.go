package index

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"
	"sort"
	"strings"

	"selfheal"
)

// Statement is a call, or a line, that holds string literals.
type Statement struct {
	Start, End int    // lines, inclusive
	Code       string // squeezed, with every literal as ""
	Callee     string // code before the outermost parenthesis
	Texts      []Text
	Role       Role
	Level      selfheal.Severity // SeverityUnspecified when the code names none
}

// Text is one string of a statement, put together where the code joins several
// literals.
type Text struct {
	Joined string   // with Joint where a value is put in between
	Parts  []string // the literals as they are
}

// Joint stands for a value between two joined literals.
const Joint = "\x00"

// Role says what a statement does with its texts, as far as its words tell.
type Role uint8

// The roles.
const (
	RoleOther  Role = iota
	RoleLogs        // hands them to a logger, or prints them
	RoleRaises      // makes an error of them
)

// Where what belongs to one statement is cut: the size of a joined text, the
// number of texts, and the size of the code that is compared.
const (
	MaxText  = 2000 // bytes
	maxTexts = 200
	maxCode  = 4 << 10 // of the code of a statement, in bytes
)

// maxChain is how many lines above its last call a chain of calls is followed.
const maxChain = 10

// maxStatement is the number of lines beyond which a call is no statement but
// holds some, as a module that is wrapped in a function does.
const maxStatement = 40

// StatementsOf finds the statements of a file that hold literals, in the order of their first lines.
func StatementsOf(content []byte, lang *Language) []Statement {
	scanned := scanTokens(string(content), lang.syntax)
	return statementsIn(bareCode(content, scanned), scanned)
}

// statementsIn works on code that has blanks for literals and comments.
func statementsIn(code []byte, scanned tokens) []Statement {
	calls := enclosingCalls(code, scanned.spans)
	lines := lineStarts(code)
	var (
		all   []Statement
		index = map[span]int{}
	)
	for i, literal := range scanned.literals {
		at := calls[i]
		if at.to == 0 { // in no call: the lines of the literal
			first, last := lineOf(lines, scanned.spans[i].from), lineOf(lines, scanned.spans[i].to)
			at = span{lines[first-1], len(code)}
			if last < len(lines) {
				at.to = lines[last] - 1
			}
		}
		n, known := index[at]
		if !known {
			n = len(all)
			index[at] = n
			all = append(all, newStatement(code, lines, at))
		}
		s := &all[n]
		between := ""
		if i > 0 && len(s.Texts) > 0 {
			from := scanned.spans[i-1].to
			between = string(code[from:min(scanned.spans[i].from, from+MaxText)])
		}
		s.addText(literal.Text, between)
	}
	return slices.DeleteFunc(all, func(s Statement) bool { return s.End-s.Start >= maxStatement })
}

// bareCode blanks literals and comments; offsets and lines stay. The ends of a literal keep a quote.
func bareCode(content []byte, t tokens) []byte {
	code := bytes.Clone(content)
	blank := func(s span) {
		for i := s.from; i < s.to; i++ {
			if code[i] != '\n' {
				code[i] = ' '
			}
		}
	}
	for _, s := range t.comments {
		blank(s)
	}
	for _, s := range t.spans {
		blank(s)
		code[s.from], code[s.to-1] = '"', '"'
	}
	return code
}

// bracket is one that is open.
type bracket struct {
	offset int
	// outermost is the offset, plus one, of the first parenthesis open within the same block; 0 for none.
	outermost int
}

// enclosingCalls gives for each literal the outermost parentheses around it that
// lie within the same block of statements; the zero span when there are none.
func enclosingCalls(code []byte, literals []span) []span {
	var open []bracket
	opened := make([]int, len(literals)) // offset of the parenthesis, plus one
	closed := map[int]int{}
	next := 0
	for i, c := range code {
		outermost := 0
		if n := len(open); n > 0 {
			outermost = open[n-1].outermost
		}
		if next < len(literals) && i == literals[next].from {
			opened[next] = outermost
			next++
		}
		switch c {
		case '(':
			open = append(open, bracket{i, cmp.Or(outermost, i+1)})
		case '[':
			open = append(open, bracket{i, outermost})
		case '{':
			if opensBlock(code[:i]) {
				outermost = 0
			}
			open = append(open, bracket{i, outermost})
		case ')', ']', '}':
			if n := len(open); n > 0 {
				closed[open[n-1].offset] = i + 1
				open = open[:n-1]
			}
		}
	}
	calls := make([]span, len(literals))
	for i, o := range opened {
		if o > 0 {
			calls[i] = span{o - 1, cmp.Or(closed[o-1], len(code))}
		}
	}
	return calls
}

// opensBlock tells a brace that opens a block of statements from one that opens
// a value, by the code before it.
func opensBlock(before []byte) bool {
	before = bytes.TrimRight(before[max(0, len(before)-80):], " \t\r\n")
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	if IsWordByte(last) {
		return controlWords[LastWord(before)]
	}
	return strings.IndexByte(")>;{}", last) >= 0
}

func lineStart(code []byte, offset int) int { return bytes.LastIndexByte(code[:offset], '\n') + 1 }

// lineStarts gives the offset at which each line begins.
func lineStarts(code []byte) []int {
	starts := []int{0}
	for i, c := range code {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

// lineOf gives the 1-based line of an offset.
func lineOf(starts []int, offset int) int {
	return sort.Search(len(starts), func(i int) bool { return starts[i] > offset })
}

// newStatement describes the statement whose call, or whose lines, are at a span.
func newStatement(code []byte, lines []int, at span) Statement {
	from := lines[lineOf(lines, at.from)-1]
	for range maxChain {
		if from == 0 || !continuesChain(code, from) {
			break
		}
		from = lineStart(code, from-1)
	}
	from = max(from, at.from-4*maxHeader)
	// Of what stands before the call, only what follows the last block or statement belongs to it.
	if i := bytes.LastIndexAny(code[from:at.from], ";{}"); i >= 0 {
		from += i + 1
	}
	first := from + len(code[from:at.from]) - len(bytes.TrimLeft(code[from:at.from], " \t\r\n"))
	s := Statement{
		Start: lineOf(lines, first), End: lineOf(lines, at.to),
		Callee: strings.TrimSpace(string(code[from:at.from])), Code: Squeeze(string(code[from:min(at.to, from+maxCode)])),
	}
	if code[at.from] != '(' { // the line of a literal in no call: what precedes it says what is done
		s.Callee = strings.TrimSpace(strings.Split(string(code[at.from:min(at.to, at.from+maxCode)]), `"`)[0])
	}
	s.Role, s.Level = roleOf(s.Callee), levelOf(s.Callee, string(code[at.from:min(at.to, at.from+maxCode)]))
	return s
}

// continuesChain tells whether the line at an offset goes on with a chain of
// calls that the line above began.
func continuesChain(code []byte, from int) bool {
	line, _, _ := bytes.Cut(code[from:], []byte("\n"))
	line = bytes.TrimSpace(line)
	above := bytes.TrimSpace(code[lineStart(code, from-1) : from-1])
	return len(above) > 0 && (bytes.HasPrefix(line, []byte(".")) || bytes.HasPrefix(line, []byte("?.")) || bytes.HasSuffix(above, []byte(".")))
}

// stringPrefix matches what languages write before a string or between two that are one.
var stringPrefix = regexp.MustCompile(`^[\s\\]*(?:[frbuFRBU$@]{1,2})?$`)

// addText adds a literal. between is the code since the previous literal of the
// statement: when it joins the two, they make one text.
func (s *Statement) addText(literal, between string) {
	n := len(s.Texts)
	if n >= maxTexts {
		return
	}
	if n == 0 {
		s.Texts = append(s.Texts, Text{literal, []string{literal}})
		return
	}
	glue, joins := "", stringPrefix.MatchString(between)
	if trimmed := strings.TrimSpace(between); !joins && trimmed != "" && !strings.ContainsAny(between, ",;{}:?") {
		operator := trimmed[:1]
		switch {
		case operator != "+" && operator != "." && !strings.HasPrefix(trimmed, "<<"):
		case strings.Trim(trimmed, "+.<fru ") == "":
			joins = true
		case strings.HasSuffix(strings.TrimRight(trimmed, "fru "), operator):
			joins, glue = true, Joint
		}
	}
	if !joins {
		s.Texts = append(s.Texts, Text{literal, []string{literal}})
		return
	}
	last := &s.Texts[n-1]
	if len(last.Joined) > MaxText {
		return
	}
	last.Joined += glue + literal
	last.Parts = append(last.Parts, literal)
}

var (
	// loggers are the names of what takes messages; printers those of its methods.
	loggers  = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:\w*log(?:ger|ging|rus|n|f|ln|ctx)?|slog|zap|sugar(?:ed)?|console|tracing|stdout|stderr)(?:$|[^a-z])`)
	printers = regexp.MustCompile(`(?i)(?:^|[^a-z])(?:trace|debug|info|information|notice|warn|warning|error|critical|fatal|severe|fine|finer|finest|log|print|println|printf|eprintln|puts|echo|write_?line|msg)(?:f|ln|w|context|ctx)?!?$`)
	raisers  = regexp.MustCompile(`\b(?:raise|throw|panic|bail|ensure|anyhow|abort)\b|errors\.(?:New|Wrap|Errorf)|Errorf$|(?:Error|Exception|Fault|Failure)$`)
)

// roleOf tells what a statement does by what stands before its parenthesis.
func roleOf(callee string) Role {
	switch {
	case raisers.MatchString(callee):
		return RoleRaises
	case printers.MatchString(callee), loggers.MatchString(callee):
		return RoleLogs
	}
	return RoleOther
}

// LevelName matches a name that stands for a level, as a method, a constant or a
// macro; group 1 is the level.
var LevelName = regexp.MustCompile(`(?i)^(?:log_?|level_?|at_?)?(trace|finest|finer|fine|debug|info|information|notice|warn|warning|error|err|severe|critical|crit|fatal|panic)(?:f|ln|w|s|ctx|context|contextf)?$`)

// levelOf reads the level of a statement from what stands before its parenthesis,
// or, for a call that is handed the level, from its first arguments.
func levelOf(callee, rest string) selfheal.Severity {
	if level := firstLevel(callee); level != selfheal.SeverityUnspecified {
		return level
	}
	if name := LastWord([]byte(strings.TrimRight(callee, "!"))); strings.HasPrefix(strings.ToLower(name), "log") {
		arguments, _, _ := strings.Cut(rest, `"`)
		return firstLevel(arguments)
	}
	return selfheal.SeverityUnspecified
}

func firstLevel(code string) selfheal.Severity {
	level := selfheal.SeverityUnspecified
	EachWord([]byte(code), func(word []byte) {
		if m := LevelName.FindSubmatch(word); m != nil && level == selfheal.SeverityUnspecified {
			level = severityNamed(strings.ToLower(string(m[1])))
		}
	})
	return level
}

func severityNamed(name string) selfheal.Severity {
	switch name {
	case "trace", "finest", "finer":
		return selfheal.SeverityTrace
	case "debug", "fine":
		return selfheal.SeverityDebug
	case "info", "information", "notice":
		return selfheal.SeverityInfo
	case "warn", "warning":
		return selfheal.SeverityWarn
	case "error", "err", "severe":
		return selfheal.SeverityError
	}
	return selfheal.SeverityFatal
}
