-- name: EventsSince :many
SELECT seq, stream, version, time, actor, type, payload
FROM events
WHERE seq > ?
ORDER BY seq
LIMIT ?;
