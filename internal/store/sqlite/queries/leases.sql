-- name: LeaseByName :one
SELECT holder, expires
FROM leases
WHERE name = ?;

-- name: SaveLease :exec
INSERT INTO leases (name, holder, expires)
VALUES (?, ?, ?)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, expires = excluded.expires;

-- name: DropLease :exec
DELETE FROM leases
WHERE name = ? AND holder = ?;
