-- One logical schema for SQLite and PostgreSQL. Ids are UUIDs in their text form, times are seconds since the Unix epoch,
-- digests and secrets are hexadecimal.

-- The number of the last change. Every change updates this row first, so changes happen one after another.
CREATE TABLE revision (
    only_row BIGINT PRIMARY KEY CHECK (only_row = 1),
    number BIGINT NOT NULL,
    -- The rows of earlier and of this revision were removed from the table of changes.
    forgotten BIGINT NOT NULL
);
INSERT INTO revision (only_row, number, forgotten) VALUES (1, 0, 0);

-- What each revision changed, for nodes that follow.
CREATE TABLE changes (
    revision BIGINT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (revision, kind, subject)
);

CREATE TABLE accounts (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    domain_limit BIGINT NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    digest TEXT NOT NULL UNIQUE,
    start TEXT NOT NULL,
    project TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created BIGINT NOT NULL,
    revoked BIGINT,
    uses BIGINT NOT NULL DEFAULT 0,
    last_used BIGINT
);
CREATE INDEX api_keys_of_account ON api_keys (account);

-- The keys that sign access tokens.
CREATE TABLE access_secrets (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    created BIGINT NOT NULL,
    retires BIGINT
);

CREATE TABLE domains (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    bucket TEXT,
    cors TEXT,
    created BIGINT NOT NULL
);
CREATE INDEX domains_of_account ON domains (account, kind);

CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    access TEXT,
    cors TEXT,
    created BIGINT NOT NULL
);
CREATE INDEX buckets_of_account ON buckets (account);

CREATE TABLE streams (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    playback_id TEXT UNIQUE,
    created BIGINT NOT NULL
);
CREATE INDEX streams_of_account ON streams (account);

CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES accounts (id),
    owner TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    name TEXT,
    public_key TEXT NOT NULL,
    created BIGINT NOT NULL,
    last_used BIGINT
);
CREATE INDEX signing_keys_of_account ON signing_keys (account);
CREATE INDEX signing_keys_of_owner ON signing_keys (owner, owner_id);

CREATE TABLE idempotency (
    account TEXT NOT NULL REFERENCES accounts (id),
    idempotency_key TEXT NOT NULL,
    request TEXT NOT NULL,
    subject TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (account, idempotency_key)
);

CREATE TABLE audit (
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    account TEXT,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT,
    created BIGINT NOT NULL,
    PRIMARY KEY (revision, position)
);
CREATE INDEX audit_of_account ON audit (account, revision);
