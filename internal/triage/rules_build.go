package triage

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"selfheal"
)

// The weights of what a failing build says beside the places that a compiler names.
const (
	weightStep        = 6.0 // the instruction that failed
	weightStepBeside  = 1.5 // the same, when the errors inside it point elsewhere
	weightTakenAway   = 6.0 // a file that the build needs
	weightLineGone    = 4.5 // the line that brought it
	weightKeptOut     = 5.5 // .dockerignore
	weightBaseImage   = 3.0
	weightManifest    = 4.5 // a manifest that cannot be read, or that its lock file does not fit
	weightIntroduced  = 6.0 // a host that the change brought
	weightEnvironment = 6.0 // for the outside world
)

// testFailed is how the message of a test's failure begins.
const testFailed = "test failed: "

// buildEvidence is what the rules know of a failing build.
type buildEvidence struct {
	failure selfheal.BuildFailure
	file    string // the Dockerfile, or Makefile, in the repository; empty when it was not found
	missing []string
	// introduced are the edits that brought a host which the errors name
	// and which nothing in the previous revision names.
	introduced map[int]string
}

// gatherBuild reads the failure for what can be found again in the change.
func gatherBuild(ctx context.Context, in Input, e *evidence) (*buildEvidence, error) {
	if in.Build == nil {
		return nil, nil
	}
	b := &buildEvidence{failure: *in.Build, file: e.locator.find(in.Build.Dockerfile), introduced: map[int]string{}}
	if b.file == "" && in.Build.Dockerfile != "" {
		b.file = strings.TrimPrefix(in.Build.Dockerfile, "./")
	}
	b.missing = missingNames(b.failure)
	for _, name := range outsideNames(b.failure) {
		edits := e.editsWith(name)
		if len(edits) == 0 {
			continue
		}
		before, err := in.Repository.Grep(ctx, in.Change.Base, name)
		if err != nil {
			return nil, err
		}
		if len(before) > 0 {
			continue
		}
		for _, i := range edits {
			b.introduced[i] = name
		}
	}
	return b, nil
}

// editsWith lists the added lines that contain a name, but for those that a
// package manager writes.
func (e *evidence) editsWith(name string) []int {
	var found []int
	for i, edit := range e.edits {
		if edit.op == selfheal.LineAdded && strings.Contains(edit.text, name) && !isLockFile(edit.at.path) {
			found = append(found, i)
		}
	}
	return found
}

func isLockFile(p string) bool {
	switch path.Base(p) {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "go.sum", "Cargo.lock", "poetry.lock", "uv.lock", "Gemfile.lock", "composer.lock":
		return true
	}
	return false
}

var hostNames = regexp.MustCompile(`(?i)https?://([a-z0-9][a-z0-9.-]+[a-z0-9])|(?:lookup|resolve host(?:name)?:?|resolving|ENOTFOUND|EAI_AGAIN|unknown host|bad address|connect to) ['"‘]?([a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+)+)`)

// outsideNames lists the hosts that the errors name.
func outsideNames(f selfheal.BuildFailure) []string {
	var names []string
	add := func(name string) {
		if len(name) >= 5 && !slices.Contains(names, name) && len(names) < 40 {
			names = append(names, name)
		}
	}
	for _, text := range messagesOf(f) {
		for _, m := range hostNames.FindAllStringSubmatch(text, 10) {
			add(m[1] + m[2])
		}
	}
	return names
}

func messagesOf(f selfheal.BuildFailure) []string {
	var all []string
	for _, e := range f.Errors {
		all = append(all, e.Message)
	}
	return all
}

var missingName = []*regexp.Regexp{
	regexp.MustCompile(`["'‘\x60]([^"'’\x60\s]{2,200})["'’\x60]:? (?:not found|in |no such file)`),
	regexp.MustCompile(`(?:stat|open|lstat|find module|[Cc]an't resolve|[Cc]ould not resolve|make target|cannot stat|can't open|requirements file:.*|file or directory):? ["'‘\x60]?([^"'’\x60\s:,]{2,200})`),
	regexp.MustCompile(`([\w./+-]{2,200}): (?:No such file or directory|not found|command not found|Permission denied|no matching files found)`),
	regexp.MustCompile(`pattern ([^\s:]{2,200}): no matching files found`),
}

