-- Client ids and secrets that the operator stored; `seq` is the order in which they were.
CREATE TABLE implementations (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    sealed BLOB NOT NULL
);
