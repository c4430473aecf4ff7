package triage

import (
	"context"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// maxSources is how many files are read closely.
const maxSources = 500

// gather reads from the repository what the rules need, for all symptoms at once.
func gather(ctx context.Context, in Input, symptoms []symptom) (*evidence, error) {
	e := in.chain().evidence()
	e.leaveOutRenames(symptoms)
	files, err := in.Repository.ListFiles(ctx, in.Change.Head)
	if err != nil {
		return nil, err
	}
	e.locator = newLocator(files)
	if e.index, err = readIndex(ctx, in, files); err != nil {
		return nil, err
	}
	for _, s := range symptoms {
		e.emitters = append(e.emitters, e.index.Emitters(s.message))
	}
	// What changed and where it failed is read first: the names in there are among those that are counted.
	if err := e.readSources(ctx, in.Repository, append(e.changedSources(), e.frameSources(symptoms)...)); err != nil {
		return nil, err
	}
	e.leaveOutMoved()
	e.survey = takeSurvey(e.index, e.interests(symptoms))
	if err := e.readSources(ctx, in.Repository, e.symptomSources(symptoms)); err != nil {
		return nil, err
	}
	e.build, err = gatherBuild(ctx, in, e)
	return e, err
}

// readIndex gives the index of the service's own code at the head.
func readIndex(ctx context.Context, in Input, files []git.Entry) (*index.Index, error) {
	cache := in.Cache
	if cache == nil {
		cache = index.NewCache("")
	}
	own := make([]git.Entry, 0, len(files))
	for _, f := range files {
		if ownCode(f.Path) {
			own = append(own, f)
		}
	}
	return cache.Index(ctx, in.Repository, own)
}

// newEvidence prepares what follows from the change alone.
func newEvidence(change selfheal.Change) *evidence { return chainOf(change).evidence() }

// evidence prepares what follows from the chain alone.
func (c chain) evidence() *evidence {
	change, h := c.change, newHistory(c.change.Commits)
	h.starts = c.starts
	e := &evidence{
		chain: c, change: change, history: h, edits: h.edits(), editsAt: map[string][]int{},
		sources: map[string]*source{}, defined: map[string]bool{}, passed: map[string][]passing{}, touched: make([]int, len(change.Commits)),
	}
	e.edits = c.lasting(e.edits)
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
	for _, edit := range slices.Backward(e.edits) { // the newest deploy's first: not all may be read
		if p := edit.near.path; p != "" && !seen[p] && index.LanguageOf(p) != nil {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return paths
}

// interests collects the terms whose frequency matters.
func (e *evidence) interests(symptoms []symptom) interest {
	in := interest{}
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
	for i, s := range symptoms {
		for _, f := range e.locateFrames(s.frames, s.message) {
			paths = append(paths, f.path)
		}
		for _, m := range e.emitters[i] {
			paths = append(paths, m.Path)
		}
	}
	return append(paths, e.settingSources()...)
}

// maxPassing is how many files are read because they name a constant that was changed.
const maxPassing = 60

// settingSources lists the files that name what got another value, where not too many do.
func (e *evidence) settingSources() []string {
	names := map[index.Term]bool{}
	for _, s := range e.settings() {
		if t := index.TermOf(s.name); specificity(s.name) >= minSetting && e.survey.frequency[t] <= maxPassed {
			names[t] = true
		}
	}
	var paths []string
	for _, p := range e.index.Paths {
		for t := range names {
			if len(paths) < maxPassing && e.index.Files[p].Has(t) {
				paths = append(paths, p)
				break
			}
		}
	}
	return paths
}

// readSources reads files of the head that are not read yet.
func (e *evidence) readSources(ctx context.Context, repo *git.Repository, paths []string) error {
	var wanted, names []string
	seen := map[string]bool{}
	for _, p := range paths {
		if seen[p] || e.sources[p] != nil || index.LanguageOf(p) == nil || len(e.sources)+len(wanted) >= maxSources {
			continue
		}
		seen[p] = true
		wanted, names = append(wanted, p), append(names, e.change.Head+":"+p)
	}
	return repo.ReadBlobs(ctx, names, maxBlob, func(i int, content []byte, ok bool) error {
		if !ok {
			return nil
		}
		p := wanted[i]
		s := &source{File: e.index.Files[p]}
		if s.File == nil {
			s.File = index.Parse(content, index.LanguageOf(p))
		}
		for line := range strings.SplitSeq(string(content), "\n") {
			s.lines = append(s.lines, strings.TrimSuffix(line, "\r"))
		}
		e.sources[p] = s
		return nil
	})
}
