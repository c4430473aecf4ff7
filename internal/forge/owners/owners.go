// Package owners reads CODEOWNERS files in the dialects of the forges.
//
// In go the text of the file, which anybody who can change the repository wrote,
// and the paths of a change; out come the names of those who own them. Lines that
// cannot be read are skipped, as the forges do.
package owners

import (
	"regexp"
	"slices"
	"strings"
)

// Dialect is how a forge reads the file, and where it looks for it.
type Dialect string

// The dialects.
const (
	// GitHub: patterns like those of .gitignore, the last match wins
	// (https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners).
	GitHub Dialect = "github"
	// GitLab: as GitHub, in sections of which each has its own last match, with
	// default owners, and "!" to take paths out of a section
	// (https://docs.gitlab.com/user/project/codeowners/reference/).
	GitLab Dialect = "gitlab"
	// Gitea and Forgejo: regular expressions, of which all that match count, "!"
	// for what does not match (https://docs.gitea.com/usage/code-owners).
	Gitea Dialect = "gitea"
)

// Places is where a forge looks for the file; the first that exists counts.
func (d Dialect) Places() []string {
	switch d {
	case GitLab:
		return []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"}
	case Gitea:
		return []string{"CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS"}
	}
	return []string{".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}
}

// Bounds of what is read: a longer file counts as far as it is read.
const (
	maxRules = 5000
	maxLine  = 4096 // bytes
)

// Rules are what a file says.
type Rules struct {
	dialect Dialect
	rules   []rule
}

type rule struct {
	section string
	match   func(path string) bool
	exclude bool // its paths have no owner in the section
	owners  []string
}

// Parse reads a file.
func Parse(d Dialect, text string) Rules {
	r := Rules{dialect: d}
	var section string
	var byDefault []string
	for line := range strings.Lines(text) {
		if len(line) > maxLine || len(r.rules) == maxRules {
			continue
		}
		if d == GitLab {
			if name, owners, ok := sectionOf(line); ok {
				section, byDefault = strings.ToLower(name), owners
				continue
			}
		}
		pattern, owners := split(line)
		if pattern == "" {
			continue
		}
		made, ok := d.rule(pattern)
		if !ok {
			continue
		}
		made.section, made.owners = section, names(owners)
		if len(made.owners) == 0 {
			made.owners = byDefault
		}
		r.rules = append(r.rules, made)
	}
	return r
}

// Of gives the owners of some paths, in the order of paths and of lines.
func (r Rules) Of(paths []string) []string {
	var all []string
	for _, path := range paths {
		for _, name := range r.of(strings.TrimPrefix(path, "/")) {
			if !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}

func (r Rules) of(path string) []string {
	if r.dialect == Gitea {
		var all []string
		for _, rule := range r.rules {
			if rule.match(path) {
				all = append(all, rule.owners...)
			}
		}
		return all
	}
	last := map[string][]string{}
	excluded := map[string]bool{}
	var order []string
	for _, rule := range r.rules {
		if !rule.match(path) {
			continue
		}
		if !slices.Contains(order, rule.section) {
			order = append(order, rule.section)
		}
		last[rule.section] = rule.owners
		excluded[rule.section] = excluded[rule.section] || rule.exclude
	}
	var all []string
	for _, section := range order {
		if !excluded[section] {
			all = append(all, last[section]...)
		}
	}
	return all
}

// split gives the pattern and the rest of a line; a backslash keeps a space or a
// "#" in the pattern.
func split(line string) (pattern, rest string) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", ""
	}
	var b strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && strings.IndexByte(" #", line[i+1]) >= 0:
			i++
			b.WriteByte(line[i])
		case c == ' ' || c == '\t':
			return b.String(), line[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// names keeps what names somebody: @user and @org/team. Addresses of mail are
// left out, since a review cannot be asked of an address.
func names(rest string) []string {
	var all []string
	for field := range strings.FieldsSeq(rest) {
		if field[0] == '#' {
			break
		}
		if name, ok := strings.CutPrefix(field, "@"); ok && name != "" && !strings.HasPrefix(name, "@") {
			all = append(all, name)
		}
	}
	return all
}

var sectionPattern = regexp.MustCompile(`^\s*\^?\[([^\]]+)\](?:\[\d+\])?(.*)$`)

// sectionOf reads "[Name][2] @default", "^[Optional]".
func sectionOf(line string) (name string, owners []string, ok bool) {
	m := sectionPattern.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
	if m == nil {
		return "", nil, false
	}
	return m[1], names(m[2]), true
}

func (d Dialect) rule(pattern string) (rule, bool) {
	if d == Gitea {
		body, negative := strings.CutPrefix(pattern, "!")
		compiled, err := regexp.Compile("^(?:" + strings.TrimPrefix(body, "/") + ")$")
		if err != nil {
			return rule{}, false
		}
		return rule{match: func(path string) bool { return compiled.MatchString(path) != negative }}, true
	}
	body, exclude := strings.CutPrefix(pattern, "!")
	if exclude && d == GitHub {
		return rule{}, false // documented as not supported
	}
	compiled, err := regexp.Compile(glob(body, d))
	if err != nil {
		return rule{}, false
	}
	return rule{match: compiled.MatchString, exclude: exclude}, true
}

// glob writes a pattern of .gitignore as a regular expression.
func glob(pattern string, d Dialect) string {
	anchored := strings.HasPrefix(pattern, "/")
	directory := strings.HasSuffix(pattern, "/")
	trimmed := strings.Trim(pattern, "/")
	if d == GitHub && strings.Contains(trimmed, "/") {
		anchored = true // as in .gitignore: a slash in the middle binds to the root
	}
	var b strings.Builder
	b.WriteString("^")
	if !anchored {
		b.WriteString("(?:.*/)?")
	}
	for i := 0; i < len(trimmed); i++ {
		switch {
		case strings.HasPrefix(trimmed[i:], "**/"):
			b.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(trimmed[i:], "**"):
			b.WriteString(".*")
			i++
		case trimmed[i] == '*':
			b.WriteString("[^/]*")
		case trimmed[i] == '?':
			b.WriteString("[^/]")
		default:
			b.WriteString(regexp.QuoteMeta(trimmed[i : i+1]))
		}
	}
	switch {
	case directory:
		b.WriteString("/.*")
	case strings.HasSuffix(trimmed, "*") && !strings.HasSuffix(trimmed, "**"):
		// "docs/*" owns files of the folder, not those of folders in it; "*" owns everything.
		if trimmed == "*" {
			b.WriteString("(?:/.*)?")
		}
	default:
		b.WriteString("(?:/.*)?")
	}
	return b.String() + "$"
}
