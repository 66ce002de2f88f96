-- The data store. An object without an account has an empty uid.
CREATE TABLE data_objects (
    id           INTEGER PRIMARY KEY,
    grp          TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    oid          TEXT    NOT NULL,
    uid          TEXT    NOT NULL,
    rev          INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    last_updated INTEGER NOT NULL,
    uniques      BLOB,
    data         TEXT
);

CREATE UNIQUE INDEX data_objects_key ON data_objects (grp, type, oid, uid);

-- What is deleted with an account.
CREATE INDEX data_objects_account ON data_objects (grp, uid, type, oid) WHERE uid <> '';

-- Its key is the rule that a value belongs to one object. The object holds the same hashes, 32 bytes each, in uniques.
CREATE TABLE data_uniques (
    grp  TEXT NOT NULL,
    type TEXT NOT NULL,
    hash BLOB NOT NULL,
    oid  TEXT NOT NULL,
    uid  TEXT NOT NULL,
    PRIMARY KEY (grp, type, hash)
) WITHOUT ROWID;

CREATE TABLE data_types (
    id      INTEGER PRIMARY KEY,
    grp     TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    rev     INTEGER NOT NULL,
    created INTEGER NOT NULL,
    schema  TEXT
);

CREATE UNIQUE INDEX data_types_key ON data_types (grp, name);