// missingNames lists the files and programs that the errors say are not there, or not theirs to use.
func missingNames(f selfheal.BuildFailure) []string {
	var names []string
	for _, text := range messagesOf(f) {
		for _, pattern := range missingName {
			for _, m := range pattern.FindAllStringSubmatch(text, 5) {
				name := strings.Trim(strings.TrimPrefix(strings.TrimLeft(m[1], "/"), "./"), ".")
				if len(name) >= 2 && !slices.Contains(names, name) && len(names) < 40 {
					names = append(names, name)
				}
			}
		}
	}
	return names
}

// partOfBuild gives the change as a failing build sees it: what its errors name
// took part, whatever it is for in production. A test that fails while the image
// is built breaks the build, and so does a document that is copied into it.
func partOfBuild(c selfheal.Change, f *selfheal.BuildFailure) selfheal.Change {
	if f == nil {
		return c
	}
	named := map[string]bool{}
	for _, name := range missingNames(*f) {
		named[path.Base(name)] = true
	}
	for _, e := range f.Errors {
		named[path.Base(e.File)] = true
	}
	takesPart := func(file selfheal.FileChange) bool {
		return named[path.Base(file.Path)] || named[path.Base(oldPath(&file))] ||
			f.Class == selfheal.BuildTest && file.Class == selfheal.ClassTest
	}
	reclass := func(files []selfheal.FileChange) []selfheal.FileChange {
		files = slices.Clone(files)
		for i := range files {
			if !files[i].Class.Deployable() && files[i].Rule != ruleCosmetic && takesPart(files[i]) {
				files[i].Class = selfheal.ClassBuild
			}
		}
		return files
	}
	c.Files = reclass(c.Files)
	c.Commits = slices.Clone(c.Commits)
	for i := range c.Commits {
		c.Commits[i].Files = reclass(c.Commits[i].Files)
	}
	return c
}

// builderFrames marks places as those that a compiler points to. Those of a test
// that failed are where it ran.
func builderFrames(frames []stackFrame, message string) []stackFrame {
	if strings.HasPrefix(message, testFailed) {
		return frames
	}
	for i := range frames {
		frames[i].kind = frameBuilder
	}
	return frames
}

// buildRule finds what the change did to the step that failed, and to what it needs.
func (b *bench) buildRule() []finding {
	if b.build == nil {
		return nil
	}
	out := b.introducedRule()
	if reason, _ := b.build.failure.Class.Environment(); reason != "" {
		return out
	}
	out = append(out, b.stepRule()...)
	out = append(out, b.absentRule()...)
	out = append(out, b.baseImageRule()...)
	return append(out, b.manifestRule()...)
}

// found makes a finding about edits of one commit, the first of which is quoted.
func (b *bench) found(family family, kind selfheal.ExhibitKind, weight float64, commit int, edits []int, observed, text string) finding {
	x := selfheal.Exhibit{Kind: kind, Weight: weight, Text: text, Observed: shorten(observed)}
	b.quoteEdit(&x, b.preferAdded(edits))
	f := finding{family: family, commit: commit, exhibit: x}
	for _, i := range edits {
		f.lines = append(f.lines, pointer{i, 1.5 * weight})
	}
	return f
}

// stepRule: the instruction that failed was changed.
func (b *bench) stepRule() []finding {
	f := b.build.failure
	if b.build.file == "" || f.Line == 0 {
		return nil
	}
	weight := weightStep
	for _, frame := range b.frames {
		if frame.path != b.build.file {
			weight = weightStepBeside
		}
	}
	var out []finding
	for commit, edits := range b.byCommit(b.editsIn(b.build.file, f.Line, max(f.Line, f.End))) {
		out = append(out, b.found(familyFrame, selfheal.ExhibitBuildLine, weight, commit, edits,
			f.Step, "the step that failed is an instruction that this commit changed"))
	}
	return out
}

// absentRule: a file or program that is not there was taken away, or kept out, by a commit.
func (b *bench) absentRule() []finding {
	var out []finding
	for _, name := range b.build.missing {
		if !strings.Contains(b.symptom.message, path.Base(name)) {
			continue
		}
		for commit := range b.change.Commits {
			out = append(out, b.fileGone(commit, name)...)
		}
		out = append(out, b.linesGone(name)...)
	}
	return out
}

