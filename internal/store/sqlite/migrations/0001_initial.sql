-- Times are milliseconds since the Unix epoch; 0 is never. Documents are compact JSON texts; NULL is an absent one.

-- A rowid table: rows are appended in the order of their creation, and a change rewrites one row in place.
CREATE TABLE accounts (
    id                  INTEGER PRIMARY KEY,
    grp                 TEXT    NOT NULL,
    uid                 TEXT    NOT NULL,
    rev                 INTEGER NOT NULL,
    created             INTEGER NOT NULL,
    registered          INTEGER NOT NULL,
    verified            INTEGER NOT NULL,
    last_login          INTEGER NOT NULL,
    last_updated        INTEGER NOT NULL,
    oldest_data_updated INTEGER NOT NULL,
    is_active           INTEGER NOT NULL,
    login_provider      TEXT    NOT NULL,
    social_providers    TEXT    NOT NULL,
    reg_source          TEXT,
    password_hash       TEXT    NOT NULL,
    password_created    INTEGER NOT NULL,
    password_history    TEXT,
    must_change         INTEGER NOT NULL,
    secret_question     TEXT    NOT NULL,
    secret_answer       TEXT    NOT NULL,
    failed_logins       INTEGER NOT NULL,
    last_failed_login   INTEGER NOT NULL,
    locked_until        INTEGER NOT NULL,
    token_epoch         INTEGER NOT NULL,
    emails              TEXT,
    login_ids           TEXT,
    profile             TEXT,
    data                TEXT,
    preferences         TEXT,
    subscriptions       TEXT,
    internal            TEXT,
    custom_identifiers  TEXT,
    identities          TEXT,
    more                TEXT
);

CREATE UNIQUE INDEX accounts_key ON accounts (grp, uid);
CREATE INDEX accounts_created ON accounts (grp, created, uid);
CREATE INDEX accounts_updated ON accounts (grp, last_updated, uid);

CREATE TABLE identifiers (
    grp   TEXT NOT NULL,
    space TEXT NOT NULL,
    value TEXT NOT NULL,
    uid   TEXT NOT NULL,
    PRIMARY KEY (grp, space, value)
) WITHOUT ROWID;

CREATE INDEX identifiers_account ON identifiers (grp, uid);

CREATE TABLE sessions (
    grp        TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    site       TEXT    NOT NULL,
    mobile     INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    dynamic    INTEGER NOT NULL,
    provider   TEXT    NOT NULL,
    client_ip  TEXT    NOT NULL,
    user_agent TEXT    NOT NULL,
    PRIMARY KEY (grp, uid, hash)
) WITHOUT ROWID;

CREATE TABLE marks (
    space TEXT    NOT NULL,
    hash  BLOB    NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (space, hash)
) WITHOUT ROWID;

CREATE INDEX marks_until ON marks (until);

CREATE TABLE partners (
    id       INTEGER PRIMARY KEY,
    name     TEXT    NOT NULL,
    secret   BLOB,
    disabled INTEGER NOT NULL,
    created  INTEGER NOT NULL
);

-- The lists in trusted_urls, privileges and sites are JSON arrays of strings; NULL is an empty one.
CREATE TABLE sites (
    id           INTEGER PRIMARY KEY,
    api_key      TEXT    NOT NULL UNIQUE,
    site_id      INTEGER NOT NULL,
    partner      INTEGER NOT NULL,
    grp          TEXT    NOT NULL,
    base_domain  TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    data_center  TEXT    NOT NULL,
    trusted_urls TEXT,
    status       TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    settings     TEXT,
    policies     TEXT,
    schema       TEXT
);

CREATE INDEX sites_partner ON sites (partner, created);

CREATE TABLE keys (
    id          INTEGER PRIMARY KEY,
    user_key    TEXT    NOT NULL UNIQUE,
    partner     INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    secret      BLOB,
    public_key  BLOB,
    privileges  TEXT,
    sites       TEXT,
    disabled    INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    revoked     INTEGER NOT NULL
);

CREATE INDEX keys_partner ON keys (partner, created);

CREATE TABLE signing_keys (
    id        INTEGER PRIMARY KEY,
    kid       TEXT    NOT NULL UNIQUE,
    private   BLOB    NOT NULL,
    public    BLOB    NOT NULL,
    created   INTEGER NOT NULL,
    activates INTEGER NOT NULL,
    retired   INTEGER NOT NULL
);

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    time       INTEGER NOT NULL,
    call_id    TEXT    NOT NULL,
    api_key    TEXT    NOT NULL,
    method     TEXT    NOT NULL,
    error_code INTEGER NOT NULL,
    user_key   TEXT    NOT NULL,
    uid        TEXT    NOT NULL,
    record     TEXT
);

CREATE INDEX audit_site ON audit (api_key, time);

-- One number: it grows with every change to partners, sites, keys and signing keys.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO meta (name, value) VALUES ('config_version', 1);
