package repair

import (
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"selfheal"
)

// The modes of what a tree holds besides plain files.
const (
	modeExecutable = "100755"
	modeSymlink    = "120000"
	modeSubmodule  = "160000"
)

const whySecretFile = "such files hold secrets"

// forbiddenPaths say which files a repair must not touch, by lower-case paths.
// What decides how code is checked, built and merged is the judge of a repair,
// and not for it to change.
var forbiddenPaths = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(^|/)(\.git|git~[0-9]+)(/|$)`), "it is part of git's own directory"},
	{regexp.MustCompile(`^\.(github|gitea|forgejo)/(workflows|actions)/|^\.gitlab-ci|^\.gitlab/.*ci|^\.(circleci|buildkite|semaphore|woodpecker|teamcity|tekton|azure-pipelines)/` +
		`|(^|/)(\.travis\.yml|\.drone\.(yml|star|jsonnet)|\.woodpecker\.ya?ml|\.cirrus\.(yml|star)|\.?appveyor\.yml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.yml|jenkinsfile[^/]*|cloudbuild\.(ya?ml|json)|buildspec[^/]*\.ya?ml|codefresh\.yml|wercker\.yml|\.gitlab-ci\.ya?ml)$`),
		"it is a workflow of continuous integration, which runs with the forge's rights"},
	{regexp.MustCompile(`(^|/)codeowners$`), "it says who has to review"},
	{regexp.MustCompile(`(^|/)selfheal\.ya?ml$`), "it says what selfheal may do"},
	{regexp.MustCompile(`(^|/)(\.githooks|\.husky|git-hooks|githooks)/|(^|/)(lefthook\.ya?ml|\.pre-commit-config\.ya?ml|\.overcommit\.yml|\.huskyrc[^/]*)$`), "it is a git hook, which runs on the machines of those who work on the code"},
	{regexp.MustCompile(`(^|/)\.git(modules|attributes)$`), "it changes what git checks out, or what it shows of a difference"},
	{regexp.MustCompile(`(^|/)(\.env(\.[^/]*)?|\.npmrc|\.pypirc|\.netrc|id_(rsa|dsa|ecdsa|ed25519)|[^/]*\.(pem|key|p12|pfx|jks|keystore))$`), whySecretFile},
	{regexp.MustCompile(`(^|/)(makefile|gnumakefile|justfile|taskfile\.ya?ml|rakefile|noxfile\.py|tox\.ini|pytest\.ini|setup\.cfg|conftest\.py|(site|user)customize\.py|[^/]*\.pth|\.rspec|\.bazelrc|\.yarnrc(\.yml)?|karma\.conf\.[a-z]+|phpunit\.xml(\.dist)?|\.mocharc[^/]*|\.nycrc[^/]*|\.coveragerc|(jest|vitest|playwright|cypress|babel)\.(config|setup)\.[a-z]+|jest\.setup\.[a-z]+)$|(^|/)(\.mvn|\.cargo)/`),
		"it decides which checks run, and how"},
	{regexp.MustCompile(`(^|/)(agents|claude|gemini)\.md$|(^|/)\.(claude|cursor|codex|aider[^/]*|opencode)(/|$)`), "it instructs the next agent"},
}

// forbidden says why a path may not be changed, or not in this way; empty when it
// may. never: no setting allows it.
func (g Guards) forbidden(e edit) (why string, never bool) {
	lower := strings.ToLower(e.path)
	if path.IsAbs(lower) || strings.Contains(lower, `\`) || path.Clean(lower) != lower || strings.HasPrefix(lower, "../") {
		return "it may lie outside of the repository", true
	}
	if strings.ContainsFunc(e.path, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Cf, c) }) {
		return "its name holds characters that nobody sees", true
	}
	if why := forbiddenMode(e); why != "" {
		return why, true
	}
	if why := g.runsAsProof(e); why != "" {
		return why, true
	}
	for i, f := range forbiddenPaths {
		if f.pattern.MatchString(lower) {
			return f.why, i == 0 || f.why == whySecretFile // the first is git's own directory
		}
	}
	return checkSettings(e), false
}

func forbiddenMode(e edit) string {
	switch {
	case e.after.Mode == modeSubmodule || e.before.Mode == modeSubmodule:
		return "it is a submodule: the code that it names is not here to be reviewed"
	case e.after.Mode == modeSymlink && leaves(e.path, string(e.new)):
		return "the symbolic link points outside of the repository, or into git's own directory"
	case e.after.Mode == modeExecutable && e.before.Mode != modeExecutable:
		return "it becomes executable"
	}
	return ""
}

// leaves tells whether a symbolic link at a path leads out of the tree.
func leaves(from, target string) bool {
	if path.IsAbs(target) || strings.Contains(target, `\`) {
		return true
	}
	to := path.Join(path.Dir(from), target)
	return to == ".." || strings.HasPrefix(to, "../") || slices.Contains(strings.Split(strings.ToLower(to), "/"), ".git")
}

// runsAsProof keeps a repair from rewriting the scripts by which it is proven.
func (g Guards) runsAsProof(e edit) string {
	if ext := path.Ext(e.path); ext != ".sh" && ext != ".bash" && e.before.Mode != modeExecutable {
		return ""
	}
	for _, command := range g.Commands {
		words := strings.FieldsFunc(command, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(`;&|()<>"'`, c) })
		if slices.ContainsFunc(words, func(word string) bool { return path.Clean(word) == e.path }) {
			return "it is part of a command that proves the repair"
		}
	}
	return ""
}

