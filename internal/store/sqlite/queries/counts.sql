-- name: Scopes :many
SELECT id, service, environment, next_number, compacted
FROM scopes;

-- name: ScopeByName :one
SELECT id, service, environment, next_number, compacted
FROM scopes
WHERE service = ? AND environment = ?;

-- name: ScopeByID :one
SELECT id, service, environment, next_number, compacted
FROM scopes
WHERE id = ?;

-- name: InsertScope :exec
INSERT INTO scopes (service, environment, next_number, compacted)
VALUES (?, ?, 1, ?)
ON CONFLICT (service, environment) DO NOTHING;

-- name: SaveScope :exec
UPDATE scopes
SET next_number = ?, compacted = ?
WHERE id = ?;

-- name: SignatureNumbers :many
SELECT number, signature
FROM signatures
WHERE scope = ?;

-- name: Descriptions :many
SELECT number, signature, description
FROM signatures
WHERE scope = ?;

-- name: DescriptionByNumber :one
SELECT number, signature, description
FROM signatures
WHERE scope = ? AND number = ?;

-- name: SaveSignature :exec
INSERT INTO signatures (scope, number, signature, description)
VALUES (?, ?, ?, ?)
ON CONFLICT (scope, number) DO UPDATE
SET description = excluded.description;

-- name: DropSignature :exec
DELETE FROM signatures
WHERE scope = ? AND number = ?;

-- name: NextMinute :one
SELECT minute
FROM tallies
WHERE scope = ? AND minute >= ?
ORDER BY minute
LIMIT 1;

-- name: UnmergedMinutes :many
SELECT DISTINCT minute
FROM tallies
WHERE scope = ? AND minute < ? AND writer <> '';

-- name: Tallies :many
SELECT minute, revision, writer, counts, coverage
FROM tallies
WHERE scope = sqlc.arg(scope) AND minute >= sqlc.arg(first) AND minute < sqlc.arg(beyond)
ORDER BY minute, revision, writer;

-- name: SaveTally :exec
INSERT INTO tallies (scope, minute, revision, writer, counts, coverage)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (scope, minute, revision, writer) DO UPDATE
SET counts = excluded.counts, coverage = excluded.coverage;

-- name: DropTallies :execrows
DELETE FROM tallies
WHERE scope = sqlc.arg(scope) AND minute >= sqlc.arg(first) AND minute < sqlc.arg(beyond);
