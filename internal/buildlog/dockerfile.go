package buildlog

import (
	"regexp"
	"strings"

	"selfheal"
)

// Instruction is one instruction of a Dockerfile.
type Instruction struct {
	Line int    // 1-based, where it begins
	End  int    // its last line
	Text string // lines joined and white space squeezed, as builders print it
}

var (
	escapeRule = regexp.MustCompile("^#\\s*escape\\s*=\\s*([\\\\`])\\s*$")
	heredoc    = regexp.MustCompile(`<<-?\s*(['"]?)(\w+)['"]?`)
)

// maxInstructions bounds what is read of a Dockerfile.
const maxInstructions = 2000

// Instructions reads the instructions of a Dockerfile: continued lines and here
// documents belong to the instruction that they continue, comments to none.
func Instructions(content []byte) []Instruction {
	var all []Instruction
	lines := strings.Split(strings.ToValidUTF8(string(content), "\uFFFD"), "\n")
	mark := `\`
	for i := 0; i < len(lines) && len(all) < maxInstructions; i++ {
		text := strings.TrimSpace(lines[i])
		if m := escapeRule.FindStringSubmatch(text); m != nil && len(all) == 0 {
			mark = m[1]
		}
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		in := Instruction{Line: i + 1}
		var parts []string
		for ; i < len(lines); i++ {
			part := strings.TrimSpace(lines[i])
			if len(parts) > 0 && (part == "" || strings.HasPrefix(part, "#")) {
				continue // allowed within a continued instruction
			}
			part, more := strings.CutSuffix(part, mark)
			parts = append(parts, part)
			if !more {
				break
			}
		}
		in.Text = strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
		i = endOfHeredocs(lines, i, in.Text)
		in.End = min(i+1, len(lines))
		all = append(all, in)
	}
	return all
}

// endOfHeredocs gives the index of the last line of the here documents that an instruction opens.
func endOfHeredocs(lines []string, i int, text string) int {
	verb, _, _ := strings.Cut(text, " ")
	switch strings.ToUpper(verb) {
	case "RUN", "COPY", "ADD":
	default:
		return i
	}
	for _, m := range heredoc.FindAllStringSubmatch(text, 8) {
		for j := i + 1; j < len(lines); j++ {
			if strings.TrimSpace(lines[j]) == m[2] {
				i = j
				break
			}
		}
	}
	return i
}

// Locate finds the instruction of a failed step in a Dockerfile; ok is false when
// none reads like it, or several do and nothing tells them apart. Builders print
// an instruction with its variables replaced, so that the words that are no
// variables decide.
func Locate(content []byte, f selfheal.BuildFailure) (Instruction, bool) {
	all := Instructions(content)
	if f.Line > 0 {
		for _, in := range all {
			if in.Line <= f.Line && f.Line <= in.End {
				if f.Command != "" && likeness(in.Text, strings.Join(strings.Fields(f.Command), " ")) == 0 {
					return Instruction{}, false // the line of another file
				}
				return in, true
			}
		}
		return Instruction{}, false
	}
	wanted := strings.Join(strings.Fields(f.Command), " ")
	if wanted == "" {
		if m := loadMetadata.FindStringSubmatch(f.Step); m != nil {
			return from(all, m[1])
		}
		return Instruction{}, false
	}
	var best Instruction
	score, ties := 0, 0
	for _, in := range all {
		switch s := likeness(in.Text, wanted); {
		case s > score:
			best, score, ties = in, s, 1
		case s == score && s > 0:
			ties++
		}
	}
	if ties != 1 {
		return Instruction{}, false
	}
	return best, true
}

// loadMetadata is the step in which BuildKit looks up a base image.
var loadMetadata = regexp.MustCompile(`load metadata for (?:docker\.io/)?(?:library/)?(\S+)`)

// from finds the FROM of an image.
func from(all []Instruction, image string) (Instruction, bool) {
	for _, in := range all {
		fields := strings.Fields(in.Text)
		if len(fields) < 2 || !strings.EqualFold(fields[0], "FROM") {
			continue
		}
		for _, field := range fields[1:] {
			if strings.TrimPrefix(strings.TrimPrefix(field, "docker.io/"), "library/") == image || field+":latest" == image {
				return in, true
			}
		}
	}
	return Instruction{}, false
}

// likeness tells how well an instruction fits what a builder printed of it, in
// words; 0 when it does not.
func likeness(instruction, printed string) int {
	if strings.EqualFold(instruction, printed) {
		return 1 << 20
	}
	have, want := strings.Fields(instruction), strings.Fields(printed)
	if len(have) == 0 || len(want) == 0 || !strings.EqualFold(have[0], want[0]) {
		return 0
	}
	// Builders cut what is long.
	if short := strings.TrimRight(strings.TrimSuffix(printed, "…"), "."); len(short) > 20 && strings.HasPrefix(instruction, short) {
		return 1 << 19
	}
	same := 0
	for i, word := range have {
		if strings.Contains(word, "$") {
			continue
		}
		if i >= len(want) || want[i] != word {
			return 0
		}
		same++
	}
	if len(want) != len(have) || same < 2 {
		return 0
	}
	return same
}
