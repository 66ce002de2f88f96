-- Who writes accounts keeps the sizes of their groups, once in a transaction: a trigger would do so once for each account, which
-- is a tenth of what an import costs.
DROP TRIGGER accounts_added;
DROP TRIGGER accounts_removed;
