-- Times are milliseconds since the Unix epoch; 0 is never. Documents are compact JSON texts, kept byte for byte; NULL is an
-- absent one. What is compared or ordered has the collation "C": by bytes, as the search language does it.
--
-- Whatever belongs to one account begins with grp and uid, so that it can be spread by uid. No sequences, no references
-- between tables, no uniqueness but the primary keys': engines that spread tables over machines have none of these.

CREATE TABLE accounts (
    grp                 text COLLATE "C" NOT NULL,
    uid                 text COLLATE "C" NOT NULL,
    rev                 bigint  NOT NULL,
    created             bigint  NOT NULL,
    registered          bigint  NOT NULL,
    verified            bigint  NOT NULL,
    last_login          bigint  NOT NULL,
    last_updated        bigint  NOT NULL,
    oldest_data_updated bigint  NOT NULL,
    is_active           boolean NOT NULL,
    login_provider      text COLLATE "C" NOT NULL,
    social_providers    text COLLATE "C" NOT NULL,
    reg_source          text COLLATE "C",
    password_hash       text    NOT NULL,
    password_created    bigint  NOT NULL,
    password_history    text,
    must_change         boolean NOT NULL,
    secret_question     text    NOT NULL,
    secret_answer       text    NOT NULL,
    failed_logins       bigint  NOT NULL,
    last_failed_login   bigint  NOT NULL,
    locked_until        bigint  NOT NULL,
    token_epoch         bigint  NOT NULL,
    emails              text,
    login_ids           text,
    profile             text,
    data                text,
    preferences         text,
    subscriptions       text,
    internal            text,
    custom_identifiers  text,
    identities          text,
    more                text,
    PRIMARY KEY (grp, uid)
);

CREATE INDEX accounts_created ON accounts (grp, created, uid);
CREATE INDEX accounts_updated ON accounts (grp, last_updated, uid);

-- Its key is the rule that an identifier belongs to one account.
CREATE TABLE identifiers (
    grp   text COLLATE "C" NOT NULL,
    space text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    uid   text COLLATE "C" NOT NULL,
    PRIMARY KEY (grp, space, value)
);

-- The same the other way round: what an account holds lies with the account.
CREATE TABLE account_identifiers (
    grp   text COLLATE "C" NOT NULL,
    uid   text COLLATE "C" NOT NULL,
    space text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    PRIMARY KEY (grp, uid, space, value)
);

CREATE TABLE sessions (
    grp        text COLLATE "C" NOT NULL,
    uid        text COLLATE "C" NOT NULL,
    hash       bytea   NOT NULL,
    site       text    NOT NULL,
    mobile     boolean NOT NULL,
    created    bigint  NOT NULL,
    expires    bigint  NOT NULL,
    dynamic    boolean NOT NULL,
    provider   text    NOT NULL,
    client_ip  text    NOT NULL,
    user_agent text    NOT NULL,
    PRIMARY KEY (grp, uid, hash)
);

-- The sessions that end by time, in the order of their ends: what a sweep looks for.
CREATE INDEX sessions_end ON sessions (expires) WHERE NOT dynamic AND expires > 0;

CREATE TABLE marks (
    space text COLLATE "C" NOT NULL,
    hash  bytea  NOT NULL,
    until bigint NOT NULL,
    PRIMARY KEY (space, hash)
);

CREATE INDEX marks_until ON marks (until);

-- id is the hash of nonce and owner; claim tells a claim that is made again after a lost connection from another's.
CREATE TABLE nonces (
    id    bytea  NOT NULL,
    until bigint NOT NULL,
    claim bytea  NOT NULL,
    PRIMARY KEY (id)
);

CREATE INDEX nonces_until ON nonces (until);

-- One row for each committed change, for some minutes: what tells whether a commit happened whose answer was lost. done is
-- false in the row of whoever asked before it happened, which makes it never happen.
CREATE TABLE outcomes (
    grp   text COLLATE "C" NOT NULL,
    uid   text COLLATE "C" NOT NULL,
    id    bytea   NOT NULL,
    at    bigint  NOT NULL,
    done  boolean NOT NULL,
    asked bigint  NOT NULL,
    PRIMARY KEY (grp, uid, id)
);

CREATE INDEX outcomes_at ON outcomes (at);

CREATE TABLE partners (
    id       bigint  NOT NULL,
    name     text    NOT NULL,
    secret   bytea,
    disabled boolean NOT NULL,
    created  bigint  NOT NULL,
    PRIMARY KEY (id)
);

-- The lists in trusted_urls, privileges and sites are JSON arrays of strings; NULL is an empty one.
CREATE TABLE sites (
    api_key      text COLLATE "C" NOT NULL,
    site_id      bigint NOT NULL,
    partner      bigint NOT NULL,
    grp          text   NOT NULL,
    base_domain  text   NOT NULL,
    description  text   NOT NULL,
    data_center  text   NOT NULL,
    trusted_urls text,
    status       text   NOT NULL,
    created      bigint NOT NULL,
    settings     text,
    policies     text,
    schema       text,
    PRIMARY KEY (api_key)
);

CREATE TABLE keys (
    user_key    text COLLATE "C" NOT NULL,
    partner     bigint  NOT NULL,
    kind        text    NOT NULL,
    name        text    NOT NULL,
    description text    NOT NULL,
    secret      bytea,
    public_key  bytea,
    privileges  text,
    sites       text,
    disabled    boolean NOT NULL,
    created     bigint  NOT NULL,
    revoked     bigint  NOT NULL,
    PRIMARY KEY (user_key)
);

CREATE TABLE signing_keys (
    kid       text COLLATE "C" NOT NULL,
    private   bytea  NOT NULL,
    public    bytea  NOT NULL,
    created   bigint NOT NULL,
    activates bigint NOT NULL,
    retired   bigint NOT NULL,
    PRIMARY KEY (kid)
);

-- seq counts the records of one process, node names the process: together they order records of one millisecond.
CREATE TABLE audit (
    api_key    text COLLATE "C" NOT NULL,
    time       bigint NOT NULL,
    seq        bigint NOT NULL,
    node       bytea  NOT NULL,
    uid        text COLLATE "C" NOT NULL,
    call_id    text   NOT NULL,
    method     text   NOT NULL,
    error_code bigint NOT NULL,
    user_key   text   NOT NULL,
    record     text,
    PRIMARY KEY (api_key, time, seq, node, uid)
);

-- One number: it grows with every change to partners, sites, keys and signing keys.
CREATE TABLE meta (
    name  text COLLATE "C" NOT NULL,
    value bigint NOT NULL,
    PRIMARY KEY (name)
);

INSERT INTO meta (name, value) VALUES ('config_version', 1);
