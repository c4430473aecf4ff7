package triage

import (
	"context"
	"fmt"
	"path"
	"strings"

	"selfheal"
	"selfheal/internal/git"
	"selfheal/internal/triage/index"
)

// maxBlob is the size beyond which a file's content is not looked into.
const maxBlob = 1 << 20

// ReadChange reads what lies between two commits (full ids) and gives every file
// its class. Commits are those of the first-parent chain of head that base does
// not contain; the net difference is between base and head themselves. Where base
// is not in the history of head (a force push, another branch), what only base
// has comes first, as commits that are undone, newest first: the commits lead
// from base to head in any case.
func ReadChange(ctx context.Context, repo *git.Repository, base, head string, classes *Classifier) (selfheal.Change, error) {
	change := selfheal.Change{Base: base, Head: head}
	var err error
	if change.Commits, err = repo.Log(ctx, base, head); err != nil {
		return change, fmt.Errorf("read change: %w", err)
	}
	undone, err := undoneCommits(ctx, repo, change)
	if err != nil {
		return change, fmt.Errorf("read change: %w", err)
	}
	change.Commits = append(undone, change.Commits...)
	if change.Files, err = repo.Diff(ctx, base, head); err != nil {
		return change, fmt.Errorf("read change: %w", err)
	}
	if err := classify(ctx, repo, &change, classes); err != nil {
		return change, fmt.Errorf("classify files: %w", err)
	}
	return change, nil
}

// fileClass is a class with the rule that gave it.
type fileClass struct {
	class selfheal.FileClass
	rule  string
}

// classify sets class and rule of every file of the change.
func classify(ctx context.Context, repo *git.Repository, change *selfheal.Change, classes *Classifier) error {
	known, err := classifyPaths(ctx, repo, change, classes)
	if err != nil {
		return err
	}
	set := func(f *selfheal.FileChange) {
		c := known[f.Path]
		f.Class, f.Rule = c.class, c.rule
		if isSubmodule(f) && !strings.HasPrefix(c.rule, ruleOverride) {
			f.Class, f.Rule = selfheal.ClassDependency, ruleSubmodule
			return
		}
		if c.class.Deployable() && !strings.HasPrefix(c.rule, ruleOverride) {
			demoteCosmetic(f)
		}
	}
	for i := range change.Files {
		set(&change.Files[i])
	}
	for i := range change.Commits {
		for j := range change.Commits[i].Files {
			set(&change.Commits[i].Files[j])
		}
	}
	return nil
}

// classifyPaths classifies each path of the change once, by its newest content.
func classifyPaths(ctx context.Context, repo *git.Repository, change *selfheal.Change, classes *Classifier) (map[string]fileClass, error) {
	attributes, err := repo.File(ctx, change.Head, attributesFile)
	if err == nil {
		classes = classes.withAttributes(attributes)
	} else if selfheal.CodeOf(err) != selfheal.CodeNotFound {
		return nil, err
	}
	paths := changedPaths(change)
	names := make([]string, len(paths))
	for i, p := range paths {
		names[i] = change.Head + ":" + p
	}
	known := make(map[string]fileClass, len(paths))
	err = repo.ReadBlobs(ctx, names, maxBlob, func(i int, content []byte, ok bool) error {
		if !ok {
			content = nil
		}
		class, rule := classes.Classify(paths[i], content)
		known[paths[i]] = fileClass{class, rule}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return known, promote(ctx, repo, change.Head, known)
}

// changedPaths lists every path that the change names, in order of appearance.
func changedPaths(change *selfheal.Change) []string {
	var paths []string
	seen := map[string]bool{}
	add := func(files []selfheal.FileChange) {
		for _, f := range files {
			if !seen[f.Path] {
				seen[f.Path] = true
				paths = append(paths, f.Path)
			}
		}
	}
	add(change.Files)
	for _, c := range change.Commits {
		add(c.Files)
	}
	return paths
}

// ruleCosmetic is the rule by which a change of comments is documentation.
const ruleCosmetic = "only comments or white space changed"

// demoteCosmetic turns a program file whose hunks hold nothing but comments,
// blank lines and white space into documentation.
func demoteCosmetic(f *selfheal.FileChange) {
	lang := index.LanguageOf(f.Path)
	comments := lang != nil
	if lang == nil && strings.HasPrefix(strings.ToLower(path.Base(f.Path)), "dockerfile") {
		lang, comments = index.Commented("dockerfile", "#", "LABEL "), true
	}
	if !comments || f.Binary || f.Elided || f.Status != selfheal.FileModified || len(f.Hunks) == 0 {
		return
	}
	for i := range f.Hunks {
		trivial := trivialLines(lang, &f.Hunks[i])
		for n, l := range f.Hunks[i].Lines {
			if l.Op != selfheal.LineContext && !trivial[n] {
				return
			}
		}
	}
	f.Class, f.Rule = selfheal.ClassDocs, ruleCosmetic
}
