package hosted

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"time"

	"selfheal"
	"selfheal/internal/forge/owners"
)

// Bounds of who is asked for a review: more people feel less asked.
const (
	maxReviewers = 4
	maxBlamed    = 8 // commits whose authors are looked up
)

// The words of [Config.Review] that are no names.
const (
	ReviewByOwners = "codeowners"
	ReviewByBlame  = "blame"
	ReviewByNone   = "none"
)

// askForReview asks people and says in the notes why it did not.
func (f *Forge) askForReview(ctx context.Context, p Pull) Pull {
	names, err := f.reviewers(ctx, p)
	if err != nil {
		p.Notes = append(p.Notes, "nobody was asked for a review: "+err.Error())
		return p
	}
	self, _ := f.config.API.Self(ctx) // without it, the forge refuses what must not be
	names = slices.DeleteFunc(names, func(name string) bool {
		return strings.EqualFold(name, self) || strings.EqualFold(name, p.Author) || slices.Contains(p.Reviewers, name)
	})
	for _, name := range names {
		// One by one: forges refuse all of them for one who may not review.
		if err := f.config.API.RequestReview(ctx, p, []string{name}); err != nil {
			p.Notes = append(p.Notes, "not asked for a review: "+name+": "+err.Error())
			continue
		}
		p.Reviewers = append(slices.Clip(p.Reviewers), name)
	}
	return p
}

// reviewers finds who should review: the owners of the changed files where the
// repository names them, else who last wrote the blamed lines.
func (f *Forge) reviewers(ctx context.Context, p Pull) ([]string, error) {
	switch f.config.Review {
	case ReviewByNone:
		return nil, nil
	case ReviewByBlame:
		return f.authors(ctx, p)
	case ReviewByOwners, "":
		names, err := f.owners(ctx, p)
		if err != nil || len(names) > 0 {
			return names, err
		}
		return f.authors(ctx, p)
	}
	var names []string
	for name := range strings.SplitSeq(f.config.Review, ",") {
		if name = strings.TrimPrefix(strings.TrimSpace(name), "@"); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// owners reads the file of code owners from the branch that is merged into: the
// proposed branch must not choose its own reviewers.
func (f *Forge) owners(ctx context.Context, p Pull) ([]string, error) {
	for _, place := range f.config.Owners.Places() {
		text, err := f.config.API.File(ctx, p.Target, place)
		if err != nil {
			return nil, err
		}
		if text != nil {
			names := owners.Parse(f.config.Owners, string(text)).Of(p.Paths)
			return names[:min(len(names), maxReviewers)], nil
		}
	}
	return nil, nil
}

func (f *Forge) authors(ctx context.Context, p Pull) ([]string, error) {
	var names []string
	for _, commit := range p.Blamed[:min(len(p.Blamed), maxBlamed)] {
		name, err := f.config.API.Author(ctx, commit)
		if err != nil {
			return nil, err
		}
		if name != "" && !slices.Contains(names, name) && len(names) < maxReviewers {
			names = append(names, name)
		}
	}
	return names, nil
}

// Comment says something below a pull request, once.
func (f *Forge) Comment(ctx context.Context, pr selfheal.PullRequest, text string) error {
	p, err := f.get(ctx, pr)
	if err != nil {
		return err
	}
	return f.say(ctx, p, text)
}

// say comments, unless the same was said: a run that was cut off says it again.
func (f *Forge) say(ctx context.Context, p Pull, text string) error {
	sum := sha256.Sum256([]byte(text))
	mark := "<!-- selfheal-comment: " + hex.EncodeToString(sum[:8]) + " -->"
	said, err := f.config.API.Comments(ctx, p, p.Time)
	if err != nil {
		return err
	}
	self, err := f.config.API.Self(ctx)
	if err != nil {
		return err
	}
	for _, r := range said {
		if strings.Contains(r.Text, mark) && (self == "" || r.Author == self) {
			return nil
		}
	}
	return f.config.API.Comment(ctx, p, strings.TrimSpace(text)+"\n\n"+mark)
}

const commentMark = "<!-- selfheal-comment: "

// command is how anybody addresses selfheal, whatever its name on the forge is.
var command = regexp.MustCompile(`(?mi)^\s*/selfheal\b`)

// Reviews lists what others wrote, and what of it is addressed to selfheal.
func (f *Forge) Reviews(ctx context.Context, pr selfheal.PullRequest, since time.Time) ([]selfheal.Review, error) {
	p, err := f.get(ctx, pr)
	if err != nil {
		return nil, err
	}
	self, err := f.config.API.Self(ctx)
	if err != nil {
		return nil, err
	}
	all, err := f.config.API.Comments(ctx, p, since)
	if err != nil {
		return nil, err
	}
	var others []selfheal.Review
	for _, r := range all {
		if r.Author == self && self != "" || strings.Contains(r.Text, commentMark) || r.Time.Before(since) {
			continue
		}
		r.Addressed = command.MatchString(r.Text) || mentions(r.Text, self) || r.Rejects
		others = append(others, r)
	}
	if err := f.writers(ctx, others); err != nil {
		return nil, err
	}
	slices.SortStableFunc(others, func(a, b selfheal.Review) int { return a.Time.Compare(b.Time) })
	return others, nil
}

// writers finds out who of those that address selfheal may write to the repository.
func (f *Forge) writers(ctx context.Context, reviews []selfheal.Review) error {
	known := map[string]bool{}
	for i, r := range reviews {
		if !r.Addressed || r.Author == "" {
			continue
		}
		may, asked := known[r.Author]
		if !asked {
			var err error
			if may, err = f.config.API.CanWrite(ctx, r.Author); err != nil {
				return err
			}
			known[r.Author] = may
		}
		reviews[i].Writer = may
	}
	return nil
}

// mentions tells whether a text names somebody with @, outside of quoted lines.
func mentions(text, name string) bool {
	if name == "" {
		return false
	}
	// GitHub's apps are named "name[bot]" and mentioned as "@name".
	pattern, err := regexp.Compile(`(?i)(?:^|[^\w@/-])@` + regexp.QuoteMeta(strings.TrimSuffix(name, "[bot]")) + `(?:$|[^\w-])`)
	if err != nil {
		return false
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), ">") && pattern.MatchString(line) {
			return true
		}
	}
	return false
}
