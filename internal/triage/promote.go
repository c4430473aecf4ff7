package triage

import (
	"context"
	"path"
	"sort"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// maxPromotions bounds the files that are searched for in the code of the revision.
const maxPromotions = 200

// promote makes files runtime that look like tests or documentation but that
// the running program reads: embedded ones, packaged ones, ones whose name
// stands in a string of runtime code, and test helpers that runtime code imports.
func promote(ctx context.Context, repo *git.Repository, head string, known map[string]fileClass) error {
	candidates := promotable(known)
	if len(candidates) == 0 {
		return nil
	}
	needles := map[string]bool{"//go:embed": true, "package_data": true}
	for _, p := range candidates {
		needles[needleOf(p)] = true
	}
	fixed := make([]string, 0, len(needles))
	for n := range needles {
		fixed = append(fixed, n)
	}
	sort.Strings(fixed)
	matches, err := repo.Grep(ctx, head, fixed...)
	if err != nil {
		return err
	}
	for _, p := range candidates {
		for _, m := range matches {
			if rule := reads(m, p); rule != "" {
				known[p] = fileClass{promotedClass(p), rule}
				break
			}
		}
	}
	return nil
}

// promotable lists the files that could be read at run time in spite of their names.
func promotable(known map[string]fileClass) []string {
	var paths []string
	for p, c := range known {
		if c.class != selfheal.ClassTest && c.class != selfheal.ClassDocs || strings.HasPrefix(c.rule, ruleOverride) {
			continue
		}
		base := strings.ToLower(path.Base(p))
		if base == "conftest.py" || strings.HasSuffix(base, "_test.go") || isTestName(base) {
			continue
		}
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths[:min(len(paths), maxPromotions)]
}

// isTestName tells whether the name alone says that a test runner picks the file up.
func isTestName(base string) bool {
	return strings.HasPrefix(base, "test_") && strings.HasSuffix(base, ".py") || strings.Contains(base, ".test.") ||
		strings.Contains(base, ".spec.") || strings.HasSuffix(base, "_test.py")
}

// needleOf is what a reference to the file must contain: its name, or the
// directory that an import of it names.
func needleOf(p string) string {
	if index.LanguageOf(p) != nil {
		return path.Base(path.Dir(p))
	}
	return path.Base(p)
}

// promotedClass keeps prompts apart from other runtime files.
func promotedClass(p string) selfheal.FileClass {
	if class, _ := classByName(p); class == selfheal.ClassPrompt {
		return class
	}
	if base := strings.ToLower(path.Base(p)); base == "agents.md" || base == "claude.md" {
		return selfheal.ClassPrompt
	}
	return selfheal.ClassRuntime
}

// reads tells by which rule the matched line makes its program read file p; empty when it does not.
func reads(m git.Match, p string) string {
	if class, _ := classByName(m.Path); class == selfheal.ClassTest || class == selfheal.ClassCI {
		return ""
	}
	if patterns, ok := strings.CutPrefix(strings.TrimSpace(m.Text), "//go:embed "); ok {
		if embeds(path.Dir(m.Path), patterns, p) {
			return "embedded by " + m.Path
		}
		return ""
	}
	lang := index.LanguageOf(m.Path)
	if lang == nil || lang.IsComment(m.Text) || m.Path == p {
		return ""
	}
	if index.LanguageOf(p) != nil {
		return importedBy(m, p)
	}
	if quoted(m.Text, p) {
		return "named in " + m.Path
	}
	return ""
}

// embeds tells whether the patterns of a go:embed directive in dir take in p.
func embeds(dir, patterns, p string) bool {
	for pattern := range strings.FieldsSeq(patterns) {
		pattern = strings.Trim(pattern, "\"`")
		full := path.Join(dir, strings.TrimPrefix(pattern, "all:"))
		if ok, err := path.Match(full, p); err == nil && ok || strings.HasPrefix(p, full+"/") {
			return true
		}
		if ok, err := path.Match(full, firstSegments(p, full)); err == nil && ok {
			return true
		}
	}
	return false
}

// firstSegments cuts p to as many segments as like has, for patterns that match a directory.
func firstSegments(p, like string) string {
	segments := strings.Split(p, "/")
	return strings.Join(segments[:min(len(segments), strings.Count(like, "/")+1)], "/")
}

// importedBy tells whether the line imports the directory of the program file p.
func importedBy(m git.Match, p string) string {
	dir := path.Dir(p)
	if path.Dir(m.Path) == dir || dir == "." {
		return ""
	}
	text := strings.TrimSpace(m.Text)
	inGo := strings.HasSuffix(m.Path, ".go") && strings.HasSuffix(p, ".go") && strings.HasSuffix(text, "/"+dir+`"`)
	if inGo {
		return "imported by " + m.Path
	}
	return ""
}

// quoted tells whether p, or its last segments, stands within quotes in the line.
// Names that every project has need their directory, too.
func quoted(line, p string) bool {
	for _, l := range index.LiteralsIn(line) {
		text := strings.TrimPrefix(strings.TrimPrefix(l.Text, "./"), "/")
		if text == p || strings.HasSuffix(text, "/"+p) {
			return true
		}
		if text != "" && strings.HasSuffix(p, "/"+text) || text == path.Base(p) && !commonName(text) {
			return true
		}
	}
	return false
}

func commonName(base string) bool {
	lower := strings.ToLower(base)
	return strings.HasPrefix(lower, "readme") || strings.HasPrefix(lower, "index.") || strings.HasPrefix(lower, "changelog")
}
