package triage

import (
	"regexp"
	"strings"

	"selfheal/internal/triage/index"
)

// failingPath is what leads, within its function, to where an error shows: a
// backward slice by names. What it leaves out can hardly have an influence; what
// it holds may have one. It knows neither types nor aliases.
type failingPath struct {
	path        string
	function    *index.Function    // nil at top level
	header      int                // the last line of the function's header
	first, last int                // lines of the statement at which the error shows
	roles       map[int]role       // by line of the head
	names       map[string]bool    // that the lines of the path use
	members     map[string]bool    // those of them that are taken off something
	plain       map[string]bool    // the names without case and underscores
	called      []index.Definition // what it calls, once it was asked for
	weight      float64
	observed    string
	// raised says that the statement raises, or logs, the error rather than being what failed.
	raised bool
	// frame says that a stack gave the place; otherwise the words of the message did.
	frame bool
}

// role is what a line does for the statement at which an error shows.
type role uint8

// The roles, from the weakest.
const (
	roleNone   role = iota
	roleExits       // leaves the function before it: matters when it was taken away or changed
	roleFeeds       // gives a value to a name that is used on the way
	roleGuards      // decides whether it is reached
	roleFails       // is the statement itself
)

// maxPaths is how many places of an error are followed back.
const maxPaths = 10

// maxPathLines is how many lines of a function are looked through.
const maxPathLines = 1500

// findPaths follows back the innermost frames and the statements that print the error.
func (b *bench) findPaths() []*failingPath {
	var paths []*failingPath
	seen := map[place]bool{}
	add := func(path string, from, to int, weight float64, observed string, frame bool) {
		s := b.sources[path]
		if s == nil || from < 1 || from > len(s.lines) || len(paths) >= maxPaths || seen[place{path, from}] {
			return
		}
		seen[place{path, from}] = true
		p := pathTo(s, path, from, min(to, len(s.lines)))
		p.weight, p.observed, p.frame = weight, observed, frame
		paths = append(paths, p)
	}
	for _, f := range b.frames {
		if !f.stale && f.kind != frameBuilder {
			add(f.path, f.line, f.line, f.weight, f.quote, f.kind == frameStack)
		}
	}
	for _, s := range b.sites {
		add(s.path, s.literal.Start, s.literal.End, s.quality, s.observed, false)
	}
	return paths
}

// pathTo follows back what leads to a statement.
func pathTo(s *source, path string, from, to int) *failingPath {
	p := &failingPath{path: path, roles: map[int]role{}, names: map[string]bool{}, members: map[string]bool{}, function: s.FunctionAt(from)}
	if p.function != nil && p.function.Declaration {
		p.function = nil
	}
	p.first, _ = statementAround(s.lines, from)
	_, p.last = statementAround(s.lines, to)
	p.raised = raises.MatchString(s.lines[p.first-1]) || statesLog.MatchString(s.lines[p.first-1])
	for n := p.first; n <= p.last; n++ {
		p.roles[n] = roleFails
		p.use(s.lines[n-1])
	}
	if p.function == nil || p.last-p.function.Start > maxPathLines {
		return p
	}
	_, p.header = statementAround(s.lines, p.function.Start)
	p.header = min(p.header, p.first-1)
	until := p.guards(s)
	for range 3 { // what feeds what feeds it
		before := len(p.names)
		p.feeds(s, until)
		if len(p.names) == before {
			break
		}
	}
	p.exits(s)
	return p
}

// take puts a statement on the path.
func (p *failingPath) take(s *source, line int, as role) {
	from, to := statementAround(s.lines, line)
	for n := max(from, p.function.Start); n <= min(to, p.function.End); n++ {
		if p.roles[n] < as {
			p.roles[n] = as
			if n > p.header { // what else a function is handed is not used for it
				p.use(s.lines[n-1])
			}
		}
	}
}

// use adds the names on a line, and the keys that are written as strings.
func (p *failingPath) use(line string) {
	for name := range namesOn(usedOn(line)) {
		p.names[name] = true
	}
	for _, m := range memberRead.FindAllStringSubmatch(line, 40) {
		p.members[m[1]] = true
	}
	for _, key := range keyRead.FindAllStringSubmatch(line, 20) {
		p.names[key[1]], p.members[key[1]] = true, true
	}
}

// usedOn is a line of code without the plain names that only get a value there.
func usedOn(line string) string {
	line = plainCode(line)
	at := assignmentIn(line)
	if at <= 0 || strings.ContainsAny(line[:at], ".[(>+-*/|&%") {
		return line
	}
	return line[at:]
}

// memberRead matches a member that is taken off something.
var memberRead = regexp.MustCompile(`(?:\.|->|::|@)([A-Za-z_]\w*)`)

// keyRead matches a string by which something is looked up.
var keyRead = regexp.MustCompile("[\\[(]\\s*[\"'`]([A-Za-z_][\\w-]*)[\"'`]\\s*[\\]),]")

