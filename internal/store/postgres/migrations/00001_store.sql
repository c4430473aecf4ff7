-- The journal, the leases, the pull requests of forges without a server, and the counts.
-- What others wrote is bytea: text can hold neither NUL nor what is no UTF-8, and logs have both.
-- To read it: SELECT seq, convert_from(stream, 'UTF8'), type, convert_from(payload, 'UTF8') FROM events;
-- Times are RFC 3339 text in UTC, expiries are milliseconds and minutes since the Unix epoch.

-- +goose Up

CREATE TABLE events (
    seq     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream  bytea   NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    time    text    NOT NULL,
    actor   bytea   NOT NULL,
    type    text    NOT NULL,
    payload bytea   NOT NULL,
    UNIQUE (stream, version)
);

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only';
END;
$$;
-- +goose StatementEnd

CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE leases (
    name    bytea  NOT NULL PRIMARY KEY,
    holder  bytea  NOT NULL,
    expires bigint NOT NULL
);

CREATE TABLE pull_requests (
    forge    bytea   NOT NULL,
    number   integer NOT NULL CHECK (number > 0),
    mark     bytea   NOT NULL,
    state    text    NOT NULL,
    document bytea   NOT NULL, -- all of it, as JSON
    PRIMARY KEY (forge, number)
);

CREATE INDEX pull_requests_by_mark ON pull_requests (forge, mark, number);

-- One incident, one open pull request: held by the database, whoever writes.
CREATE UNIQUE INDEX pull_requests_one_open ON pull_requests (forge, mark) WHERE state = 'open';

CREATE TABLE scopes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service     bytea  NOT NULL,
    environment bytea  NOT NULL,
    next_number bigint NOT NULL,
    compacted   bigint NOT NULL, -- hours before this minute are merged; nothing more is taken in
    UNIQUE (service, environment)
);

CREATE TABLE signatures (
    scope       bigint NOT NULL REFERENCES scopes (id),
    number      bigint NOT NULL,
    signature   bytea  NOT NULL,
    description bytea  NOT NULL, -- JSON; empty when it was counted and never described
    PRIMARY KEY (scope, number),
    UNIQUE (scope, signature)
);

-- One row per minute, revision and writer; per hour and revision, without a writer, once merged.
-- The columns are packed already, so Postgres need not try to compress them.
CREATE TABLE tallies (
    scope    bigint NOT NULL REFERENCES scopes (id),
    minute   bigint NOT NULL,
    revision bytea  NOT NULL,
    writer   bytea  NOT NULL,
    counts   bytea  NOT NULL,
    coverage bytea  NOT NULL,
    PRIMARY KEY (scope, minute, revision, writer)
);
ALTER TABLE tallies ALTER COLUMN counts SET STORAGE EXTERNAL;
