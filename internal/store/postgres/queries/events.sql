-- name: LockEvents :exec
-- One appends at a time, so that seq ascends in the order in which events can be seen.
LOCK TABLE events IN SHARE ROW EXCLUSIVE MODE;

-- name: StreamVersion :one
SELECT coalesce(max(version), 0)::integer AS version
FROM events
WHERE stream = $1;

-- name: InsertEvent :one
INSERT INTO events (stream, version, time, actor, type, payload)
VALUES ($1, $2, $3, $4, $5, $6)
RETURNING seq;

-- name: EventsOfStream :many
SELECT seq, version, time, actor, type, payload
FROM events
WHERE stream = $1
ORDER BY version;

-- name: Streams :many
SELECT latest.stream, latest.version, latest.time
FROM events AS latest
WHERE latest.seq IN (
    SELECT max(e.seq)
    FROM events AS e
    WHERE e.stream >= sqlc.arg(first) AND e.stream < sqlc.arg(beyond)
    GROUP BY e.stream
)
ORDER BY latest.seq DESC
LIMIT sqlc.arg(at_most);
