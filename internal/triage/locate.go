package triage

import (
	"strings"

	"selfheal/internal/git"
)

// locator finds the file of the repository that a printed path stands for.
type locator struct {
	byBase map[string][]string
}

func newLocator(files []git.Entry) *locator {
	l := &locator{byBase: make(map[string][]string, len(files))}
	for _, f := range files {
		base := baseName(f.Path)
		l.byBase[base] = append(l.byBase[base], f.Path)
	}
	return l
}

// foreign marks paths of language runtimes and installed dependencies.
var foreign = [...]string{
	"/pkg/mod/", "/node_modules/", "/site-packages/", "/dist-packages/", "/usr/lib/", "/usr/local/go/", "/usr/local/lib/", "/goroot/",
	"/rustc/", "/.cargo/", "/lib/python", "/gems/", "node:", "internal/modules/", "<frozen",
}

func isForeign(file string) bool {
	lower := "/" + strings.ToLower(file)
	for _, part := range foreign {
		if strings.Contains(lower, part) {
			return true
		}
	}
	return strings.HasPrefix(file, "node:") || strings.HasPrefix(file, "<")
}

// find gives the repository path for a printed path by the longest common
// suffix of whole segments, whatever prefix the build put before it (/app, /src,
// a module path). A bare name must be unique. Empty when there is none.
func (l *locator) find(file string) string {
	file = strings.TrimPrefix(strings.ReplaceAll(file, `\`, "/"), "./")
	if file == "" || isForeign(file) {
		return ""
	}
	best, bestLength, ties := "", 0, 0
	for _, p := range l.byBase[baseName(file)] {
		length := commonSegments(file, p)
		whole := length == strings.Count(p, "/")+1
		if whole {
			length = 2*length + 1 // the whole path of the repository is better than the end of a longer one
		} else {
			length *= 2
		}
		switch {
		case length > bestLength:
			best, bestLength, ties = p, length, 1
		case length == bestLength:
			ties++
		}
	}
	if ties != 1 {
		return ""
	}
	if bestLength == 2 && strings.Contains(file, "/") && len(l.byBase[baseName(file)]) > 1 {
		return "" // only the base name agrees, and others have it too
	}
	return best
}

// commonSegments counts the path segments that two paths share at their ends.
func commonSegments(a, b string) int {
	n := 0
	for {
		var lastA, lastB string
		a, lastA, _ = cutLast(a, "/")
		b, lastB, _ = cutLast(b, "/")
		if lastA != lastB || lastA == "" {
			return n
		}
		n++
		if a == "" || b == "" {
			return n
		}
	}
}
