-- name: EventsSince :many
SELECT seq, stream, version, time, actor, type, payload
FROM events
WHERE seq > $1
ORDER BY seq
LIMIT $2;
