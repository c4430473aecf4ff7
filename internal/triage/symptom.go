package triage

import (
	"regexp"
	"selfheal/internal/triage/index"
	"slices"
	"strconv"
	"strings"

	"selfheal"
)

// symptom is one signature, read for what can be found again in a repository.
type symptom struct {
	anomaly   selfheal.Anomaly
	signature selfheal.Signature
	frames    []stackFrame // most telling first
	message   string       // the words of the error without stack frames, white space squeezed
	said      string       // the message without what the statements that print it fill in
	words     []word       // of what is said, in order
}

// stackFrame is one place in code that the error names.
type stackFrame struct {
	function string
	file     string // as printed, forward slashes
	line     int
	quote    string // how the error put it
	source   string // the line of code that the runtime printed with it; empty when it did not
	kind     frameKind
	// nilArgument says that the function was entered with a nil first argument
	// or receiver: if that is what failed, the fault lies with its callers.
	nilArgument bool
	// inlined says that a Go stack does not show the arguments.
	inlined bool
}

type frameKind uint8

const (
	frameStack   frameKind = iota // a stack frame
	frameLogger                   // where the logger was called ("caller=main.go:221")
	frameBuilder                  // where a compiler points to
)

// word is one word of a message.
type word struct {
	text        string
	specificity float64 // how much more than plain English it is, 0..1
}

const (
	maxMessage = 8 << 10
	maxFrames  = 60
	maxWords   = 400
)

// readSymptom reads a signature. The decoded exceptions are preferred; places in
// the text add what decoding did not know.
func readSymptom(anomaly selfheal.Anomaly, signature selfheal.Signature) symptom {
	s := symptom{anomaly: anomaly, signature: signature}
	text := signature.Sample.Text
	if text == "" {
		text = signature.Title + "\n" + signature.Template
	}
	if decoded := signature.Sample.Message; decoded != "" {
		// A structured line holds much that the event does not say: names of fields, ids, who asked.
		s.frames, _ = readText(text, signature.Kind)
		_, s.message = readText(decoded, signature.Kind)
	} else {
		s.frames, s.message = readText(text, signature.Kind)
	}
	message := s.message
	s.frames = mergeFrames(exceptionFrames(signature.Sample.Exceptions), s.frames)
	if signature.Kind == selfheal.KindBuild {
		s.frames = builderFrames(s.frames, message)
	}
	for _, e := range signature.Sample.Exceptions {
		// The text may have been cut before the cause that counts.
		if e.Message != "" && !strings.Contains(message, strings.Join(strings.Fields(e.Message), " ")) {
			message += " " + e.Message
		}
	}
	s.message = strings.Join(strings.Fields(message), " ")
	s.words = wordsOf(runtimeWords.ReplaceAllString(s.message, " . "))
	return s
}

// maxValueWords is the number of words from which what is filled in is taken for a text of its own.
const maxValueWords = 4

// withoutFilledIn leaves out what the statements that print a message fill in
// between their own words: it names what was asked for, not what the code calls it.
// What reads like a text, as another error does, stays.
func withoutFilledIn(message string, emitters []index.Emitter) string {
	bare := []byte(message)
	for _, m := range emitters {
		for _, value := range m.Phrase.Values(message) {
			text := message[value[0]:value[1]]
			if len(strings.Fields(text)) >= maxValueWords || strings.Contains(text, ": ") {
				continue
			}
			for i := value[0]; i < value[1]; i++ {
				if index.IsWordByte(bare[i]) {
					bare[i] = ' '
				}
			}
		}
	}
	return strings.Join(strings.Fields(string(bare)), " ")
}

var (
	// quotedField matches a field of a structured line, as logfmt or JSON, and its quoted value.
	quotedField = regexp.MustCompile(`(?s)(?:\b([\w.-]+)=|"([\w.-]+)"\s*:\s*)"((?:[^"\\]|\\.)*)"`)
	// telling are the fields that hold what the program says of a failure, rather than a value of a request.
	telling = regexp.MustCompile(`(?i)stack|trace|err|exc|msg|message|panic|reason|cause|detail|log|line|text|caller|source|file|src|location|output|` +
		`column|table|env|flag|option|setting|config|module|package|component|handler|plugin`)
)

