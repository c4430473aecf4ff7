package triage

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/triage/index"
)

// reach says how a changed line lies to the ways on which the error comes about.
type reach uint8

// The reaches, from the weakest.
const (
	reachNone   reach = iota // nothing is known to lead from it to the error
	reachBeside              // in the function of the error, and off the way to it
	reachCalled              // in a function that the way calls, or in one that calls the function of the error
	reachFeeds               // gives a value to what is used on the way
	reachGuards              // decides whether the error is reached
	reachFails               // is the statement at which the error shows
)

// onPath tells whether a changed line lies on the way to the error.
func (r reach) onPath() bool { return r >= reachFeeds }

// way is how an edit reaches an error, and the place of the error that it reaches so.
type way struct {
	reach reach
	to    *failingPath
}

// measureReach finds for every edit how it reaches the error.
func (b *bench) measureReach() {
	b.paths = b.findPaths()
	for _, p := range b.paths {
		p.plain = map[string]bool{}
		for name := range p.names {
			p.plain[plainName(name)] = true
		}
	}
	b.ways = make([]way, len(b.edits))
	called := b.calledFromPaths()
	for i := range b.edits {
		for _, p := range b.paths {
			if r := b.reachTo(p, i); r > b.ways[i].reach || r == b.ways[i].reach && b.ways[i].to != nil && p.weight > b.ways[i].to.weight {
				b.ways[i] = way{r, p}
			}
		}
		if b.ways[i].reach < reachCalled {
			if p := called[b.functionAround(b.edits[i].near)]; p != nil {
				b.ways[i] = way{reachCalled, p}
			}
		}
	}
}

// functionAround gives the function around a line of the head; nil at top level.
func (b *bench) functionAround(at place) *index.Function {
	s := b.sources[at.path]
	if s == nil || at.line == 0 {
		return nil
	}
	if f := s.FunctionAt(at.line); f != nil && !f.Declaration {
		return f
	}
	return nil
}

// calledFromPaths gives the functions that the ways to the error call, and those that these call.
func (b *bench) calledFromPaths() map[*index.Function]*failingPath {
	called := map[*index.Function]*failingPath{}
	for _, p := range b.paths {
		for _, d := range b.definitionsOf(p) {
			if called[d.Function] == nil {
				called[d.Function] = p
			}
		}
	}
	return called
}

// maxSameName is how many functions of one name are all taken for the one that is called.
const maxSameName = 3

// maxCalled is how many functions are looked at for one way.
const maxCalled = 4 * maxAnchors

// definitionsOf gives the functions, and what they call, whose names stand on a path.
func (b *bench) definitionsOf(p *failingPath) []index.Definition {
	if p.called != nil {
		return p.called
	}
	found := []index.Definition{}
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		if found = append(found, b.namedFunctions(name, p.path)...); len(found) > maxAnchors {
			break
		}
	}
	for _, d := range slices.Clone(found) {
		if len(found) >= maxCalled {
			break
		}
		for _, next := range b.index.Callees(d.Function) {
			if len(b.index.Defining(next.Function.Name)) <= maxSameName && b.nameRarity(next.Function.Name) >= minRarity {
				found = append(found, next)
			}
		}
	}
	p.called = found[:min(len(found), maxCalled)]
	return p.called
}

// minRarity is how rare the name of a function must be to be followed over a second call.
const minRarity = 0.4

// namedFunctions gives the functions of a name, where not too many have it; those beside the caller go first.
func (b *bench) namedFunctions(name, caller string) []index.Definition {
	all := b.index.Defining(name)
	if len(name) < 3 || len(all) <= maxSameName {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(d index.Definition) bool { return dirOf(d.Path) != dirOf(caller) })
}

// reachTo tells how an edit reaches the error by one of its ways.
func (b *bench) reachTo(p *failingPath, i int) reach {
	e := b.edits[i]
	if e.near.path == p.path && p.holds(e.near.line) {
		if e.op == selfheal.LineAdded {
			return b.addedOn(p, i)
		}
		return b.deletedOn(p, i)
	}
	switch {
	case b.setsName(p, i):
		return reachFeeds
	case p.function != nil && b.callsOn(p, e):
		return reachCalled
	}
	return reachNone
}

// holds tells whether a line lies in the function of the path.
func (p *failingPath) holds(line int) bool {
	if p.function == nil {
		return line >= p.first && line <= p.last
	}
	return line >= p.function.Start && line <= p.function.End
}

// reachAs gives the reach of a changed line with a role.
func reachAs(r role) reach {
	switch r {
	case roleFails:
		return reachFails
	case roleGuards:
		return reachGuards
	case roleFeeds:
		return reachFeeds
	case roleExits, roleNone:
	}
	return reachBeside
}

