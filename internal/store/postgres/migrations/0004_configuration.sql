-- What partners, sites and keys have beside their columns, as JSON objects; NULL is an empty one. previous is the secret before
-- the last rotation, good until previous_until.
ALTER TABLE partners ADD COLUMN previous bytea;
ALTER TABLE partners ADD COLUMN previous_until bigint NOT NULL DEFAULT 0;
ALTER TABLE partners ADD COLUMN config text;
ALTER TABLE sites ADD COLUMN config text;
ALTER TABLE sites ADD COLUMN deleted bigint NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN previous bytea;
ALTER TABLE keys ADD COLUMN previous_until bigint NOT NULL DEFAULT 0;
ALTER TABLE keys ADD COLUMN config text;

-- The configuration of partners and sites, an object a row. owner is "partner:" and the number of the partner, or the API key
-- of the site. secrets is sealed.
CREATE TABLE config_objects (
    owner    text COLLATE "C" NOT NULL,
    kind     text COLLATE "C" NOT NULL,
    name     text COLLATE "C" NOT NULL,
    document text,
    secrets  bytea,
    created  bigint NOT NULL,
    updated  bigint NOT NULL,
    PRIMARY KEY (owner, kind, name)
);
