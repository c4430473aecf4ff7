package triage

import (
	"regexp"
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
	words     []word       // of the message, in order
}

// stackFrame is one place in code that the error names.
type stackFrame struct {
	function string
	file     string // as printed, forward slashes
	line     int
	quote    string // how the error put it
	kind     frameKind
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
	text = strings.ToValidUTF8(text[:min(len(text), maxMessage)], "\uFFFD")
	if strings.Contains(text, `\n`) {
		text = unescape(text)
	}
	frames, message := splitFrames(text, signature.Kind == selfheal.KindBuild)
	s.frames = mergeFrames(exceptionFrames(signature.Sample.Exceptions), frames)
	for _, e := range signature.Sample.Exceptions {
		// The text may have been cut before the cause that counts.
		if e.Message != "" && !strings.Contains(message, strings.Join(strings.Fields(e.Message), " ")) {
			message += " " + e.Message
		}
	}
	s.message = strings.Join(strings.Fields(message), " ")
	s.words = wordsOf(s.message)
	return s
}

// exceptionFrames lists the frames of an exception chain, those of the innermost cause first.
func exceptionFrames(chain []selfheal.Exception) []stackFrame {
	var frames []stackFrame
	for i := len(chain) - 1; i >= 0; i-- {
		for _, f := range chain[i].Frames {
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

// mergeFrames appends the frames of the text that decoding did not already give.
func mergeFrames(decoded, read []stackFrame) []stackFrame {
	type key struct {
		base string
		line int
	}
	seen := map[key]bool{}
	for _, f := range decoded {
		seen[key{baseName(f.file), f.line}] = true
	}
	for _, f := range read {
		if k := (key{baseName(f.file), f.line}); !seen[k] {
			seen[k] = true
			decoded = append(decoded, f)
		}
	}
	return decoded[:min(len(decoded), maxFrames)]
}

func baseName(p string) string { return p[strings.LastIndexByte(p, '/')+1:] }

// The ways in which runtimes, loggers and compilers name a place. Group 1 is the
// file, 2 the line; a third group, where there is one, is the function.
var (
	pythonFrame = regexp.MustCompile(`^\s*File "([^"]+)", line (\d+)(?:, in (\S+))?`)
	nodeFrame   = regexp.MustCompile(`^\s*at (?:.*?\()?(?:file://)?([^\s()]+?\.\w+):(\d+)(?::\d+)?\)?\s*$`)
	javaFrame   = regexp.MustCompile(`^\s*at ([\w.$<>]+)\((\w+\.(?:java|kt|scala|groovy)):(\d+)\)`)
	dotnetFrame = regexp.MustCompile(`^\s*at .* in (.+):line (\d+)\s*$`)
	goFrame     = regexp.MustCompile(`^\s+(\S+\.(?:go|s)):(\d+)(?: \+0x[0-9a-f]+)?\s*$`)
	rubyFrame   = regexp.MustCompile("^\\s*(?:from )?(\\S+\\.rb):(\\d+):in [`']([^']+)'")
	phpFrame    = regexp.MustCompile(`^\s*#\d+ (\S+\.php)\((\d+)\)`)
	plainPlace  = regexp.MustCompile(`(?:^|[\s("'=\[])((?:[\w.@+~-]*/)*[\w.@+-]+\.(?:go|py|jsx?|mjs|cjs|tsx?|java|kt|rb|php|rs|cs|c|cc|cpp|h|hpp|scala|swift|ex|vue|svelte)):(\d+)(?::\d+)?`)
	compilerTS  = regexp.MustCompile(`^\s*(\S+\.\w+)\((\d+),\d+\)`)
	loggerField = regexp.MustCompile(`(?:^|[\s,{"])(?:caller|source|src|file|location|lineno)"?[=:]\s*"?$`)
	goFunction  = regexp.MustCompile(`^(?:created by )?[\w./~-]+(?:\.\([^)]*\))?\.[\w.\[\]()*·-]+(?:\(.*\))?(?: in goroutine \d+)?$`)
	goroutine   = regexp.MustCompile(`^goroutine \d+ \[|^\[signal `)
)

// splitFrames separates the places that a text names from its words.
func splitFrames(text string, build bool) (frames []stackFrame, message string) {
	var (
		words  strings.Builder
		python []stackFrame
		skip   bool
	)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		line = strings.TrimRight(line, "\r")
		if m := pythonFrame.FindStringSubmatch(line); m != nil {
			python = append(python, stackFrame{file: m[1], line: atoi(m[2]), function: m[3], quote: strings.TrimSpace(line)})
			skip = true // the next line is the source text
			continue
		}
		if skip && indentation(line) > 2 {
			continue
		}
		skip = false
		if f, ok := lineFrame(line); ok {
			frames = append(frames, f)
			continue
		}
		if goroutine.MatchString(line) || goFunction.MatchString(line) && i+1 < len(lines) && goFrame.MatchString(lines[i+1]) {
			continue
		}
		frames = append(frames, placesIn(line, build)...)
		words.WriteString(line)
		words.WriteByte('\n')
	}
	for i := len(python) - 1; i >= 0; i-- { // Python prints the innermost call last
		frames = append(frames, python[i])
	}
	return frames, words.String()
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
		if !isDigit(s[i]) || n > 1<<24 {
			return 0
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
