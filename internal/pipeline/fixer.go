package pipeline

import (
	"context"
	"fmt"
	"strings"

	"selfheal"
	"selfheal/internal/repair"
)

// fixed gives how the fix agent prepares a repair: the first, or another after before,
// of which checks and people said something.
func (p *Pipeline) fixed(before *selfheal.Repair, said []selfheal.Section) func(context.Context, repair.Input) (selfheal.Repair, error) {
	fixer := repair.Fixer{Model: p.FixModel, Guards: p.FixGuards}
	fixer.Guards.Classify = func(path string, content []byte) selfheal.FileClass {
		class, _ := p.Classifier.Classify(path, content)
		return class
	}
	return func(ctx context.Context, in repair.Input) (selfheal.Repair, error) {
		return repair.PrepareAgent(ctx, in, fixer, before, said)
	}
}

// sections are what checks and people said of a pull request, as evidence: it tells
// the agent what to look at, and moves no guard.
func sections(f *selfheal.Feedback) []selfheal.Section {
	var all []selfheal.Section
	if f.Checks != nil {
		var failed strings.Builder
		for _, check := range f.Checks.Failed {
			fmt.Fprintf(&failed, "%s: %s\n", check.Name, check.Text)
		}
		all = append(all, selfheal.Section{Title: "Checks of the forge that failed on the last attempt", Text: failed.String()})
	}
	for _, r := range f.Reviews {
		where := ""
		if r.Path != "" {
			where = fmt.Sprintf("on %s, line %d: ", r.Path, r.Line)
		}
		all = append(all, selfheal.Section{Title: "What a reviewer said of the last attempt", Text: where + r.Text})
	}
	return all
}
