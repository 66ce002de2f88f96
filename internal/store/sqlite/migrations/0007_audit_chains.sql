-- Where records of the audit log are in the chains of those who wrote them, and how they are found. Records of before have no
-- chain.

ALTER TABLE audit ADD COLUMN partner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN chain   TEXT    NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN number  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN prev    BLOB;
ALTER TABLE audit ADD COLUMN mac     BLOB;

CREATE INDEX audit_chain ON audit (chain, number);
-- In pieces of a thousand records, because UIDs are random: an index over all of them would make every record rewrite a page
-- of its own, while those that are written together share the few pages of the last piece.
CREATE INDEX audit_uid ON audit (id >> 10, uid) WHERE uid <> '';
CREATE INDEX audit_user_key ON audit (api_key, user_key, time) WHERE user_key <> '';
CREATE INDEX audit_method ON audit (api_key, method COLLATE NOCASE, time);

CREATE TABLE audit_chains (
    name        TEXT    PRIMARY KEY,
    partner     INTEGER NOT NULL,
    opened      INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    removed_mac BLOB,
    head        INTEGER NOT NULL,
    head_mac    BLOB,
    ended       INTEGER NOT NULL,
    seal        BLOB
) WITHOUT ROWID;
