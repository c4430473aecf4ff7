-- name: NextPullRequestNumber :one
SELECT CAST(coalesce(max(number), 0) + 1 AS INTEGER) AS number
FROM pull_requests
WHERE forge = ?;

-- name: OpenPullRequestNumber :one
SELECT number
FROM pull_requests
WHERE forge = ? AND mark = ? AND state = 'open';

-- name: PullRequestByNumber :one
SELECT *
FROM pull_requests
WHERE forge = ? AND number = ?;

-- name: NewestPullRequestByMark :one
SELECT *
FROM pull_requests
WHERE forge = ? AND mark = ?
ORDER BY number DESC
LIMIT 1;

-- name: PullRequestsOfForge :many
SELECT *
FROM pull_requests
WHERE forge = ?
ORDER BY number DESC;

-- name: SavePullRequest :exec
INSERT INTO pull_requests (
    forge, number, mark, url, title, body, source_branch, target_branch,
    commit_id, draft, labels, state, merged, time
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (forge, number) DO UPDATE
SET url = excluded.url, title = excluded.title, body = excluded.body,
    source_branch = excluded.source_branch, target_branch = excluded.target_branch,
    commit_id = excluded.commit_id, draft = excluded.draft, labels = excluded.labels,
    state = excluded.state, merged = excluded.merged, time = excluded.time;