// readText separates a text's places in code from its words.
func readText(text string, kind selfheal.SignatureKind) (frames []stackFrame, message string) {
	text = withoutValues(strings.ToValidUTF8(text[:min(len(text), maxMessage)], "\uFFFD"))
	if strings.Contains(text, `\n`) {
		text = index.Unescape(text)
	}
	return splitFrames(text, kind == selfheal.KindBuild)
}

// withoutValues leaves out what fields hold that only carry values: whoever
// writes names and places of the code into a request is not believed.
func withoutValues(text string) string {
	return quotedField.ReplaceAllStringFunc(text, func(field string) string {
		m := quotedField.FindStringSubmatch(field)
		if m[3] == "" || telling.MatchString(m[1]+m[2]) {
			return field
		}
		return strings.TrimSuffix(field, m[3]+`"`) + `"`
	})
}

// runtimeWords are what language runtimes say of any program: they name nothing of the service.
var runtimeWords = regexp.MustCompile(`runtime error: |invalid memory address or nil pointer dereference|SIGSEGV|segmentation violation|` +
	`index out of range \[\d+\] with length \d+|assignment to entry in nil map|interface conversion|goroutine \d+|` +
	`Cannot read propert(?:y|ies)(?: of (?:undefined|null))?|is not (?:a function|iterable|subscriptable|callable|defined)|` +
	`Assignment to constant variable|unsupported operand type\(s\) for|object has no attribute|argument of type|takes \d+ positional arguments? but \d+ (?:was|were) given|` +
	`Traceback \(most recent call last\)|During handling of the above exception, another exception occurred|` +
	`(?:java\.lang\.)?NullPointerException|Exception in thread "[^"]*"|\b(?:TypeError|ValueError|KeyError|AttributeError|RuntimeError|ReferenceError|SyntaxError)\b|` +
	`UnhandledPromiseRejection\w*|Uncaught Exception|http: panic serving \S+`)

// exceptionFrames lists the frames of an exception chain, those of the innermost cause first.
func exceptionFrames(chain []selfheal.Exception) []stackFrame {
	var frames []stackFrame
	for _, e := range slices.Backward(chain) {
		for _, f := range e.Frames {
			if f.File == "" && f.Function == "" {
				continue
			}
			frames = append(frames, stackFrame{function: f.Function, file: framePath(f), line: f.Line, quote: frameQuote(f)})
		}
	}
	return frames
}

