-- The indexes of fields of documents. They come by use and go without it; what reads or writes them is the driver.
-- path is a JSON array; kind and flags are those of the driver; state: 1 is being filled, 2 ready, 3 going.
-- Accounts up to the row number in filled are in the index, and further ones that were changed meanwhile.
CREATE TABLE search_fields (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    grp     TEXT    NOT NULL,
    kind    INTEGER NOT NULL,
    path    TEXT    NOT NULL,
    state   INTEGER NOT NULL,
    flags   INTEGER NOT NULL,
    filled  INTEGER NOT NULL,
    created INTEGER NOT NULL,
    used    INTEGER NOT NULL,
    UNIQUE (grp, kind, path)
);

-- owner is the UID, which decides between accounts with equal keys; account is the row of the account. first: the key by
-- which the account is ordered; each has one in each index.
CREATE TABLE search_keys (
    field   INTEGER NOT NULL,
    key     BLOB    NOT NULL,
    owner   TEXT    NOT NULL,
    account INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    PRIMARY KEY (field, key, owner)
) WITHOUT ROWID;

-- The rows of accounts that were written or deleted while the index is filled: they have their keys, or none, already.
CREATE TABLE search_changed (
    field   INTEGER NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (field, account)
) WITHOUT ROWID;

-- Grows with every change to search_fields that those who read or write accounts have to know of.
INSERT INTO meta (name, value) VALUES ('search_version', 1);
