package triage

import (
	"regexp"
	"slices"
	"strings"

	"selfheal/internal/triage/index"
)

var (
	// statedCall matches a statement that is a call; group 1 is what it is called on, or the function, 2 the arguments.
	statedCall = regexp.MustCompile(`^\s*(?:await\s+|go\s+|defer\s+)?([A-Za-z_$@][\w$]*(?:(?:\.|->|::)[\w$]+)*)\s*\((.*)`)
	annotated  = regexp.MustCompile(`\w\s*:\s*(\w+)\s*=`) // a type before the value
	counted    = regexp.MustCompile(`([A-Za-z_]\w*)(?:\+\+|--)|(?:\+\+|--)([A-Za-z_]\w*)`)
	// declaredOnly matches a variable that gets the value that its type gives it.
	declaredOnly = regexp.MustCompile(`^\s*(?:var|let)\s+([A-Za-z_]\w*)\b`)
	addressOf    = regexp.MustCompile(`&([A-Za-z_]\w*)`)
	boundName    = regexp.MustCompile(`\b(?:as|catch\s*\(|rescue\s*=>)\s*([A-Za-z_]\w*)\b|\bfor\s*\(?\s*(?:const|let|var)?\s*([\w, {}\[\]]+?)\s+(?:in|of)\b|\bfor\s*\(\s*(?:final\s+)?[\w<>\[\], .]+\s+(\w+)\s*:`)
)

// givenOn lists the names that a line gives a value, or may change the value of:
// by assignment, as the variable of a loop, as a field, by a call on them or with them.
func givenOn(line string) map[string]bool {
	line = plainCode(line)
	names := assignedNames(line)
	if m := annotated.FindStringSubmatch(line); m != nil {
		delete(names, m[1])
	}
	if at := assignmentIn(line); at > 0 {
		given := assignedTo(line[:at])
		for name := range names {
			if !slices.Contains(given, name) && hasWord(line[:at], name) && !hasWord(line[at:], name) {
				delete(names, name) // a type
			}
		}
		for _, name := range given {
			names[name] = true
		}
	} else if m := statedCall.FindStringSubmatch(line); m != nil && !statesLog.MatchString(line) && !notCalled[m[1]] {
		on, _, member := strings.Cut(strings.NewReplacer("->", ".", "::", ".").Replace(m[1]), ".")
		if member {
			names[on] = true
		}
		for name := range namesOn(m[2]) {
			names[name] = true
		}
	}
	if m := declaredOnly.FindStringSubmatch(line); m != nil {
		names[m[1]] = true
	}
	for _, m := range counted.FindAllStringSubmatch(line, 10) {
		names[m[1]+m[2]] = true
	}
	for _, m := range addressOf.FindAllStringSubmatch(line, 20) {
		names[m[1]] = true
	}
	for _, m := range boundName.FindAllStringSubmatch(line, 5) {
		for name := range namesOn(m[1] + " " + m[2] + " " + m[3]) {
			names[name] = true
		}
	}
	delete(names, "_")
	return names
}

// assignedTo lists the names that stand before the operator of an assignment,
// without their types: p and Name of "p.Name", x and err of "x, err :".
func assignedTo(left string) []string {
	if open := strings.LastIndexAny(left, "(;"); open >= 0 {
		left = left[open+1:]
	}
	var names []string
	for part := range strings.SplitSeq(strings.NewReplacer("{", " ", "}", " ").Replace(left), ",") {
		if colon := strings.Index(part, ":"); colon > 0 && !strings.HasPrefix(part[colon:], "::") {
			part = part[:colon] // the type stands behind
		}
		if part = strings.TrimRight(part, "+-*/|&%<>^? "); strings.HasSuffix(part, "]") {
			part, _, _ = strings.Cut(part, "[") // an element changes the whole
		}
		fields := strings.Fields(part)
		if len(fields) == 0 {
			continue
		}
		name := fields[len(fields)-1]
		if n := len(fields); n > 1 && (fields[n-2] == "_" || n > 2 && fields[n-3] == "var" || strings.ContainsAny(name, ".*[") && isWord(fields[n-2])) {
			name = fields[n-2] // Go puts the type behind
		}
		for name := range namesOn(name) {
			names = append(names, name)
		}
	}
	return names
}

