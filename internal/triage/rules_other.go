package triage

import (
	"fmt"
	"regexp"
	"strings"

	"selfheal"
)

// manifestLine are the ways in which manifests name a dependency with its version.
var manifestLine = []*regexp.Regexp{
	regexp.MustCompile(`^\s*(?:require\s+|replace\s+)?([\w-]+(?:\.[\w-]+)+/[\w./~-]+)\s+(?:=>.*\s)?v\d`), // go.mod, go.sum
	regexp.MustCompile(`^\s*"((?:@[\w.-]+/)?[\w.-]+)":\s*"[~^<>=v]*\d`),                                  // package.json
	regexp.MustCompile(`^\s*"node_modules/((?:@[\w.-]+/)?[\w.-]+)":`),                                    // package-lock.json
	regexp.MustCompile(`^\s*([A-Za-z][\w.-]+)(?:\[[\w,-]+\])?\s*[=<>~!]=`),                               // requirements.txt
	regexp.MustCompile(`^\s*"?([A-Za-z][\w-]+)"?\s*=\s*(?:"[~^<>=]*\d|\{\s*version)`),                    // Cargo.toml, pyproject.toml
	regexp.MustCompile(`^\s*gem ['"]([\w-]+)['"]`),                                                       // Gemfile
	regexp.MustCompile(`<artifactId>([\w.-]+)</artifactId>`),                                             // pom.xml
}

// standardLibrary marks frames of the language runtime itself, which say nothing about dependencies.
var standardLibrary = regexp.MustCompile(`/usr/local/go/|/go/src/|/goroot/|^node:|node:internal|/lib/python\d[\d.]*/[^/]+$|/rustc/|^<`)

// dependencyRule finds changed dependencies whose code is on the stack or whose
// name the message contains.
func (b *bench) dependencyRule() []finding {
	var out []finding
	for i, e := range b.edits {
		if e.class != selfheal.ClassDependency && e.class != selfheal.ClassBuild {
			continue
		}
		module := moduleOf(e.text)
		if module == "" {
			continue
		}
		weight, observed := b.moduleSeen(module, e.text)
		if weight == 0 {
			continue
		}
		x := selfheal.Exhibit{
			Kind: selfheal.ExhibitDependency, Weight: weightDependency * weight,
			Text: fmt.Sprintf("this commit changed the version of %s, which the error names", shorten(module)), Observed: shorten(observed),
		}
		b.quoteEdit(&x, i)
		out = append(out, finding{family: familyDependency, commit: e.commit, exhibit: x, lines: []pointer{{i, 4 * weight}}})
	}
	return out
}