// framePath gives the file of a frame; where the runtime prints only the base
// name, as Java does, the package supplies the directory.
func framePath(f selfheal.Frame) string {
	file := strings.ReplaceAll(f.File, `\`, "/")
	if strings.HasSuffix(file, ".java") || strings.HasSuffix(file, ".kt") || strings.HasSuffix(file, ".scala") {
		if parts := strings.Split(f.Package, "."); !strings.Contains(file, "/") && len(parts) > 1 {
			return strings.Join(parts[:len(parts)-1], "/") + "/" + file
		}
	}
	return file
}

func frameQuote(f selfheal.Frame) string {
	quote := f.File
	if f.Line > 0 {
		quote += ":" + strconv.Itoa(f.Line)
	}
	if f.Function != "" {
		quote = f.Function + " " + quote
	}
	return strings.TrimSpace(quote)
}

// mergeFrames adds to decoded frames what only the text says of them. Frames that
// decoding did not give count when it gave none at all: what else reads like one
// is a value.
func mergeFrames(decoded, read []stackFrame) []stackFrame {
	type key struct {
		base string
		line int
	}
	known, given := map[key]int{}, len(decoded)
	for i, f := range decoded {
		known[key{baseName(f.file), f.line}] = i
	}
	for _, f := range read {
		k := key{baseName(f.file), f.line}
		i, seen := known[k]
		switch {
		case !seen && given > 0:
			continue
		case !seen:
			known[k] = len(decoded)
			decoded = append(decoded, f)
			continue
		}
		decoded[i].source, decoded[i].nilArgument, decoded[i].inlined = f.source, f.nilArgument, f.inlined
		if decoded[i].function == "" {
			decoded[i].function = f.function
		}
	}
	return decoded[:min(len(decoded), maxFrames)]
}

func baseName(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// The ways in which runtimes, loggers and compilers name a place. Group 1 is the
// file, 2 the line; a third group, where there is one, is the function.
var (
	pythonFrame = regexp.MustCompile(`^\s*File "([^"]+)", line (\d+)(?:, in (\S+))?`)
	nodeFrame   = regexp.MustCompile(`^\s*at (?:.*?\()?(?:file://)?(node:[^\s()]+?|[^\s()]+?\.\w+):(\d+)(?::\d+)?\)?\s*$`)
	javaFrame   = regexp.MustCompile(`^\s*at ([\w.$<>]+)\((\w+\.(?:java|kt|scala|groovy)):(\d+)\)`)
	dotnetFrame = regexp.MustCompile(`^\s*at .* in (.+):line (\d+)\s*$`)
	goFrame     = regexp.MustCompile(`^\s+(\S+\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?\s*$`)
	rubyFrame   = regexp.MustCompile("^\\s*(?:from )?(\\S+\\.rb):(\\d+):in [`']([^']+)'")
	phpFrame    = regexp.MustCompile(`^\s*#\d+ (\S+\.php)\((\d+)\)`)
	plainPlace  = regexp.MustCompile(`(?:^|[\s("'=\[])((?:[\w.@+~-]*/)*[\w.@+-]+\.(?:go|py|jsx?|mjs|cjs|tsx?|java|kt|rb|php|rs|cs|c|cc|cpp|h|hpp|scala|swift|ex|vue|svelte)):(\d+)(?::\d+)?`)
	compilerTS  = regexp.MustCompile(`^\s*(\S+\.\w+)\((\d+),\d+\)`)
	leads       = regexp.MustCompile(`^[\s("'\[]*$|\d\d:\d\d:\d\d\S*\s(?:[\w.\[\]:-]+\s){0,4}$|(?i:\b(?:at|in|from|panic:|error:|fatal:|goroutine \d+:)\s*\(?)$`)
	loggerField = regexp.MustCompile(`(?:^|[\s,{"])(?:caller|source|src|file|location|lineno)"?[=:]\s*"?$`)
	goFunction  = regexp.MustCompile(`^(?:created by )?[\w./~-]+(?:\.\([^)]*\))?\.[\w.\[\]()*·-]+(?:\(.*\))?(?: in goroutine \d+)?$`)
	goroutine   = regexp.MustCompile(`^goroutine \d+ \[|^\[signal |^panic\((?:\{?0x|\.\.\.)`)
)

// splitFrames separates the places that a text names from its words.
func splitFrames(text string, build bool) (frames []stackFrame, message string) {
	var (
		words  strings.Builder
		python []stackFrame
		prose  []stackFrame // places among other words say less than a stack
	)
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := strings.TrimRight(lines[i], "\r")
		if m := pythonFrame.FindStringSubmatch(line); m != nil {
			f := stackFrame{file: m[1], line: atoi(m[2]), function: m[3], quote: strings.TrimSpace(line)}
			f.source, i = sourceBelow(lines, i, index.Indentation(line))
			python = append(python, f)
			continue
		}
		if f, ok := lineFrame(line); ok {
			if i > 0 && f.function == "" {
				f.function = goFunctionName(lines[i-1])
				f.nilArgument = f.function != "" && strings.Contains(lines[i-1], "(0x0")
				f.inlined = f.function != "" && strings.HasSuffix(strings.TrimSpace(lines[i-1]), "(...)")
			}
			frames = append(frames, f)
			continue
		}
		if goroutine.MatchString(line) || goFunction.MatchString(line) && i+1 < len(lines) && goFrame.MatchString(lines[i+1]) {
			continue
		}
		places := placesIn(line, build)
		if len(places) == 1 && strings.TrimSpace(line) == places[0].quote { // Node prints the place, then the code
			places[0].source, i = sourceBelow(lines, i, -1)
		}
		prose = append(prose, places...)
		words.WriteString(line)
		words.WriteByte('\n')
	}
	slices.Reverse(python) // Python prints the innermost call last
	frames = append(frames, python...)
	return append(frames, prose...), words.String()
}

