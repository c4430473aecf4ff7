package repair

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// language is how the tests of a language are written, as far as the guards need it.
type language struct {
	comment    string         // that ends with the line
	block      [2]string      // what opens and closes a comment of several lines; empty when there is none
	wholeLines bool           // block comments begin at the beginning of a line only
	test       *regexp.Regexp // a line that declares a test; the match names it
	function   *regexp.Regexp // a line that begins something of its own: a test, a function, a type
	assertion  *regexp.Regexp
	disables   *regexp.Regexp // what keeps tests from running, or from failing
}

var (
	golang = &language{
		comment: "//", block: [2]string{"/*", "*/"},
		test:      regexp.MustCompile(`^func (Test|Fuzz|Example)\w*\(|\bt\.Run\("[^"]*"`),
		function:  regexp.MustCompile(`^(func|type|var|const)\b`),
		assertion: regexp.MustCompile(`\b[tb]\.(Error|Fatal|Fail)|\b(assert|require|cmp)\.|\bwant`),
		disables:  regexp.MustCompile(`\.Skip(f|Now)?\(|^//go:build|^// \+build|^func (TestMain|init)\(|\bos\.Exit\(|\brecover\(\)|\bruntime\.Goexit\(`),
	}
	python = &language{
		comment: "#", block: [2]string{`"""`, `"""`}, wholeLines: true,
		test:      regexp.MustCompile(`^\s*(async )?def test\w*|^class \w*Test\w*`),
		function:  regexp.MustCompile(`^\s*(async )?(def|class)\b`),
		assertion: regexp.MustCompile(`^\s*assert\b|\bself\.(assert|fail)\w*\(|\bpytest\.(raises|fail|approx)`),
		disables:  regexp.MustCompile(`\b(skip|skipif|skipIf|skipUnless|skipTest|xfail|expectedFailure|importorskip|SkipTest)\b|\b__test__\b|\b(sys|os)\._?exit\(|\bcollect_ignore|\bmonkeypatch\.setattr\(.*assert`),
	}
	javascript = &language{
		comment: "//", block: [2]string{"/*", "*/"},
		test:      regexp.MustCompile("^\\s*(it|test|describe)(\\.each[^(]*\\([^)]*\\))?\\(\\s*['\"`][^'\"`]*"),
		function:  regexp.MustCompile(`^\s*(it|test|describe|beforeEach|afterEach|beforeAll|afterAll)\b|^(export |async )*(function|class|const|let|var|type|interface)\b`),
		assertion: regexp.MustCompile(`\bexpect\(|\bassert\b|\.should\b`),
		disables: regexp.MustCompile(`\b(it|test|describe|context|suite)\s*\.\s*(skip|only|todo|fails|failing|skipIf|runIf)\b|\b(xit|xtest|xdescribe|fit|fdescribe|pending)\s*\(` +
			`|\bprocess\.exit\(|\bthis\.skip\(|\bjest\.mock\(|\bvi\.mock\(|\bexpect\.extend\(|@ts-(ignore|nocheck|expect-error)`),
	}
	java = &language{
		comment: "//", block: [2]string{"/*", "*/"},
		test:      regexp.MustCompile(`^\s*@(Test|ParameterizedTest|RepeatedTest)\b|^\s*((public|protected|private|final|static) )*(void|fun) \w+\(`),
		function:  regexp.MustCompile(`^\s*((public|protected|private|final|static|abstract) )*(void|fun|class|interface|enum|record|[A-Z]\w*(<.*>)?) \w+`),
		assertion: regexp.MustCompile(`\b(assert\w*|verify|fail|expectThrows)\s*\(|\bexpected\s*=`),
		disables:  regexp.MustCompile(`@(Ignore|Disabled\w*|EnabledIf\w*|EnabledOn\w*)\b|\b(assume\w*|Assumptions?\.\w+)\(|\bSystem\.exit\(|\(\s*enabled\s*=\s*false`),
	}
	ruby = &language{
		comment: "#", block: [2]string{"=begin", "=end"}, wholeLines: true,
		test:      regexp.MustCompile(`^\s*def test_\w+|^\s*(it|specify|test|describe|context|scenario|feature)\s*\(?\s*['"][^'"]*`),
		function:  regexp.MustCompile(`^\s*(def|class|module|it|specify|test|describe|context|scenario|feature|before|after|let!?)\b`),
		assertion: regexp.MustCompile(`\b(assert\w*|refute\w*|flunk)\b|\bexpect\b|\bshould\b|\bmust_\w+`),
		disables:  regexp.MustCompile(`^\s*(skip|pending|xit|xdescribe|xcontext|xspecify|fit|fdescribe|fcontext)\b|\b(skip|pending|focus):|, :(skip|pending|focus)\b|\b(Kernel\.)?exit!?\b|\babort\b|\bat_exit\b|^__END__$`),
	}
)

