package local

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"selfheal"
	"selfheal/internal/atomicfile"
	"selfheal/internal/markdown"
)

//go:embed pull.md.tmpl
var pullText string

// pullTemplate is parsed once; it is never changed.
var pullTemplate = template.Must(template.New("pull").Funcs(template.FuncMap{
	"text": markdown.Text, "code": markdown.Code,
	"fence": markdown.Fence, "quote": shellQuote,
	"short": selfheal.ShortRevision,
	"time":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") },
	"trim":  strings.TrimSpace,
}).Parse(pullText))

// maxDiff is how much of a difference is shown.
const maxDiff = 512 << 10

// page is what a pull request's file shows.
type page struct {
	selfheal.PullRequest
	Repository string
	State      string
	Diff       string
	Cut        bool
}

// render writes the pull request's file in one step.
func (f *Forge) render(ctx context.Context, pr selfheal.PullRequest) error {
	patch, cut, err := f.patch(ctx, pr)
	if err != nil {
		return err
	}
	var text strings.Builder
	err = pullTemplate.Execute(&text, page{PullRequest: pr, Repository: f.config.Dir, State: stateWord(pr), Diff: patch, Cut: cut})
	if err != nil {
		return fmt.Errorf("render pull request: %w", err)
	}
	if err := f.replace(f.page(pr.Number), text.String()); err != nil {
		return unavailable("show pull request", err)
	}
	return nil
}

func stateWord(pr selfheal.PullRequest) string {
	if pr.State == selfheal.PullRequestOpen && pr.Draft {
		return "draft"
	}
	return string(pr.State)
}

// patch is the difference that the pull request makes.
func (f *Forge) patch(ctx context.Context, pr selfheal.PullRequest) (patch string, cut bool, err error) {
	patch, cut, err = f.repository.PatchText(ctx, f.base(ctx, pr), pr.Commit, maxDiff)
	if err != nil {
		return "", false, unavailable("show pull request", err)
	}
	return patch, cut, nil
}

// base is where the branch left its target. Without a target it is the commit
// before the last, and for a first commit there is nothing to compare with.
func (f *Forge) base(ctx context.Context, pr selfheal.PullRequest) string {
	target := "refs/heads/" + pr.Target
	if pr.Merged != "" {
		target = pr.Merged + "^1" // afterwards the target contains the branch
	}
	if before, err := f.repository.Resolve(ctx, target); err == nil {
		if base, err := f.repository.MergeBase(ctx, before, pr.Commit); err == nil && base != pr.Commit {
			return base
		}
	}
	if base, err := f.repository.Resolve(ctx, pr.Commit+"^1"); err == nil {
		return base
	}
	return pr.Commit
}

// shellQuote makes one word of a path in a command that people copy.
func shellQuote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// withComment adds what a person said to the description.
func withComment(body, heading, text string) string {
	return strings.TrimRight(body, "\n") + "\n\n**" + markdown.Text(heading) + ":** " + markdown.Text(text) + "\n"
}

// replace writes a page so that a reader sees the old or the new one.
func (f *Forge) replace(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, []byte(content), 0o600)
}
