-- name: Scopes :many
SELECT id, service, environment, next_number, compacted
FROM scopes;

-- name: ScopeByName :one
SELECT id, service, environment, next_number, compacted
FROM scopes
WHERE service = $1 AND environment = $2;

-- name: HoldScope :one
SELECT id, service, environment, next_number, compacted
FROM scopes
WHERE id = $1
FOR NO KEY UPDATE;

-- name: InsertScope :exec
INSERT INTO scopes (service, environment, next_number, compacted)
VALUES ($1, $2, 1, $3)
ON CONFLICT (service, environment) DO NOTHING;

-- name: SaveScope :exec
UPDATE scopes
SET next_number = $2, compacted = $3
WHERE id = $1;

-- name: SignatureNumbers :many
SELECT number, signature
FROM signatures
WHERE scope = $1;

-- name: Descriptions :many
SELECT number, signature, description
FROM signatures
WHERE scope = $1;

-- name: DescriptionsByNumber :many
SELECT number, signature, description
FROM signatures
WHERE scope = sqlc.arg(scope) AND number = ANY (sqlc.arg(numbers)::bigint[]);

-- name: SaveSignatures :exec
INSERT INTO signatures (scope, number, signature, description)
SELECT sqlc.arg(scope)::bigint,
       unnest(sqlc.arg(numbers)::bigint[]), unnest(sqlc.arg(signatures)::bytea[]), unnest(sqlc.arg(descriptions)::bytea[])
ON CONFLICT (scope, number) DO UPDATE
SET description = excluded.description;

-- name: DropSignatures :exec
DELETE FROM signatures
WHERE scope = sqlc.arg(scope) AND number = ANY (sqlc.arg(numbers)::bigint[]);

-- name: NextMinute :one
SELECT minute
FROM tallies
WHERE scope = $1 AND minute >= $2
ORDER BY minute
LIMIT 1;

-- name: UnmergedMinutes :many
SELECT DISTINCT minute
FROM tallies
WHERE scope = $1 AND minute < $2 AND writer <> '';

-- name: Tallies :many
SELECT minute, revision, writer, counts, coverage
FROM tallies
WHERE scope = sqlc.arg(scope) AND minute >= sqlc.arg(first) AND minute < sqlc.arg(beyond)
ORDER BY minute, revision, writer;

-- name: SaveTallies :exec
INSERT INTO tallies (scope, minute, revision, writer, counts, coverage)
SELECT sqlc.arg(scope)::bigint,
       unnest(sqlc.arg(minutes)::bigint[]), unnest(sqlc.arg(revisions)::bytea[]), unnest(sqlc.arg(writers)::bytea[]),
       unnest(sqlc.arg(counts)::bytea[]), unnest(sqlc.arg(coverages)::bytea[])
ON CONFLICT (scope, minute, revision, writer) DO UPDATE
SET counts = excluded.counts, coverage = excluded.coverage;

-- name: DropTallies :execrows
DELETE FROM tallies
WHERE scope = sqlc.arg(scope) AND minute >= sqlc.arg(first) AND minute < sqlc.arg(beyond);
