-- name: StreamVersion :one
SELECT CAST(coalesce(max(version), 0) AS INTEGER) AS version
FROM events
WHERE stream = ?;

-- name: InsertEvent :one
INSERT INTO events (stream, version, time, actor, type, payload)
VALUES (?, ?, ?, ?, ?, ?)
RETURNING seq;

-- name: EventsOfStream :many
SELECT seq, version, time, actor, type, payload
FROM events
WHERE stream = ?
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
