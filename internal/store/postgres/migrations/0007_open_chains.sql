-- The chains that retention has to look at: those that have not ended, of a partner, the oldest first.

CREATE INDEX audit_chains_open ON audit_chains (partner, opened) WHERE NOT ended;
