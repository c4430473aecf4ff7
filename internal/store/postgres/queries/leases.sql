-- name: ServerTime :one
-- Milliseconds since the Unix epoch by the one clock that all machines share.
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now;

-- name: TakeLease :execrows
-- Takes or renews it, unless another holds it.
INSERT INTO leases (name, holder, expires)
VALUES (sqlc.arg(name), sqlc.arg(holder), sqlc.arg(expires))
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, expires = excluded.expires
WHERE leases.holder = excluded.holder OR leases.expires <= sqlc.arg(now);

-- name: LeaseByName :one
SELECT holder, expires
FROM leases
WHERE name = $1;

-- name: DropLease :exec
DELETE FROM leases
WHERE name = $1 AND holder = $2;
