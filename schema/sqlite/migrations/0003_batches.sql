CREATE TABLE batches (
    batch_id   TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    batch      TEXT NOT NULL -- the rest, as JSON
) STRICT;

CREATE TABLE outcomes (
    batch_id TEXT NOT NULL REFERENCES batches,
    part     INTEGER NOT NULL,
    track_id TEXT NOT NULL,
    code     TEXT NOT NULL, -- '': done
    PRIMARY KEY (batch_id, part, track_id)
) STRICT, WITHOUT ROWID;
