-- The journal, the leases, and the pull requests of forges without a server.
-- Times are RFC 3339 text in UTC, expiries are milliseconds since the Unix epoch.

-- +goose Up

-- "shea": a file with another mark is not ours to write to.
PRAGMA application_id = 1936221537;

CREATE TABLE events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    stream  TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    time    TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    type    TEXT    NOT NULL,
    payload TEXT    NOT NULL,
    UNIQUE (stream, version)
);

-- +goose StatementBegin
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
-- +goose StatementEnd

CREATE TABLE leases (
    name    TEXT    NOT NULL PRIMARY KEY,
    holder  TEXT    NOT NULL,
    expires INTEGER NOT NULL
);

CREATE TABLE pull_requests (
    forge         TEXT    NOT NULL,
    number        INTEGER NOT NULL CHECK (number > 0),
    mark          TEXT    NOT NULL,
    url           TEXT    NOT NULL,
    title         TEXT    NOT NULL,
    body          TEXT    NOT NULL,
    source_branch TEXT    NOT NULL,
    target_branch TEXT    NOT NULL,
    commit_id     TEXT    NOT NULL,
    draft         INTEGER NOT NULL CHECK (draft IN (0, 1)),
    labels        TEXT    NOT NULL,
    state         TEXT    NOT NULL,
    merged        TEXT    NOT NULL,
    time          TEXT    NOT NULL,
    PRIMARY KEY (forge, number)
);

CREATE INDEX pull_requests_by_mark ON pull_requests (forge, mark, number);

-- One incident, one open pull request: held by the database, whoever writes.
CREATE UNIQUE INDEX pull_requests_one_open ON pull_requests (forge, mark) WHERE state = 'open';