func languageOf(name string) *language {
	switch strings.ToLower(path.Ext(name)) {
	case ".go":
		return golang
	case ".py":
		return python
	case ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".mts", ".cts":
		return javascript
	case ".java", ".kt", ".scala", ".groovy":
		return java
	case ".rb":
		return ruby
	}
	return nil
}

// codeLine is a line of code: not empty, without its comments.
type codeLine struct {
	number int // from 1
	text   string
}

// code gives the lines of code of a text. What was turned into a comment is no
// code any more.
func (l *language) code(text string) []codeLine {
	var all []codeLine
	number, closing := 0, ""
	for line := range strings.Lines(text) {
		number++
		line, closing = l.uncomment(strings.TrimRight(line, "\r\n"), closing)
		if strings.TrimSpace(line) != "" {
			all = append(all, codeLine{number, strings.TrimRight(line, " \t")})
		}
	}
	return all
}

// uncomment takes the comments out of a line; closing is what ends the comment, or
// the string of several lines, that the line begins in.
func (l *language) uncomment(line, closing string) (code, open string) {
	if l.wholeLines {
		return l.uncommentWhole(line, closing)
	}
	var b strings.Builder
	for i := 0; i < len(line); {
		rest := line[i:]
		switch {
		case closing != "" && strings.HasPrefix(rest, closing):
			if closing != l.block[1] {
				b.WriteString(closing)
			}
			i, closing = i+len(closing), ""
			continue
		case closing == l.block[1] && closing != "":
		case closing != "" && closing != "`" && rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i++
		case closing != "":
			b.WriteByte(rest[0])
		case strings.HasPrefix(rest, l.comment) && !l.disables.MatchString(rest): // a directive is a comment that is obeyed
			return b.String(), ""
		case strings.HasPrefix(rest, l.block[0]):
			closing = l.block[1]
			i++
		case rest[0] == '"' || rest[0] == '\'' || rest[0] == '`':
			closing = rest[:1]
			b.WriteByte(rest[0])
		default:
			b.WriteByte(rest[0])
		}
		i++
	}
	if closing == `"` || closing == "'" { // ends with its line
		closing = ""
	}
	return b.String(), closing
}

// uncommentWhole is for languages whose comments of several lines begin at the
// beginning of a line. A # within a line may be part of a string, and stays.
func (l *language) uncommentWhole(line, closing string) (code, open string) {
	trimmed := strings.TrimSpace(line)
	if closing != "" {
		if strings.Contains(trimmed, closing) {
			return "", ""
		}
		return "", closing
	}
	if strings.HasPrefix(trimmed, l.comment) {
		return "", ""
	}
	blocks := [][2]string{l.block}
	if l == python {
		blocks = append(blocks, [2]string{"'''", "'''"})
	}
	for _, block := range blocks {
		if rest, found := strings.CutPrefix(strings.TrimLeft(trimmed, "rRuUbBfF"), block[0]); found {
			if strings.Contains(rest, block[1]) {
				return "", ""
			}
			return "", block[1]
		}
	}
	return line, ""
}

// control are statements by which what follows may not be reached, or its failure not be seen.
var control = regexp.MustCompile(`^\s*\}?\s*(if|else|elif|elsif|for|while|until|unless|return|try|except|catch|finally|rescue|ensure|begin|switch|match|select|case|when|with|do|goto|break|continue|next|panic|throw|raise|yield|defer|go)\b`)