// markerLine is what runtimes print under a line of code to point into it.
var markerLine = regexp.MustCompile(`^[\s~^]+$`)

// sourceBelow reads the line of code printed below line i, when it is indented
// deeper than margin, and gives the index of the last line that belongs to it.
func sourceBelow(lines []string, i, margin int) (source string, last int) {
	if i+1 >= len(lines) || index.Indentation(lines[i+1]) <= margin || pythonFrame.MatchString(lines[i+1]) || strings.TrimSpace(lines[i+1]) == "" {
		return "", i
	}
	source, last = strings.TrimSpace(lines[i+1]), i+1
	if last+1 < len(lines) && markerLine.MatchString(lines[last+1]) && strings.TrimSpace(lines[last+1]) != "" {
		last++
	} else if margin < 0 {
		return "", i // without the marker it is just the next line
	}
	return source, last
}

// goFunctionName gives the function of the line above a place in a Go stack; empty when it is none.
func goFunctionName(line string) string {
	if !goFunction.MatchString(strings.TrimSpace(line)) || strings.HasPrefix(line, "\t") {
		return ""
	}
	line = strings.TrimPrefix(strings.TrimSpace(line), "created by ")
	if i := strings.LastIndexByte(line, '('); i > 0 && !strings.HasSuffix(line[:i], ".") {
		line = line[:i]
	}
	return line
}

// lineFrame reads a line that is nothing but a stack frame.
func lineFrame(line string) (stackFrame, bool) {
	quote := strings.TrimSpace(line)
	if m := javaFrame.FindStringSubmatch(line); m != nil {
		class, method, _ := cutLast(m[1], ".")
		dir, _, _ := cutLast(class, ".")
		file := m[2]
		if dir != "" {
			file = strings.ReplaceAll(dir, ".", "/") + "/" + file
		}
		return stackFrame{file: file, line: atoi(m[3]), function: method, quote: quote}, true
	}
	for _, pattern := range []*regexp.Regexp{goFrame, nodeFrame, dotnetFrame, rubyFrame, phpFrame} {
		if m := pattern.FindStringSubmatch(line); m != nil {
			f := stackFrame{file: strings.ReplaceAll(m[1], `\`, "/"), line: atoi(m[2]), quote: quote}
			if len(m) > 3 {
				f.function = m[3]
			}
			return f, true
		}
	}
	return stackFrame{}, false
}

// placesIn finds places that stand among other words.
func placesIn(line string, build bool) []stackFrame {
	kind := frameStack
	if build {
		kind = frameBuilder
	}
	if m := compilerTS.FindStringSubmatch(line); m != nil && build {
		return []stackFrame{{file: m[1], line: atoi(m[2]), quote: strings.TrimSpace(m[0]), kind: kind}}
	}
	var frames []stackFrame
	for _, m := range plainPlace.FindAllStringSubmatchIndex(line, 10) {
		f := stackFrame{file: line[m[2]:m[3]], line: atoi(line[m[4]:m[5]]), kind: kind}
		f.quote = line[m[2]:m[5]]
		if loggerField.MatchString(line[:m[2]]) {
			f.kind = frameLogger
		}
		if f.kind == frameStack && !leads.MatchString(line[:m[2]]) {
			continue // a place in the middle of a sentence can be anybody's
		}
		frames = append(frames, f)
	}
	return frames
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// atoi reads a line number; anything unusable is 0.
func atoi(s string) int {
	n := 0
	for i := range len(s) {
		if !index.IsDigit(s[i]) || n > 1<<24 {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
