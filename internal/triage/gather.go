package triage

import (
	"context"
	"sort"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

// maxSources is how many files are read closely.
const maxSources = 500

// gather reads from the repository what the rules need, for all symptoms at once.
func gather(ctx context.Context, in Input, symptoms []symptom) (*evidence, error) {
	e := newEvidence(in.Change)
	files, err := in.Repository.ListFiles(ctx, in.Change.Head)
	if err != nil {
		return nil, err
	}
	e.locator = newLocator(files)
	// What changed and where it failed is read first: the names in there are among those that the survey counts.
	if err := e.readSources(ctx, in.Repository, append(e.changedSources(), e.frameSources(symptoms)...)); err != nil {
		return nil, err
	}
	if e.survey, err = takeSurvey(ctx, in.Repository, files, e.interests(symptoms)); err != nil {
		return nil, err
	}
	if err := e.readSources(ctx, in.Repository, e.symptomSources(symptoms)); err != nil {
		return nil, err
	}
	if e.build, err = gatherBuild(ctx, in, e); err != nil {
		return nil, err
	}
	for path := range e.sources {
		e.besides[dirOf(path)] = append(e.besides[dirOf(path)], path)
	}
	for _, paths := range e.besides {
		sort.Strings(paths)
	}
	return e, nil
}

// newEvidence prepares what follows from the change alone.
func newEvidence(change selfheal.Change) *evidence {
	h := newHistory(change.Commits)
	e := &evidence{
		change: change, history: h, edits: h.edits(), editsAt: map[string][]int{},
		sources: map[string]*source{}, besides: map[string][]string{}, touched: make([]int, len(change.Commits)),
	}
	for i, edit := range e.edits {
		if edit.near.line > 0 {
			e.editsAt[edit.near.path] = append(e.editsAt[edit.near.path], i)
		}
	}
	for i, c := range change.Commits {
		for _, f := range c.Files {
			if f.Class.Deployable() {
				e.touched[i]++
			}
		}
	}
	return e
}

func dirOf(p string) string {
	dir, _, _ := cutLast(p, "/")
	return dir
}

// changedSources lists the program files that the change left in the tree.
func (e *evidence) changedSources() []string {
	var paths []string
	seen := map[string]bool{}
	for _, edit := range e.edits {
		if p := edit.near.path; p != "" && !seen[p] && languageOf(p) != nil {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return paths
}

// interests collects the terms whose frequency matters.
func (e *evidence) interests(symptoms []symptom) interest {
	in := newInterest()
	for _, s := range symptoms {
		in.addMessage(s.words)
		for _, f := range s.frames {
			_, name, _ := cutLast(f.function, ".")
			in.addName(name)
		}
	}
	for _, s := range e.sources {
		for _, f := range s.Functions {
			in.addName(f.Name)
		}
	}
	for _, s := range e.settings() {
		in.addName(s.name)
	}
	return in
}

// frameSources lists the files of the frames.
func (e *evidence) frameSources(symptoms []symptom) []string {
	var paths []string
	for _, s := range symptoms {
		for _, f := range s.frames {
			if p := e.locator.find(f.file); p != "" {
				paths = append(paths, p)
			}
		}
	}
	return paths
}

// symptomSources lists the files of the frames and those that hold phrases of the messages.
func (e *evidence) symptomSources(symptoms []symptom) []string {
	var paths []string
	for _, s := range symptoms {
		for _, f := range e.locateFrames(s.frames, s.message) {
			paths = append(paths, f.path)
		}
		paths = append(paths, e.survey.candidates(s.words)...)
	}
	return append(paths, e.neighbours(paths)...)
}

// Limits of the neighbours that are read: calls are followed through the files
// beside those that matter most.
const (
	maxNeighbourDirs  = 6
	maxNeighbourFiles = 40
)

// neighbours lists the program files in the directories of the first paths.
func (e *evidence) neighbours(paths []string) []string {
	dirs := map[string]int{}
	for _, p := range paths {
		if _, known := dirs[dirOf(p)]; !known && len(dirs) < maxNeighbourDirs {
			dirs[dirOf(p)] = 0
		}
	}
	var out []string
	for _, f := range e.survey.files {
		dir := dirOf(f.Path)
		n, wanted := dirs[dir]
		if !wanted || n >= maxNeighbourFiles || languageOf(f.Path) == nil {
			continue
		}
		if class, _ := classByName(f.Path); !class.Deployable() {
			continue
		}
		dirs[dir]++
		out = append(out, f.Path)
	}
	return out
}

// readSources scans files of the head that are not scanned yet.
func (e *evidence) readSources(ctx context.Context, repo *git.Repository, paths []string) error {
	var wanted, names []string
	seen := map[string]bool{}
	for _, p := range paths {
		if seen[p] || e.sources[p] != nil || languageOf(p) == nil || len(e.sources)+len(wanted) >= maxSources {
			continue
		}
		seen[p] = true
		wanted, names = append(wanted, p), append(names, e.change.Head+":"+p)
	}
	return repo.ReadBlobs(ctx, names, maxBlob, func(i int, content []byte, ok bool) error {
		if !ok {
			return nil
		}
		s := &source{Source: languageOf(wanted[i]).scan(content)}
		for line := range strings.SplitSeq(string(content), "\n") {
			s.lines = append(s.lines, strings.TrimSuffix(line, "\r"))
		}
		e.sources[wanted[i]] = s
		return nil
	})
}
