package eval

import (
	"slices"
	"strings"

	"selfheal"
)

// pair is one error told twice: once beside a change that is made to look guilty
// and is not, and once with the change that brings it about.
type pair struct {
	name, ext string
	files     []string // path, content, ...
	// was turns the files into those that the guilty change began with: path, text, its replacement, ...
	was              []string
	innocent, guilty step
	log, marker      string
	path, line       string // of the guilty change
}

// stories gives both tellings.
func (p pair) stories(batch string) []story {
	name := batch + " " + p.name
	return []story{
		{
			name: name + ", innocent", ext: p.ext, files: p.files,
			window: []step{p.innocent}, log: p.log, marker: p.marker, cause: selfheal.Inconclusive,
		},
		{
			name: name + ", guilty", ext: p.ext, files: replacedIn(p.files, p.was),
			window: []step{p.guilty}, log: p.log, marker: p.marker, cause: selfheal.Caused, path: p.path, line: p.line,
		},
	}
}

func replacedIn(files, triples []string) []string {
	files = slices.Clone(files)
	for i := 0; i < len(triples); i += 3 {
		at := slices.Index(files, triples[i]) + 1
		files[at] = strings.Replace(files[at], triples[i+1], triples[i+2], 1)
	}
	return files
}

func storiesOf(batch string, pairs []pair) []story {
	var all []story
	for _, p := range pairs {
		all = append(all, p.stories(batch)...)
	}
	return all
}
