-- What large results are counted from: how many accounts a group has, how many rows pieces of an index have, and what came since.
-- What is in count_changes is not in the other two yet. How they are kept is in counts.go.

-- An empty group may keep its row; one without a row was not counted yet.
CREATE TABLE group_sizes (
    grp      text COLLATE "C" NOT NULL,
    accounts bigint NOT NULL,
    PRIMARY KEY (grp)
);

-- A piece of an index begins at (key, uid) and ends where the next begins; without rows it is not counted yet. The pieces of an
-- index that has any hold all of its rows.
CREATE TABLE search_counts (
    field bigint NOT NULL,
    key   bytea  NOT NULL,
    uid   text COLLATE "C" NOT NULL,
    rows  bigint,
    PRIMARY KEY (field, key, uid)
);

-- What a transaction has changed, under a drawn name: by how many accounts the group has more, and which rows of indexes came
-- and went.
CREATE TABLE count_changes (
    grp      text COLLATE "C" NOT NULL,
    id       bytea  NOT NULL,
    accounts bigint NOT NULL,
    rows     bytea,
    PRIMARY KEY (grp, id)
);

-- Until when a process adds the changes to the numbers, and others leave it to it.
INSERT INTO meta (name, value) VALUES ('counting', 0);

-- Not where the tables are spread over machines, which have no moment that is the same on all.
ALTER TABLE search_catalogue ADD COLUMN counted boolean NOT NULL DEFAULT true;