func moduleOf(line string) string {
	for _, pattern := range manifestLine {
		if m := pattern.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

// moduleSeen tells how prominently a module stands in the error: on the top
// frames fully, deeper ones less, in the message alone somewhat.
func (b *bench) moduleSeen(module, line string) (weight float64, observed string) {
	index := 0
	for _, f := range b.symptom.frames {
		if standardLibrary.MatchString(f.file) {
			continue
		}
		if inModule(f, module) {
			if m := moduleVersion.FindStringSubmatch(f.file); m != nil && !strings.Contains(line, m[1]) {
				return 0, "" // the stack shows another version than this line
			}
			weight := 1 / (1 + frameDecay*float64(index))
			if f.nilArgument && absentValue.MatchString(b.symptom.message) {
				weight *= factorNilArgument // the caller handed it what it failed on
			}
			return weight, f.quote
		}
		index++
	}
	if len(module) < 4 || !hasWord(b.symptom.message, module) {
		return 0, ""
	}
	if v := versionNumber.FindString(line); v != "" && strings.Contains(b.symptom.message, v) {
		return 1, module + " " + v
	}
	return 0.6, module
}

// moduleVersion is the version in the path of a Go module's file.
var moduleVersion = regexp.MustCompile(`@(v\d[\w.+-]*)/`)

var versionNumber = regexp.MustCompile(`\d+\.\d+(?:\.\d+)?(?:[-+.][\w.]+)?`)

func inModule(f stackFrame, module string) bool {
	file := strings.ToLower(f.file)
	module = strings.ToLower(module)
	if strings.Contains(file, "/"+module+"/") || strings.Contains(file, "/"+module+"@") || strings.HasPrefix(file, module+"/") || strings.HasPrefix(file, module+"@") {
		return isForeign(f.file) || strings.Contains(module, "/") || strings.Contains(file, "/vendor/")
	}
	if strings.Contains(file, "-packages/"+strings.ReplaceAll(module, "-", "_")+"/") {
		return true
	}
	return strings.Contains(module, "/") && strings.HasPrefix(strings.ToLower(f.function), module)
}

// lexicon pairs a class of errors with what a change that causes it touches.
var lexicon = []struct {
	message, line *regexp.Regexp
	text          string
}{
	{
		regexp.MustCompile(`(?i)time[d]?[ -]?out|deadline|too slow|ETIMEDOUT`),
		regexp.MustCompile(`(?i)time_?out|deadline|retr(?:y|ies)|time\.(?:Second|Minute|Millisecond)|_ms\b|interval`), "a time limit was changed",
	},
	{
		regexp.MustCompile(`(?i)index(?: is)? out of (?:range|bounds)|IndexError|IndexOutOfBounds|slice bounds|list index|RangeError`),
		regexp.MustCompile(`(?i)\blen\b|\blength\b|\bsize\b|\bcount\b|[<>]=?|[\])]\s*\[|\w\[|\brange\b|[+-]\s*1\b`), "an index or a bound was changed",
	},
	{
		regexp.MustCompile(`(?i)too (?:large|long|many|big|small|short)|(?:larger|longer|bigger|smaller|more|fewer) than|exceed|limit|overflow|exhausted|heap|out of memory`),
		regexp.MustCompile(`(?i)max|limit|size|capacity|pool|buffer|batch|concurren|queue`), "a limit or size was changed",
	},
	{
		regexp.MustCompile(`(?i)refused|no such host|ENOTFOUND|unreachable|getaddrinfo|name resolution|ECONN`),
		regexp.MustCompile(`(?i)https?://|\bport\b|\bhost(?:name)?\b|\baddr(?:ess)?\b|\bdial|endpoint|base_?url|_(?:URL|HOST|PORT)\b`), "an address was changed",
	},
	{
		regexp.MustCompile(`(?i)unauthori[sz]ed|forbidden|permission|denied|token|credential|\b40[13]\b`),
		regexp.MustCompile(`(?i)auth|token|permission|role|credential|scope|secret|header|cookie`), "authorisation was changed",
	},
	{
		regexp.MustCompile(`(?i)x509|certificate|tls|ssl|handshake`),
		regexp.MustCompile(`(?i)tls|ssl|cert|x509|\bca\b`), "transport security was changed",
	},
	{
		regexp.MustCompile(`(?i)\bsql|column|relation|constraint|duplicate key|syntax error at|query|NULL`),
		regexp.MustCompile(`(?i)select\s|insert\s|update\s|\bwhere\b|column|\bquery|create table|alter table|not null`), "a query or schema was changed",
	},
	{
		regexp.MustCompile(`(?i)nil pointer|null pointer|NullPointer|NoneType|of undefined|of null|nil map|invalid memory`),
		regexp.MustCompile(`[^r] [!=]= nil\b|\bvar \w+ \*\w|\bnull\b|\bNone\b|undefined|\.get\(|\[[\w."']+\]|Optional|\?\.`), "a value that may be absent was touched",
	},
	{
		regexp.MustCompile(`(?i)unmarshal|json|yaml|parse|decod|unexpected token|invalid character|syntax`),
		regexp.MustCompile(`(?i)json|yaml|xml|pars|decod|unmarshal|encod|serial|format`), "parsing was changed",
	},
}

// lexiconRule opens a hypothesis when changed lines are of the error's kind; alone it decides nothing.
func (b *bench) lexiconRule() []finding {
	var out []finding
	for _, class := range lexicon {
		if !class.message.MatchString(b.symptom.message) {
			continue
		}
		hits := map[int][]int{}
		total := map[int]int{}
		for i, e := range b.edits {
			total[e.commit]++
			if class.line.MatchString(e.text) {
				hits[e.commit] = append(hits[e.commit], i)
			}
		}
		for commit, edits := range hits {
			share := float64(len(edits)) / float64(total[commit])
			x := selfheal.Exhibit{
				Kind: selfheal.ExhibitIdentifier, Weight: weightLexicon * (0.4 + 0.6*share),
				Text: "in this commit " + class.text + ", and the error is of that kind", Observed: shorten(class.message.FindString(b.symptom.message)),
			}
			b.quoteEdit(&x, edits[0])
			out = append(out, finding{family: familyLexicon, commit: commit, exhibit: x, lines: evenly(edits, 0.7)})
		}
	}
	return out
}