var (
	// opensBranch matches a header that belongs to one further up at the same indentation.
	opensBranch = regexp.MustCompile(`^\s*(?:\}\s*)?(?:else|elif|elsif|case|default|when)\b`)
	// handlesError matches the header of a block that runs when the one before it failed.
	handlesError = regexp.MustCompile(`^\s*(?:\}\s*)?(?:catch|except|rescue|finally|ensure)\b`)
	beginsBranch = regexp.MustCompile(`^\s*(?:if|unless|switch|match|select|try|begin|case)\b`)
)

// guards takes the headers of the blocks around the statement, and gives the
// last line that may run before it: within a loop that is the loop's last one.
func (p *failingPath) guards(s *source) (until int) {
	until = p.first
	margin := index.Indentation(s.lines[p.first-1])
	partner, handler := false, false
	for n := p.first - 1; n > p.header; n-- {
		line := s.lines[n-1]
		indent := index.Indentation(line)
		if strings.TrimSpace(line) == "" {
			continue
		}
		if handler && indent > margin {
			p.take(s, n, roleFeeds) // the block whose failure is handled
			continue
		}
		if indent > margin || indent == margin && !partner {
			continue
		}
		if indent == margin && bareLine.MatchString(line) && !handlesError.MatchString(line) && !opensBranch.MatchString(line) && !beginsBranch.MatchString(line) {
			continue
		}
		p.take(s, n, roleGuards)
		if loops.MatchString(line) {
			until = max(until, blockEnd(s, n, p.function.End))
		}
		handler = handlesError.MatchString(line)
		partner = (handler || opensBranch.MatchString(line)) && !beginsBranch.MatchString(line)
		margin = indent
	}
	return until
}

// blockEnd gives the last line of the block that a header opens.
func blockEnd(s *source, header, end int) int {
	margin := index.Indentation(s.lines[header-1])
	for n := header + 1; n <= min(end, len(s.lines)); n++ {
		if strings.TrimSpace(s.lines[n-1]) != "" && index.Indentation(s.lines[n-1]) <= margin {
			return n
		}
	}
	return min(end, len(s.lines))
}

// feeds takes the statements that give a value to a name in use.
func (p *failingPath) feeds(s *source, until int) {
	for n := p.function.Start; n <= p.header; n++ { // what it is handed
		if p.roles[n] == roleNone && len(shared(namesOn(s.lines[n-1]), p.names)) > 0 {
			p.roles[n] = roleFeeds
		}
	}
	for n := until; n > p.header; n-- {
		if p.roles[n] >= roleFeeds || !p.givesValue(s.lines[n-1]) || p.leavesBlock(s, n) {
			continue
		}
		p.take(s, n, roleFeeds)
		if header := headerOf(s, n, p.function.Start); header > p.header && conditional.MatchString(s.lines[header-1]) {
			p.take(s, header, roleFeeds)
		}
	}
}

// leavesBlock tells whether a line lies in a block that does not hold the
// statement and leaves the function at its end: what it does has no effect there.
func (p *failingPath) leavesBlock(s *source, line int) bool {
	header := headerOf(s, line, p.function.Start)
	if header <= p.header || p.roles[header] == roleGuards {
		return false
	}
	end := blockEnd(s, header, p.function.End)
	if end > p.first {
		return false
	}
	for n := end - 1; n >= line; n-- {
		if text := s.lines[n-1]; strings.TrimSpace(text) != "" && !bareLine.MatchString(text) || leavesEarly.MatchString(text) {
			return leavesEarly.MatchString(text) && index.Indentation(text) == index.Indentation(s.lines[line-1])
		}
	}
	return false
}

// headerOf gives the line that opens the block around a line; 0 when there is none.
func headerOf(s *source, line, start int) int {
	margin := index.Indentation(s.lines[line-1])
	for n := line - 1; n >= start; n-- {
		if text := s.lines[n-1]; strings.TrimSpace(text) != "" && index.Indentation(text) < margin {
			return n
		}
	}
	return 0
}

// exits takes what leaves the function before the statement, with what decides it.
func (p *failingPath) exits(s *source) {
	for n := p.header + 1; n < p.first; n++ {
		if p.roles[n] != roleNone || !leavesEarly.MatchString(s.lines[n-1]) {
			continue
		}
		p.roles[n] = roleExits
		header := headerOf(s, n, p.function.Start)
		if header > p.header && p.roles[header] == roleNone {
			p.roles[header] = roleExits
		}
		if outer := headerOf(s, max(header, p.header), p.function.Start); outer > p.header && loops.MatchString(s.lines[outer-1]) && blockEnd(s, outer, p.function.End) <= p.first {
			p.take(s, outer, roleGuards) // it is reached when the loop is over
		}
	}
}

var leavesEarly = regexp.MustCompile(`(?:^|[\s{;)])(?:return|raise|throw|continue|break|panic|exit|abort|die|goto)\b`)

// givesValue tells whether a line may change what one of the path's names stands for.
func (p *failingPath) givesValue(line string) bool {
	for name := range givenOn(line) {
		if p.names[name] {
			return true
		}
	}
	return false
}
