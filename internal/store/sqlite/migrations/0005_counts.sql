-- How many accounts a group has, and how many rows pieces of an index have: numbers of large results are sums of these. The
-- triggers keep them right whichever program writes.

CREATE TABLE group_sizes (
    grp      TEXT    NOT NULL PRIMARY KEY,
    accounts INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO group_sizes (grp, accounts) SELECT grp, count(*) FROM accounts GROUP BY grp;

CREATE TRIGGER accounts_added AFTER INSERT ON accounts BEGIN
    INSERT INTO group_sizes (grp, accounts) VALUES (new.grp, 1) ON CONFLICT (grp) DO UPDATE SET accounts = accounts + 1;
END;

CREATE TRIGGER accounts_removed AFTER DELETE ON accounts BEGIN
    UPDATE group_sizes SET accounts = accounts - 1 WHERE grp = old.grp;
END;

-- A piece of an index begins at (key, owner) and ends where the next begins; -1 rows: it is not counted yet. The pieces of
-- an index that has any hold all of its rows.
CREATE TABLE search_counts (
    field INTEGER NOT NULL,
    key   BLOB    NOT NULL,
    owner TEXT    NOT NULL,
    rows  INTEGER NOT NULL,
    PRIMARY KEY (field, key, owner)
) WITHOUT ROWID;

CREATE TRIGGER search_keys_added AFTER INSERT ON search_keys BEGIN
    UPDATE search_counts SET rows = rows + 1 WHERE field = new.field AND rows >= 0 AND (key, owner) =
        (SELECT key, owner FROM search_counts WHERE field = new.field AND (key, owner) <= (new.key, new.owner)
        ORDER BY key DESC, owner DESC LIMIT 1);
END;

CREATE TRIGGER search_keys_removed AFTER DELETE ON search_keys BEGIN
    UPDATE search_counts SET rows = rows - 1 WHERE field = old.field AND rows >= 0 AND (key, owner) =
        (SELECT key, owner FROM search_counts WHERE field = old.field AND (key, owner) <= (old.key, old.owner)
        ORDER BY key DESC, owner DESC LIMIT 1);
END;
