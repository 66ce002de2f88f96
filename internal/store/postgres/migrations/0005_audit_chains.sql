-- Where records of the audit log are in the chains of those who wrote them, and how they are found. Records of before have no
-- chain.

ALTER TABLE audit ADD COLUMN partner bigint NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN chain text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN number bigint NOT NULL DEFAULT 0;
ALTER TABLE audit ADD COLUMN prev bytea;
ALTER TABLE audit ADD COLUMN mac bytea;

CREATE INDEX audit_chain ON audit (chain, number);
CREATE INDEX audit_uid ON audit (api_key, uid, time, seq, node) WHERE uid <> '';
CREATE INDEX audit_user_key ON audit (api_key, user_key, time, seq, node, uid) WHERE user_key <> '';
CREATE INDEX audit_method ON audit (api_key, lower(method), time, seq, node, uid);

CREATE TABLE audit_chains (
    name        text COLLATE "C" NOT NULL,
    partner     bigint NOT NULL,
    opened      bigint NOT NULL,
    removed     bigint NOT NULL,
    removed_mac bytea,
    head        bigint NOT NULL,
    head_mac    bytea,
    ended       boolean NOT NULL,
    seal        bytea,
    PRIMARY KEY (name)
);