// notCalled are words that stand before parentheses and are no functions.
var notCalled = map[string]bool{"if": true, "for": true, "while": true, "switch": true, "return": true, "catch": true, "throw": true, "raise": true, "elif": true, "foreach": true, "with": true}

// assignmentIn gives where the operator of an assignment stands in code without literals; -1 when there is none.
func assignmentIn(line string) int {
	for i := 1; i < len(line); i++ {
		if line[i] != '=' {
			continue
		}
		after := byte(' ')
		if i+1 < len(line) {
			after = line[i+1]
		}
		if after == '=' || after == '>' || after == '~' {
			i++
			continue
		}
		if strings.IndexByte("=!<>", line[i-1]) < 0 {
			return i
		}
	}
	return -1
}

// plainCode is a line without what its literals hold, but for the code that is put into them.
func plainCode(line string) string {
	if !strings.ContainsAny(line, "\"'`") {
		return line
	}
	return quotedText.ReplaceAllStringFunc(line, func(literal string) string {
		bare := []string{`""`}
		for _, m := range interpolated.FindAllStringSubmatch(literal, 20) {
			bare = append(bare, m[1])
		}
		return strings.Join(bare, " ")
	})
}

var interpolated = regexp.MustCompile(`[#$]?\{([^{}]*)\}`)

// namesOn lists the names that stand on a line of code, literals and keywords left out.
func namesOn(line string) map[string]bool {
	names := map[string]bool{}
	index.EachWord([]byte(plainCode(line)), func(w []byte) {
		if len(w) > 0 && !index.IsDigit(w[0]) && !keyword[string(w)] {
			names[string(w)] = true
		}
	})
	return names
}

// keyword holds the words of the usual languages that name nothing.
var keyword = func() map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(`if else elif elsif for foreach while do switch case default return throw throws raise try catch except finally rescue ensure
		new def func fn function class struct interface enum var let const val final static public private protected async await yield
		in is as not and or nil null None undefined true false True False this self super void int bool boolean String string import go defer break continue pass`) {
		set[w] = true
	}
	return set
}()

// maxStatementLines bounds how far the lines of one statement reach.
const maxStatementLines = 30

var (
	goesOn   = regexp.MustCompile(`[(\[,+\\.|&=?]\s*$|\b(?:and|or)\s*$`)
	resumes  = regexp.MustCompile(`^\s*(?:[.)\]?+]|&&|\|\||:[^:]|and\b|or\b)`)
	closesIn = regexp.MustCompile(`^\s*[)\]}]+[;,)]*\s*$`)
)

// statementAround gives the first and last line of the statement that a line belongs to.
func statementAround(lines []string, line int) (from, to int) {
	from, to = line, line
	for from > 1 && line-from < maxStatementLines && (goesOn.MatchString(plainCode(lines[from-2])) || resumes.MatchString(lines[from-1]) && !beginsBlock(lines[from-2])) {
		from--
	}
	for to < len(lines) && to-line < maxStatementLines && (goesOn.MatchString(plainCode(lines[to-1])) || resumes.MatchString(lines[to]) && !closesIn.MatchString(lines[to])) {
		to++
	}
	return from, to
}

// beginsBlock tells whether a line opens a block, whose statements are their own.
func beginsBlock(line string) bool {
	line = strings.TrimRight(line, " \t")
	return strings.HasSuffix(line, "{") || strings.HasSuffix(line, ";") || strings.HasSuffix(line, "}") || strings.HasSuffix(line, ":")
}

// shared lists the names that two sets have in common, in order.
func shared(a, b map[string]bool) []string {
	var out []string
	for name := range a {
		if b[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
