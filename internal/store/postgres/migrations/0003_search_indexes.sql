-- The indexes of fields of documents. They come by use and go without it; what reads or writes them is the driver.

-- One row. Its number grows with every change to search_fields that those who write accounts have to know of: they read it in
-- their own transactions. Nothing else is in the table, so that nothing else is in their way.
CREATE TABLE search_catalogue (
    id      bigint NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (id)
);

INSERT INTO search_catalogue (id, version) VALUES (1, 1);

-- path is a JSON array; kind and flags are those of the driver; state: 1 is being filled, 2 ready, 3 going. Accounts up to the
-- UID in filled are in the index, and further ones that were changed meanwhile. worker is the process that fills or empties it,
-- until the time in until unless it says so again.
CREATE TABLE search_fields (
    grp     text COLLATE "C" NOT NULL,
    kind    bigint NOT NULL,
    path    text COLLATE "C" NOT NULL,
    id      bigint NOT NULL,
    state   bigint NOT NULL,
    flags   bigint NOT NULL,
    filled  text COLLATE "C" NOT NULL,
    created bigint NOT NULL,
    used    bigint NOT NULL,
    worker  bytea  NOT NULL,
    until   bigint NOT NULL,
    PRIMARY KEY (grp, kind, path)
);

-- A row for each index, key and account; the index belongs to one group. first: the key by which the account is ordered; each
-- has one in each index. All of it is in the primary key, so that searches read nothing else, and so is what it is spread by: the
-- keys of an account lie with it.
CREATE TABLE search_keys (
    field bigint NOT NULL,
    key   bytea  NOT NULL,
    uid   text COLLATE "C" NOT NULL,
    first boolean NOT NULL,
    PRIMARY KEY (field, key, uid, first)
);