// addedOn tells what an added line does on a path.
func (b *bench) addedOn(p *failingPath, i int) reach {
	e := b.edits[i]
	as := p.roles[e.near.line]
	d, replaces := b.replaced(i)
	replaces = replaces && squeeze(b.edits[d].text) != squeeze(e.text)
	switch {
	case as == roleExits: // leaving earlier brings no error about that was not there
		if replaces && conditional.MatchString(e.text) && conditional.MatchString(b.edits[d].text) && !widens(b.edits[d].text, e.text) {
			return reachGuards
		}
		return reachBeside
	case as == roleGuards && replaces && narrows(b.edits[d].text, e.text):
		return reachBeside
	case as == roleFeeds && !replaces && onlyCalls(e.text):
		return reachBeside
	case p.function != nil && e.near.line <= p.header && as == roleFeeds && !p.takesAnother(b.edits[d].text, e.text, replaces):
		return reachBeside
	case as == roleFails && (p.raised || b.failedBefore(p, i)):
		return reachBeside
	case replaces && b.numbersOnly(b.edits[d].text, e.text):
		return reachBeside
	}
	return reachAs(as)
}

// deletedOn tells what a line did on a path that a commit took away.
func (b *bench) deletedOn(p *failingPath, i int) reach {
	e := b.edits[i]
	r, replaced := b.replacementOf(i)
	moved := replaced && squeeze(b.edits[r].text) == squeeze(e.text)
	if replaced && !moved && b.edits[r].near.path == p.path && b.edits[r].near.line > 0 {
		return b.addedOn(p, r)
	}
	if e.near.line > p.last && !b.loopsBack(p, e.near.line) {
		return reachBeside
	}
	switch {
	case conditional.MatchString(e.text) && b.tookExit(i), handled.MatchString(e.text):
		return reachGuards
	case p.givesValue(e.text):
		return reachFeeds
	}
	return reachBeside
}

// takesAnother tells whether the header of the path's function changed a parameter that is used on the way.
func (p *failingPath) takesAnother(before, after string, replaces bool) bool {
	list := func(header string) []string {
		at := strings.Index(header, p.function.Name)
		if at < 0 {
			return nil
		}
		m := parameterList.FindStringSubmatch(header[at+len(p.function.Name):])
		if m == nil {
			return nil
		}
		return arguments(m[1])
	}
	if !replaces {
		return true
	}
	old, now := list(before), list(after)
	changed := func(a, b []string) bool {
		return slices.ContainsFunc(a, func(parameter string) bool {
			return !slices.Contains(b, parameter) && len(shared(namesOn(parameter), p.names)) > 0
		})
	}
	return changed(old, now) || changed(now, old)
}

// onlyCalls tells whether a statement is a call that gives nothing a value by itself.
func onlyCalls(line string) bool {
	m := statedCall.FindStringSubmatch(line)
	return m != nil && !notCalled[m[1]] && len(assignedNames(line)) == 0 && assignmentIn(plainCode(line)) < 0
}

// counterpart finds the other side of a line that was changed.
func (b *bench) counterpart(i int) (other int, ok bool) {
	if b.edits[i].op == selfheal.LineAdded {
		return b.replaced(i)
	}
	return b.replacementOf(i)
}

// numbersOnly tells whether two lines differ in numbers only, which make no value absent.
func (b *bench) numbersOnly(before, after string) bool {
	return absentAnywhere.MatchString(b.symptom.message) && sameButNumbers(before, after) && !strings.Contains(after, "[")
}

// handled matches what keeps an error in, or something locked or open.
var handled = regexp.MustCompile(`^\s*(?:\}\s*)?(?:try|catch|except|rescue|finally|ensure|with|using|defer|synchronized)\b|\.catch\(|\brecover\(|\.[Ll]ock\(`)

// tookExit tells whether the hunk of a deleted condition took away what left the function, or a block.
func (b *bench) tookExit(i int) bool {
	return slices.ContainsFunc(b.hunkOf(b.edits[i]), func(e edit) bool {
		return e.op == selfheal.LineDeleted && leavesEarly.MatchString(e.text) || e.op == selfheal.LineDeleted && len(assignedNames(e.text)) > 0
	})
}

// loopsBack tells whether a line behind the statement of a path may run before it.
func (b *bench) loopsBack(p *failingPath, line int) bool {
	return p.roles[line] >= roleFeeds
}

