package repair

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"selfheal"
	"selfheal/internal/git"
)

// proofReproduction is a check of the project, run on the deployed code with
// nothing of the branch but the tests that it adds.
const proofReproduction = "reproduction"

// reproduce shows that tests which the branch adds fail on the deployed code, by the
// error that broke production. The command is the project's own check: a command
// that the author of the branch gave would prove nothing.
func (p *prover) reproduce(ctx context.Context, commands []string) error {
	added, text, err := p.addedTests(ctx)
	if err != nil || len(added) == 0 || len(commands) == 0 {
		return err
	}
	tree, err := p.in.Workspace.EditTree(ctx, p.deployed.revision, added)
	if err != nil {
		return err
	}
	if p.tests.revision, err = passing(ctx, p.in.Workspace, tree, p.deployed.revision); err != nil {
		return err
	}
	for _, command := range commands {
		before, err := p.run(ctx, &p.tests, proofReproduction, command, wantFail)
		if err != nil {
			return err
		}
		if before.ExitCode == 0 && !before.TimedOut {
			continue
		}
		switch {
		case p.in.Shows == nil || !p.in.Shows(before.Output):
			before.Unlike = "nothing that it prints shows the error that broke production"
		case p.in.Shows(text):
			before.Unlike = "the added tests hold the words of the error themselves, so that printing them shows nothing"
		}
		p.proofs = append(p.proofs, before)
		return nil
	}
	p.notes = append(p.notes, "The added tests pass on the deployed revision too: they do not reproduce the error.")
	return nil
}

// addedTests gives the files of tests in which the branch differs, as they are on
// the branch, and their lines that are new.
func (p *prover) addedTests(ctx context.Context) (map[string]git.TreeEntry, string, error) {
	edits, err := readEdits(ctx, p.in.Workspace, p.deployed.revision, p.repaired.revision, p.in.Guards.MaxFiles)
	if err != nil {
		return nil, "", err
	}
	added, text := map[string]git.TreeEntry{}, strings.Builder{}
	for _, e := range edits {
		if e.deleted() || p.in.Guards.class(e) != selfheal.ClassTest {
			continue
		}
		added[e.path] = e.after
		old := strings.Split(string(e.old), "\n")
		for line := range strings.SplitSeq(string(e.new), "\n") {
			if !slices.Contains(old, line) {
				text.WriteString(line + "\n")
			}
		}
	}
	return added, text.String(), nil
}

// failures match the lines by which test runners name a test that failed: go test,
// pytest, unittest, TAP and node, mocha and jest, Maven, RSpec.
var failures = regexp.MustCompile(`(?m)^\s*(?:--- FAIL: (\S+)|FAILED (\S+::\S+)|(?:FAIL|ERROR): (\w+ \([\w.]+\))|not ok \d+ - (.+)|[✖✕] (.+?)(?: \([\d.]+ ?m?s\))?|\[ERROR\] +(\w+\.\w+):\d+|rspec (\S+:\d+))\s*$|^\s*--- FAIL: (\S+) \(`)

// failedTests names the tests that an output says failed.
func failedTests(output string) map[string]bool {
	found := map[string]bool{}
	for _, groups := range failures.FindAllStringSubmatch(output, -1) {
		for _, name := range groups[1:] {
			if name = strings.TrimSpace(name); name != "" {
				found[name] = true
			}
		}
	}
	return found
}

// newFailures are the tests that fail now and did not before, where both outputs name some.
func newFailures(before, after string) []string {
	was, now := failedTests(before), failedTests(after)
	var fresh []string
	for name := range now {
		if len(was) > 0 && !was[name] {
			fresh = append(fresh, name)
		}
	}
	slices.Sort(fresh)
	return fresh
}

// broke says which tests passed before and fail now.
func broke(names []string) string {
	shown, left := atMost(names, maxShownRefusals)
	text := "tests fail on the branch that did not fail before: " + strings.Join(shown, ", ")
	if left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}
