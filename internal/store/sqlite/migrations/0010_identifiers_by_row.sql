-- Identifiers have the number of their account's row, by which they are found when it is deleted; 0: there was no row when they
-- were claimed. Rows grow, and UIDs are random: by UID, each new account changed a page of this index for itself alone.

DROP INDEX identifiers_account;
ALTER TABLE identifiers ADD COLUMN account INTEGER NOT NULL DEFAULT 0;
UPDATE identifiers SET account = coalesce((SELECT id FROM accounts WHERE accounts.grp = identifiers.grp AND accounts.uid = identifiers.uid), 0);
CREATE INDEX identifiers_account ON identifiers (account);