// fileGone finds a file of that name that a commit deleted, renamed, or gave another mode.
func (b *bench) fileGone(commit int, name string) []finding {
	var out []finding
	for i := range b.change.Commits[commit].Files {
		file := &b.change.Commits[commit].Files[i]
		did := ""
		switch {
		case !isNamed(oldPath(file), name):
			continue
		case file.Status == selfheal.FileDeleted:
			did = "deleted"
		case file.Status == selfheal.FileRenamed && !isNamed(file.Path, name):
			did = "renamed"
		case file.Status == selfheal.FileModified && len(file.Hunks) == 0 && !file.Binary && !file.Elided && b.build.failure.Class == selfheal.BuildPermission:
			did = "changed the mode of"
		default:
			continue
		}
		f := finding{family: familyName, commit: commit, exhibit: selfheal.Exhibit{
			Kind: selfheal.ExhibitIdentifier, Weight: weightTakenAway, Observed: name,
			Text: fmt.Sprintf("this commit %s %s, which the build needs", did, shorten(oldPath(file))),
		}}
		for j, e := range b.edits {
			if e.commit == commit && e.at.path == oldPath(file) && e.op == selfheal.LineDeleted {
				b.quoteEdit(&f.exhibit, j)
				f.lines = append(f.lines, pointer{j, 6})
				break
			}
		}
		out = append(out, f)
	}
	return out
}

// isNamed tells whether a printed name stands for a path: it is its end, or its
// base name without what languages leave out of it.
func isNamed(p, name string) bool {
	if p == name || strings.HasSuffix("/"+p, "/"+name) || strings.HasSuffix("/"+name, "/"+p) || strings.HasPrefix(p, name+"/") {
		return true
	}
	base := path.Base(p)
	return strings.TrimSuffix(base, path.Ext(base)) == path.Base(name) && path.Ext(name) == "" && len(path.Base(name)) > 1
}

// linesGone finds lines of the build that brought what is missing, or keep it out.
func (b *bench) linesGone(name string) []finding {
	base := path.Base(name)
	if len(base) < 3 {
		return nil
	}
	var out []finding
	for i, e := range b.edits {
		switch {
		case path.Base(e.at.path) == ".dockerignore" && e.op == selfheal.LineAdded && ignores(e.text, name):
			out = append(out, b.found(familyName, selfheal.ExhibitConfiguration, weightKeptOut, e.commit, []int{i}, name,
				"this commit keeps "+shorten(name)+" out of what the builder sees"))
		case e.class == selfheal.ClassBuild && e.op == selfheal.LineDeleted && hasWord(e.text, base) && !b.broughtBack(e.commit, base):
			out = append(out, b.found(familyName, selfheal.ExhibitIdentifier, weightLineGone, e.commit, []int{i}, name,
				"this commit removed the line of the build that names "+shorten(name)))
		}
	}
	return out
}

// broughtBack tells whether the commit added another line of the build with the name.
func (b *bench) broughtBack(commit int, name string) bool {
	return slices.ContainsFunc(b.edits, func(e edit) bool {
		return e.commit == commit && e.class == selfheal.ClassBuild && e.op == selfheal.LineAdded && hasWord(e.text, name)
	})
}

// ignores tells whether a line of .dockerignore keeps a file out.
func ignores(rule, name string) bool {
	rule = strings.Trim(strings.TrimSpace(rule), "/")
	if rule == "" || strings.HasPrefix(rule, "!") || strings.HasPrefix(rule, "#") {
		return false
	}
	for p := name; p != "." && p != "/" && p != ""; p = path.Dir(p) {
		for _, pattern := range []string{rule, strings.TrimPrefix(rule, "**/")} {
			if ok, err := path.Match(pattern, p); err == nil && ok {
				return true
			}
			if ok, err := path.Match(pattern, path.Base(p)); err == nil && ok && strings.HasPrefix(rule, "**/") {
				return true
			}
		}
	}
	return false
}

var fromLine = regexp.MustCompile(`(?i)^\s*FROM\s+\S`)

