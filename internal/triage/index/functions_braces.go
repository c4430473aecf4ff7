package index

import (
	"regexp"
	"strings"
)

// The shapes of what stands before the brace that opens a function's body, in
// JavaScript, TypeScript, Java, C#, Kotlin, Rust, PHP, Swift, C and C++.
var functionShapes = []*regexp.Regexp{
	regexp.MustCompile(`\b(?:function|fn|func|fun|def)\s*\*?\s+&?([A-Za-z_$][\w$]*)[^;{}]*$`),
	regexp.MustCompile(`([A-Za-z_$][\w$]*)\s*[:=]\s*(?:async\s+)?(?:function\b[^;{}]*|\([^;{}]*\)[^;{}()]*=>\s*|[A-Za-z_$][\w$]*\s*=>\s*)$`),
	regexp.MustCompile(`(?:^|[\s.~*&>])([A-Za-z_$][\w$]*)\s*(?:<[^<>;{}]*>)?\([^;{}]*\)\s*(?:const\b|override\b|noexcept\b|async\b|throws?\s[\w\s.,]*|->\s*[^;{}]+|:\s*[^;{}]+|where\s[^;{}]+)?\s*$`),
}

var typeShape = regexp.MustCompile(`\b(?:class|interface|struct|enum|trait|impl|object|record|namespace|module)\s+([A-Za-z_$][\w$]*)[^;{}()]*$`)

// controlWords open blocks that look like calls with a body.
var controlWords = wordSet("if for while switch catch return else do try with synchronized using lock foreach unless match loop when elseif new await yield throw typeof sizeof")

// maxHeader is how far before a brace its header is looked for, in bytes.
const maxHeader = 400

// scanBraces finds functions by the braces of their bodies: of the blocks it keeps those that are functions or types.
func scanBraces(_ []byte, t tokens) *File {
	type block struct {
		name        string
		start       int
		declaration bool
	}
	var (
		s    File
		open []block
	)
	for _, b := range t.braces {
		if !b.open {
			if len(open) == 0 {
				continue
			}
			top := open[len(open)-1]
			open = open[:len(open)-1]
			if top.name != "" {
				s.Functions = append(s.Functions, Function{Name: top.name, Start: top.start, End: b.line, Declaration: top.declaration})
			}
			continue
		}
		name, lines, declaration := blockName(b.header)
		open = append(open, block{name, b.line - lines, declaration})
	}
	return s.complete(t)
}

// blockName reads the header before an opening brace: the name of the function
// or type, and how many lines above the brace it begins.
func blockName(header string) (name string, lines int, declaration bool) {
	for _, shape := range functionShapes {
		m := shape.FindStringSubmatchIndex(header)
		if m == nil {
			continue
		}
		name := header[m[2]:m[3]]
		if controlWords[name] {
			return "", 0, false
		}
		return name, strings.Count(header[m[2]:], "\n"), false
	}
	if m := typeShape.FindStringSubmatchIndex(header); m != nil {
		return header[m[2]:m[3]], strings.Count(header[m[2]:], "\n"), true
	}
	return "", 0, false
}

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}
