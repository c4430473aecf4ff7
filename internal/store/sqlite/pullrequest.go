package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"selfheal"
	"selfheal/internal/store/journal"
	"selfheal/internal/store/sqlite/db"
)

// SavePullRequest creates or replaces a pull request; see
// [selfheal.PullRequestStore]. With Number 0 the open one with the same mark is
// replaced, and only when there is none a new one gets the next number, so that
// two who save at once make one. Closed and merged are final: opening such a
// number again is CodeConflict, as is a number that belongs to another mark.
func (s *Store) SavePullRequest(ctx context.Context, forge string, pr selfheal.PullRequest) (selfheal.PullRequest, error) {
	err := s.write(ctx, "save pull request", func(q *db.Queries) error {
		if err := assignNumber(ctx, q, forge, &pr); err != nil {
			return err
		}
		if err := checkReplaces(ctx, q, forge, pr); err != nil {
			return err
		}
		row, err := pullRequestRow(forge, pr)
		if err != nil {
			return err
		}
		return q.SavePullRequest(ctx, row)
	})
	if err != nil {
		return selfheal.PullRequest{}, err
	}
	return pr, nil
}

func assignNumber(ctx context.Context, q *db.Queries, forge string, pr *selfheal.PullRequest) error {
	if pr.Number != 0 {
		return nil
	}
	number, err := q.OpenPullRequestNumber(ctx, db.OpenPullRequestNumberParams{Forge: forge, Mark: pr.Mark})
	if errors.Is(err, sql.ErrNoRows) {
		number, err = q.NextPullRequestNumber(ctx, forge)
	}
	pr.Number = int(number)
	return err
}

func checkReplaces(ctx context.Context, q *db.Queries, forge string, pr selfheal.PullRequest) error {
	old, err := q.PullRequestByNumber(ctx, db.PullRequestByNumberParams{Forge: forge, Number: int64(pr.Number)})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if err == nil && old.Mark != pr.Mark {
		return journal.Conflictf("pull request %d belongs to another incident", pr.Number)
	}
	if err == nil && old.State != string(selfheal.PullRequestOpen) && old.State != string(pr.State) {
		return journal.Conflictf("pull request %d is %s already", pr.Number, old.State)
	}
	if pr.State != selfheal.PullRequestOpen {
		return nil
	}
	open, err := q.OpenPullRequestNumber(ctx, db.OpenPullRequestNumberParams{Forge: forge, Mark: pr.Mark})
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && open != int64(pr.Number) {
		return journal.Conflictf("pull request %d is open for the same incident", open)
	}
	return err
}

// PullRequestByMark finds the newest pull request with a mark; CodeNotFound when there is none.
func (s *Store) PullRequestByMark(ctx context.Context, forge, mark string) (selfheal.PullRequest, error) {
	row, err := s.read().NewestPullRequestByMark(ctx, db.NewestPullRequestByMarkParams{Forge: forge, Mark: mark})
	if errors.Is(err, sql.ErrNoRows) {
		return selfheal.PullRequest{}, selfheal.NotFoundf("", "no pull request with mark %q", mark)
	}
	if err != nil {
		return selfheal.PullRequest{}, s.fault("find pull request", err)
	}
	return pullRequest(row)
}

// PullRequests lists all of a forge, newest first.
func (s *Store) PullRequests(ctx context.Context, forge string) ([]selfheal.PullRequest, error) {
	rows, err := s.read().PullRequestsOfForge(ctx, forge)
	if err != nil {
		return nil, s.fault("list pull requests", err)
	}
	list := make([]selfheal.PullRequest, 0, len(rows))
	for _, row := range rows {
		pr, err := pullRequest(row)
		if err != nil {
			return nil, err
		}
		list = append(list, pr)
	}
	return list, nil
}

func pullRequestRow(forge string, pr selfheal.PullRequest) (db.SavePullRequestParams, error) {
	labels, err := json.Marshal(pr.Labels)
	if err != nil {
		return db.SavePullRequestParams{}, fmt.Errorf("encode labels: %w", err)
	}
	var draft int64
	if pr.Draft {
		draft = 1
	}
	return db.SavePullRequestParams{
		Forge: forge, Number: int64(pr.Number), Mark: pr.Mark, URL: pr.URL, Title: pr.Title, Body: pr.Body,
		SourceBranch: pr.Source, TargetBranch: pr.Target, CommitID: pr.Commit, Draft: draft, Labels: string(labels),
		State: string(pr.State), Merged: pr.Merged, Time: journal.FormatTime(pr.Time),
	}, nil
}

func pullRequest(row db.PullRequest) (selfheal.PullRequest, error) {
	var labels []string
	if err := json.Unmarshal([]byte(row.Labels), &labels); err != nil {
		return selfheal.PullRequest{}, fmt.Errorf("labels of pull request %d: %w", row.Number, err)
	}
	at, err := time.Parse(time.RFC3339Nano, row.Time)
	if err != nil {
		return selfheal.PullRequest{}, fmt.Errorf("time of pull request %d: %w", row.Number, err)
	}
	return selfheal.PullRequest{
		Mark: row.Mark, Number: int(row.Number), URL: row.URL, Title: row.Title, Body: row.Body,
		Source: row.SourceBranch, Target: row.TargetBranch, Commit: row.CommitID, Draft: row.Draft != 0,
		Labels: labels, State: selfheal.PullRequestState(row.State), Merged: row.Merged, Time: at,
	}, nil
}
