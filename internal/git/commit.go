package git

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// Identity is who a commit is by.
type Identity struct {
	Name  string
	Email string
}

// Trailer is one "Key: value" line at the end of a commit message.
type Trailer struct {
	Key   string
	Value string
}

// CommitSpec is everything that a commit consists of. The same spec gives the
// same commit id everywhere.
type CommitSpec struct {
	Tree     string // object id
	Parents  []string
	Subject  string
	Body     string
	Trailers []Trailer
	Author   Identity  // and committer
	Time     time.Time // whole seconds, written in UTC
}

// CommitTree stores a commit and gives its id. No hook runs and nothing is signed.
func (r *Repository) CommitTree(ctx context.Context, spec CommitSpec) (string, error) {
	if err := plainRevisions(append([]string{spec.Tree}, spec.Parents...)...); err != nil {
		return "", err
	}
	args := []string{"-c", "i18n.commitEncoding=UTF-8", "commit-tree", "--no-gpg-sign"}
	for _, parent := range spec.Parents {
		args = append(args, "-p", parent)
	}
	when := strconv.FormatInt(spec.Time.Unix(), 10) + " +0000"
	options := Options{
		Stdin: strings.NewReader(spec.message()),
		Env: append(isolated[:len(isolated):len(isolated)],
			"GIT_AUTHOR_NAME="+oneLine(spec.Author.Name), "GIT_AUTHOR_EMAIL="+oneLine(spec.Author.Email), "GIT_AUTHOR_DATE="+when,
			"GIT_COMMITTER_NAME="+oneLine(spec.Author.Name), "GIT_COMMITTER_EMAIL="+oneLine(spec.Author.Email), "GIT_COMMITTER_DATE="+when),
	}
	out, err := r.RunWith(ctx, options, append(args, spec.Tree)...)
	return strings.TrimSpace(string(out)), wrap("commit", err)
}

// message joins subject, body and trailers with empty lines between them.
func (s CommitSpec) message() string {
	parts := []string{oneLine(s.Subject)}
	if body := strings.TrimSpace(clean(s.Body)); body != "" {
		parts = append(parts, body)
	}
	var trailers []string
	for _, t := range s.Trailers {
		trailers = append(trailers, oneLine(t.Key)+": "+oneLine(t.Value))
	}
	if len(trailers) > 0 {
		parts = append(parts, strings.Join(trailers, "\n"))
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// clean makes text that git accepts in a message: valid UTF-8 without NUL.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
}

// oneLine puts text on one line.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// CommitTime is when a commit was committed.
func (r *Repository) CommitTime(ctx context.Context, revision string) (time.Time, error) {
	if err := plainRevisions(revision); err != nil {
		return time.Time{}, err
	}
	out, err := r.Run(ctx, "log", "-1", "--no-show-signature", "--format=%ct", revision, "--")
	if err != nil {
		return time.Time{}, wrap("read commit time", err)
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return time.Unix(seconds, 0).UTC(), wrap("read commit time", err)
}