// lockfiles are what package managers write, by lower-case name.
var lockfiles = []string{
	"go.sum", "go.work.sum", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb",
	"gemfile.lock", "poetry.lock", "pipfile.lock", "uv.lock", "pdm.lock", "cargo.lock", "composer.lock", "mix.lock",
	"gradle.lockfile", "packages.lock.json", "flake.lock", "pubspec.lock", "package.resolved", "podfile.lock", "conan.lock",
}

func lockfileOnly(edits []edit) []Refusal {
	for _, e := range edits {
		if !slices.Contains(lockfiles, strings.ToLower(path.Base(e.path))) {
			return nil
		}
	}
	if len(edits) == 0 {
		return nil
	}
	return []Refusal{{Guard: GuardLockfileOnly, Path: edits[0].path, Why: "only locked versions change, which no declaration asks for"}}
}

var (
	migrationPath = regexp.MustCompile(`(^|/)(migrations?|migrate|alembic/versions|flyway|liquibase)/|(^|/)v[0-9][0-9._]*__[^/]*\.(sql|java)$`)
	generatedPath = regexp.MustCompile(`(^|/)(vendor|node_modules|third_party|dist)/|\.(pb|pb\.gw|gen)\.go$|_pb2(_grpc)?\.pyi?$|\.min\.(js|css)$|(^|/)(generated|__generated__)/`)
	generatedText = regexp.MustCompile(`(?im)^\W{0,8}(code generated .*do not edit|@generated\b|auto-?generated|this file (is|was) (auto(matically)?[- ])?generated)`)
	testPath      = regexp.MustCompile(`(^|/)(tests?|specs?|__tests__|__snapshots__|testdata|e2e|cypress)/|_test\.(go|py|rb)$|(^|/)test_[^/]*\.py$|_spec\.rb$` +
		`|\.(test|spec|cy)\.[cm]?[jt]sx?$|(tests?|it|spec)\.(java|kt|scala|groovy)$|\.snap$`)
)

// class is what a file is for. Its name decides before anything that the
// repository says of itself, and the deployed content before the new one.
func (g Guards) class(e edit) selfheal.FileClass {
	lower := strings.ToLower(e.path)
	head := func(text []byte) []byte { return text[:min(len(text), 2<<10)] }
	switch {
	case migrationPath.MatchString(lower):
		return selfheal.ClassMigration
	case generatedPath.MatchString(lower), generatedText.Match(head(e.old)), generatedText.Match(head(e.new)):
		return selfheal.ClassGenerated
	case testPath.MatchString(lower):
		return selfheal.ClassTest
	case g.Classify == nil:
		return selfheal.ClassRuntime
	case e.added():
		return g.Classify(e.path, e.new)
	}
	return g.Classify(e.path, e.old)
}
