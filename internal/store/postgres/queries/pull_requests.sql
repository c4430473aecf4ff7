-- name: LockPullRequests :exec
LOCK TABLE pull_requests IN SHARE ROW EXCLUSIVE MODE;

-- name: NextPullRequestNumber :one
SELECT (coalesce(max(number), 0) + 1)::integer AS number
FROM pull_requests
WHERE forge = $1;

-- name: OpenPullRequestNumber :one
SELECT number
FROM pull_requests
WHERE forge = $1 AND mark = $2 AND state = 'open';

-- name: PullRequestByNumber :one
SELECT mark, state
FROM pull_requests
WHERE forge = $1 AND number = $2;

-- name: NewestPullRequestByMark :one
SELECT document
FROM pull_requests
WHERE forge = $1 AND mark = $2
ORDER BY number DESC
LIMIT 1;

-- name: PullRequestsOfForge :many
SELECT document
FROM pull_requests
WHERE forge = $1
ORDER BY number DESC;

-- name: SavePullRequest :exec
INSERT INTO pull_requests (forge, number, mark, state, document)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (forge, number) DO UPDATE
SET state = excluded.state, document = excluded.document;
