-- Every column named `sealed` is encrypted; the others are what rows are found by.

-- `check` says which key the database belongs to.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
);

-- Flows in progress: state, principal, claims.
CREATE TABLE flows (
    flow_id TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
);

-- What a flow did towards linking: the attempt under way, what a callback brought, device codes, tokens without an entry yet.
CREATE TABLE links (
    flow_id TEXT PRIMARY KEY REFERENCES flows (flow_id) ON DELETE CASCADE,
    sealed BLOB NOT NULL
);

-- The last effect of a flow that may run only once; what came of it, where that is known.
CREATE TABLE once (
    flow_id TEXT PRIMARY KEY REFERENCES flows (flow_id) ON DELETE CASCADE,
    effect INTEGER NOT NULL,
    sealed BLOB
);

-- `seq` is the order in which entries were made.
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    entry_id TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL,
    unique_id TEXT,
    sealed BLOB NOT NULL
);
CREATE INDEX entries_by_domain ON entries (domain, seq);
CREATE UNIQUE INDEX entries_by_unique_id ON entries (domain, unique_id) WHERE unique_id IS NOT NULL;

-- `refreshing` is set before a refresh token is sent, and taken back when what came of it is stored.
CREATE TABLE tokens (
    domain TEXT NOT NULL,
    key TEXT NOT NULL,
    refreshing INTEGER NOT NULL DEFAULT 0,
    sealed BLOB NOT NULL,
    PRIMARY KEY (domain, key)
);
