-- What partners, sites and keys have beside their columns, as JSON objects; NULL is an empty one. previous is the secret before
-- the last rotation, good until previous_until.
ALTER TABLE partners ADD COLUMN previous BLOB;
ALTER TABLE partners ADD COLUMN previous_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partners ADD COLUMN config TEXT;
ALTER TABLE sites ADD COLUMN config TEXT;
ALTER TABLE sites ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN previous BLOB;
ALTER TABLE keys ADD COLUMN previous_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN config TEXT;

-- The configuration of partners and sites, an object a row. owner is "partner:" and the number of the partner, or the API key
-- of the site. A rowid table: documents may be large. secrets is sealed.
CREATE TABLE config_objects (
    id       INTEGER PRIMARY KEY,
    owner    TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    document TEXT,
    secrets  BLOB,
    created  INTEGER NOT NULL,
    updated  INTEGER NOT NULL
);

CREATE UNIQUE INDEX config_objects_key ON config_objects (owner, kind, name);