// setsName tells whether an edit gives a value to a name of the path outside of
// the path's function: a constant, a setting, a field.
func (b *bench) setsName(p *failingPath, i int) bool {
	e := b.edits[i]
	if !p.hasNameOf(e) {
		return false
	}
	if other, ok := b.counterpart(i); ok && b.numbersOnly(b.edits[other].text, e.text) {
		return false
	}
	if exampleFile.MatchString(e.at.path) {
		return false
	}
	if e.class == selfheal.ClassConfig {
		for name := range givenOn(e.text) {
			if len(name) >= minOrphan && p.hasName(name) {
				return true
			}
		}
		return false
	}
	if b.functionAround(e.near) != nil && e.near.path != p.path || signedLine.MatchString(e.text) && methodOf(e.text) != "" || onlyCalls(e.text) {
		return false
	}
	for name := range givenOn(e.text) {
		if p.names[name] && len(name) >= minOrphan && b.sameName(p, e, name) {
			return true
		}
	}
	return false
}

// maxEditLine is the size in bytes of a changed line beyond which it is not read closely.
const maxEditLine = 1000

// hasNameOf tells whether a line has one of the path's names at all, which most lines have not.
func (p *failingPath) hasNameOf(e edit) bool {
	found := false
	if len(e.text) <= maxEditLine {
		index.EachWord([]byte(e.text), func(w []byte) {
			found = found || len(w) >= minOrphan && (p.names[string(w)] || e.class == selfheal.ClassConfig && p.plain[plainName(string(w))])
		})
	}
	return found
}

// exampleFile matches files of settings that only show what may be set.
var exampleFile = regexp.MustCompile(`(?i)\b(?:example|sample|template|dist)\b`)

// memberOn tells whether a line gives a name a value as a member or a key: as a
// local variable it is another function's own.
func memberOn(line, name string) bool {
	return slices.ContainsFunc(wordPlaces(line, name), func(at int) bool {
		rest := strings.TrimLeft(line[at+len(name):], " ")
		return at > 0 && strings.IndexByte(`.>"'@:$`, line[at-1]) >= 0 || strings.HasPrefix(rest, ":") && !strings.HasPrefix(rest, ":=")
	})
}

// hasName tells whether a path uses a name, however it is written: answer_within is AnswerWithin.
func (p *failingPath) hasName(name string) bool { return p.names[name] || p.plain[plainName(name)] }

func plainName(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }

// sameName tells whether the name that an edit sets can be the one that a path uses.
func (b *bench) sameName(p *failingPath, e edit, name string) bool {
	if e.near.path == p.path || e.at.path == p.path {
		if b.functionAround(e.near) != nil && (!p.members[name] || !memberOn(e.text, name) || !b.isTelling(name)) {
			return false // a local variable, or what many things have
		}
		return !b.isLocal(b.sources[p.path], p.function, p.first, name)
	}
	return specificity(name) >= minSetting && b.imports(p.path, e.near.path) && !b.declaresItself(p.path, name) && b.filesWith(name) <= maxPassed
}

// maxCommon is how many files may have a plain word for it to be the name of one thing.
const maxCommon = 3

// isTelling tells whether a name can be taken for the same thing at two places.
func (b *bench) isTelling(name string) bool {
	return specificity(name) >= minSetting || b.filesWith(name) <= maxCommon
}

// declaresItself tells whether a file gives a name a value of its own.
func (b *bench) declaresItself(file, name string) bool {
	return slices.ContainsFunc(b.sources[file].lines, func(line string) bool {
		m := assignment.FindStringSubmatch(line)
		return m != nil && m[1] == name && !hasWord(m[2], name)
	})
}

// imports tells whether one file can use what another one declares: it names
// it, or lies beside it where the language has packages.
func (b *bench) imports(from, of string) bool {
	s := b.sources[from]
	if s == nil || of == "" {
		return false
	}
	if dirOf(from) == dirOf(of) && packaged(from) {
		return true
	}
	stem := strings.TrimSuffix(path.Base(of), path.Ext(of))
	if stem == "index" || stem == "__init__" || packagedByDirectory(of) {
		stem = path.Base(dirOf(of))
	}
	return s.Has(index.TermOf(stem))
}

// packaged tells whether files of one directory see each other without saying so.
func packaged(file string) bool {
	lang := index.LanguageOf(file)
	return lang != nil && (lang.Name == "go" || lang.Name == "braces" || lang.Name == "php" || lang.Name == "ruby")
}

// packagedByDirectory tells whether a file is used by the name of its directory.
func packagedByDirectory(file string) bool { return isGo(file) }

// callsOn tells whether a changed line calls the function of a path.
func (b *bench) callsOn(p *failingPath, e edit) bool {
	if p.frame && b.knowsCallers() {
		return false // the stack names them
	}
	return len(p.function.Name) > 2 && hasWord(e.text, p.function.Name) && (e.near.path != p.path || !p.holds(e.near.line))
}