// baseImageRule: another base image can lack what a later step takes for granted.
func (b *bench) baseImageRule() []finding {
	f := b.build.failure
	if f.Class == selfheal.BuildCompile || f.Class == selfheal.BuildTest || f.Class == selfheal.BuildSyntax || len(b.frames) > 0 {
		return nil
	}
	var out []finding
	for i, e := range b.edits {
		if e.op == selfheal.LineAdded && e.class == selfheal.ClassBuild && fromLine.MatchString(e.text) && (b.build.file == "" || e.near.path == b.build.file) {
			out = append(out, b.found(familySetting, selfheal.ExhibitConfiguration, weightBaseImage, e.commit, []int{i},
				f.Step, "this commit changed the image that the failing step builds on"))
		}
	}
	return out
}

// outOfStep matches what package managers say of a manifest that its lock file does not fit.
var outOfStep = regexp.MustCompile(`(?i)lock ?file|package-lock|npm-shrinkwrap|in sync|go\.sum|updates to go\.mod|poetry\.lock|uv\.lock|--locked|--frozen|inconsistent vendoring|out of date|not up to date`)

// manifestRule: a manifest that cannot be read, or that its lock file does not fit, was changed.
func (b *bench) manifestRule() []finding {
	f := b.build.failure
	var out []finding
	for _, error := range f.Errors {
		if error.Class != selfheal.BuildSyntax || error.File == "" {
			continue
		}
		file := b.locator.find(error.File)
		for commit, edits := range b.byCommit(b.editsAt[file]) {
			out = append(out, b.found(familyFrame, selfheal.ExhibitBuildLine, weightManifest, commit, edits,
				error.Message, "this commit changed "+shorten(file)+", which cannot be read"))
		}
	}
	if f.Class != selfheal.BuildDependency || !outOfStep.MatchString(b.symptom.message) {
		return out
	}
	manifests := map[int][]int{}
	for i, e := range b.edits {
		if e.class == selfheal.ClassDependency || strings.HasSuffix(e.at.path, "pyproject.toml") {
			manifests[e.commit] = append(manifests[e.commit], i)
		}
	}
	for commit, edits := range manifests {
		out = append(out, b.found(familyDependency, selfheal.ExhibitDependency, weightManifest, commit, edits,
			outOfStep.FindString(b.symptom.message), "this commit changed what is depended on, and the lock file does not fit"))
	}
	return out
}

// introducedRule: what the errors say of a host is the change's doing
// when nothing named it before.
func (b *bench) introducedRule() []finding {
	var out []finding
	for i := range b.edits {
		if name := b.build.introduced[i]; name != "" {
			out = append(out, b.found(familySetting, selfheal.ExhibitConfiguration, weightIntroduced, b.edits[i].commit, []int{i},
				name, "this commit brought "+shorten(name)+", which the error names"))
		}
	}
	return out
}

// outsideBuild speaks against the change when the build failed for a reason that
// lies in where it ran.
func (b *bench) outsideBuild() []counter {
	if b.build == nil {
		return nil
	}
	f := b.build.failure
	reason, _ := f.Class.Environment()
	if reason == "" || len(b.build.introduced) > 0 {
		return nil
	}
	return []counter{{
		exhibit: selfheal.Exhibit{
			Kind: selfheal.ExhibitExternalWords, Weight: -weightEnvironment, Signature: b.symptom.signature.ID,
			Text: "the build failed because " + reason, Observed: shorten(f.Errors[0].Message),
		},
		outside: weightEnvironment, infrastructure: true,
	}}
}

// counted leaves out the words of the outside world in what a compiler or the
// builder says of the code: a name such as "quota" acquits nobody there.
func (e *evidence) counted(counters []counter) []counter {
	if e.build == nil {
		return counters
	}
	switch class := e.build.failure.Class; {
	case class == selfheal.BuildTest || class == selfheal.BuildUnknown:
		return counters
	case len(e.build.introduced) == 0:
		if reason, _ := class.Environment(); reason != "" {
			return counters
		}
	}
	return slices.DeleteFunc(counters, func(c counter) bool { return c.exhibit.Kind == selfheal.ExhibitExternalWords })
}