// testRefusals looks at a file that only tests use. Tests may be added; whatever
// is there stays, in its order and as it is: code cannot tell whether another
// expected value is right, so that nobody but a person changes one.
func testRefusals(e edit) []Refusal {
	refuse := func(guard string, line int, old bool, why string) []Refusal {
		return []Refusal{{Guard: guard, Path: e.path, Line: line, Old: old, Why: why}}
	}
	l := languageOf(e.path)
	switch {
	case e.deleted():
		return refuse(GuardTestDeleted, 0, false, "a file of the tests is deleted, or has another name")
	case e.before.Mode != e.after.Mode && !e.added():
		return refuse(GuardTestWeakened, 0, false, "a file of the tests becomes something else")
	case l == nil && !e.added():
		return refuse(GuardTestWeakened, 0, false, "it holds what tests start from or expect")
	case l == nil:
		return nil
	}
	return l.compare(l.code(string(e.old)), l.code(string(e.new)), refuse)
}

func (l *language) compare(before, after []codeLine, refuse func(string, int, bool, string) []Refusal) []Refusal {
	var all []Refusal
	for _, gone := range l.missingTests(before, after) {
		all = append(all, refuse(GuardTestDeleted, gone.number, true, "the test is deleted, or has another name: "+shorten(oneLine(gone.text), 80))...)
	}
	next, existing := 0, false // existing: the lines belong to a function of before
	for _, line := range after {
		kept := next < len(before) && before[next].text == line.text
		if kept {
			next++
		}
		if l.function.MatchString(line.text) {
			existing = kept
		}
		switch {
		case kept:
		case l.disables.MatchString(line.text):
			all = append(all, refuse(GuardTestWeakened, line.number, false, "it keeps tests from running, or from failing: "+shorten(oneLine(line.text), 80))...)
		case existing && control.MatchString(line.text):
			all = append(all, refuse(GuardTestWeakened, line.number, false, "the flow of an existing test changes, so that less may be demanded: "+shorten(oneLine(line.text), 80))...)
		}
	}
	if next < len(before) && len(all) == 0 {
		gone := before[next]
		why := "a line of an existing test is changed, moved or deleted, and nobody can tell by rule whether less is demanded now: "
		if l.assertion.MatchString(gone.text) {
			why = "an assertion is changed, moved or deleted: "
		}
		all = refuse(GuardTestWeakened, gone.number, true, why+shorten(oneLine(gone.text), 80))
	}
	return all
}

// missingTests lists the declarations of tests that are not there any more.
func (l *language) missingTests(before, after []codeLine) []codeLine {
	there := map[string]int{}
	for _, line := range after {
		if name := l.test.FindString(line.text); name != "" {
			there[strings.TrimSpace(name)]++
		}
	}
	var gone []codeLine
	for _, line := range before {
		name := strings.TrimSpace(l.test.FindString(line.text))
		if name == "" {
			continue
		}
		if there[name]--; there[name] < 0 {
			gone = append(gone, line)
		}
	}
	return gone
}

// tested matches code that asks whether it is being tested.
var tested = regexp.MustCompile(`\btesting\.Testing\(\)|\bPYTEST_CURRENT_TEST\b|['"](pytest|unittest)['"] in sys\.modules|\bJEST_WORKER_ID\b|NODE_ENV\W{1,12}test\b|\bRAILS_ENV\W{1,12}test\b|\bSELFHEAL_\w+`)

// testedOnly refuses code that behaves differently where it is tested: a proof
// would show nothing.
func testedOnly(e edit) []Refusal {
	known := map[string]bool{}
	for line := range strings.Lines(string(e.old)) {
		known[strings.TrimSpace(line)] = true
	}
	number := 0
	for line := range strings.Lines(string(e.new)) {
		number++
		if found := tested.FindString(line); found != "" && !known[strings.TrimSpace(line)] {
			return []Refusal{{Guard: GuardTestWeakened, Path: e.path, Line: number, Why: fmt.Sprintf("the code asks whether it is being tested (%s)", found)}}
		}
	}
	return nil
}
