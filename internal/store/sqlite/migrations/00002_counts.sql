-- The counts, packed as package counts says. Minutes are since the Unix epoch.

-- +goose Up

CREATE TABLE scopes (
    id          INTEGER PRIMARY KEY,
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL,
    next_number INTEGER NOT NULL,
    compacted   INTEGER NOT NULL, -- hours before this minute are merged; nothing more is taken in
    UNIQUE (service, environment)
);

CREATE TABLE signatures (
    scope       INTEGER NOT NULL REFERENCES scopes (id),
    number      INTEGER NOT NULL,
    signature   TEXT    NOT NULL,
    description BLOB    NOT NULL, -- JSON; empty when it was counted and never described
    PRIMARY KEY (scope, number),
    UNIQUE (scope, signature)
);

-- One row per minute, revision and writer; per hour and revision, without a writer, once merged.
CREATE TABLE tallies (
    scope    INTEGER NOT NULL REFERENCES scopes (id),
    minute   INTEGER NOT NULL,
    revision TEXT    NOT NULL,
    writer   TEXT    NOT NULL,
    counts   BLOB    NOT NULL,
    coverage BLOB    NOT NULL,
    PRIMARY KEY (scope, minute, revision, writer)
);
