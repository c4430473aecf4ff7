package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"selfheal"
	"selfheal/internal/store/journal"
	"selfheal/internal/store/postgres/db"
)

// SavePullRequest creates or replaces a pull request; see
// [selfheal.PullRequestStore]. With Number 0 the open one with the same mark is
// replaced, and only when there is none a new one gets the next number. Closed and
// merged are final: opening such a number again is CodeConflict, as is a number that
// belongs to another mark.
func (s *Store) SavePullRequest(ctx context.Context, forge string, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	saved := pr
	err := s.write(ctx, "save pull request", func(q *db.Queries) error {
		saved = pr
		if err := q.LockPullRequests(ctx); err != nil {
			return err
		}
		if err := assignNumber(ctx, q, forge, &saved); err != nil {
			return err
		}
		if err := checkReplaces(ctx, q, forge, saved); err != nil {
			return err
		}
		document, err := json.Marshal(saved)
		if err != nil {
			return fmt.Errorf("encode pull request %d: %w", saved.Number, err)
		}
		return q.SavePullRequest(ctx, db.SavePullRequestParams{
			Forge: []byte(forge), Number: int32(saved.Number), Mark: []byte(saved.Mark), State: string(saved.State), Document: document,
		})
	})
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return saved, nil
}

func assignNumber(ctx context.Context, q *db.Queries, forge string, pr *selfheal.PullRequest) error {
	if pr.Number != 0 {
		return nil
	}
	number, err := q.OpenPullRequestNumber(ctx, db.OpenPullRequestNumberParams{Forge: []byte(forge), Mark: []byte(pr.Mark)})
	if errors.Is(err, pgx.ErrNoRows) {
		number, err = q.NextPullRequestNumber(ctx, []byte(forge))
	}
	pr.Number = int(number)
	return err
}

func checkReplaces(ctx context.Context, q *db.Queries, forge string, pr selfheal.PullRequest) error {
	old, err := q.PullRequestByNumber(ctx, db.PullRequestByNumberParams{Forge: []byte(forge), Number: int32(pr.Number)})
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if err == nil && string(old.Mark) != pr.Mark {
		return journal.Conflictf("pull request %d belongs to another incident", pr.Number)
	}
	if err == nil && old.State != string(selfheal.PullRequestOpen) && old.State != string(pr.State) {
		return journal.Conflictf("pull request %d is %s already", pr.Number, old.State)
	}
	if pr.State != selfheal.PullRequestOpen {
		return nil
	}
	open, err := q.OpenPullRequestNumber(ctx, db.OpenPullRequestNumberParams{Forge: []byte(forge), Mark: []byte(pr.Mark)})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil && int(open) != pr.Number {
		return journal.Conflictf("pull request %d is open for the same incident", open)
	}
	return err
}

// PullRequestByMark finds the newest pull request with a mark; CodeNotFound when there is none.
func (s *Store) PullRequestByMark(ctx context.Context, forge, mark string) (selfheal.PullRequest, error) {
	document, err := s.read().NewestPullRequestByMark(ctx, db.NewestPullRequestByMarkParams{Forge: []byte(forge), Mark: []byte(mark)})
	if errors.Is(err, pgx.ErrNoRows) {
		return selfheal.PullRequest{}, selfheal.NotFoundf("", "no pull request with mark %q", mark)
	}
	if err != nil {
		return selfheal.PullRequest{}, s.fault("find pull request", err)
	}
	return pullRequest(document)
}

// PullRequests lists all of a forge, newest first.
func (s *Store) PullRequests(ctx context.Context, forge string) ([]selfheal.PullRequest, error) {
	documents, err := s.read().PullRequestsOfForge(ctx, []byte(forge))
	if err != nil {
		return nil, s.fault("list pull requests", err)
	}
	list := make([]selfheal.PullRequest, 0, len(documents))
	for _, document := range documents {
		pr, err := pullRequest(document)
		if err != nil {
			return nil, err
		}
		list = append(list, pr)
	}
	return list, nil
}

func pullRequest(document []byte) (selfheal.PullRequest, error) {
	var pr selfheal.PullRequest
	if err := json.Unmarshal(document, &pr); err != nil {
		return selfheal.PullRequest{}, fmt.Errorf("decode pull request: %w", err)
	}
	pr.Time = pr.Time.UTC()
	return pr, nil
}
