-- The data store. An object without an account has an empty uid. place is what the rows are spread by: the account's UID,
-- so that an account's objects lie with it, or else the type and the object's id.
CREATE TABLE data_objects (
    grp          text COLLATE "C" NOT NULL,
    place        text COLLATE "C" NOT NULL,
    type         text COLLATE "C" NOT NULL,
    oid          text COLLATE "C" NOT NULL,
    uid          text COLLATE "C" NOT NULL,
    rev          bigint NOT NULL,
    created      bigint NOT NULL,
    last_updated bigint NOT NULL,
    uniques      bytea,
    data         text,
    PRIMARY KEY (grp, place, type, oid, uid)
);

-- The order of searches.
CREATE INDEX data_objects_type ON data_objects (grp, type, oid, uid);

-- Its key is the rule that a value belongs to one object, and it is spread by the hash. The object holds the same hashes,
-- 32 bytes each, in uniques.
CREATE TABLE data_uniques (
    grp  text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    oid  text COLLATE "C" NOT NULL,
    uid  text COLLATE "C" NOT NULL,
    PRIMARY KEY (grp, type, hash)
);

CREATE TABLE data_types (
    grp     text COLLATE "C" NOT NULL,
    name    text COLLATE "C" NOT NULL,
    rev     bigint NOT NULL,
    created bigint NOT NULL,
    schema  text,
    PRIMARY KEY (grp, name)
);
