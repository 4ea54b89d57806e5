-- What writes that named themselves by a key were answered, for a while.
CREATE TABLE answers (
    key     TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    status  INTEGER NOT NULL, -- 0: still at work
    kind    TEXT NOT NULL,
    body    BLOB NOT NULL,
    until   INTEGER NOT NULL  -- ms since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_until ON answers (until);
