-- Times are milliseconds since 1970, UTC.

CREATE TABLE tracks (
    track_id        TEXT PRIMARY KEY,
    source          TEXT NOT NULL,
    sha256          TEXT NOT NULL DEFAULT '',
    title           TEXT NOT NULL DEFAULT '',
    artist          TEXT NOT NULL DEFAULT '',
    album           TEXT NOT NULL DEFAULT '',
    duration_s      REAL NOT NULL DEFAULT 0,
    status          TEXT NOT NULL,
    failure_code    TEXT NOT NULL DEFAULT '',
    failure_message TEXT NOT NULL DEFAULT '',
    model_version   TEXT NOT NULL DEFAULT '',
    added_at        INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
) STRICT;

-- result is the whole analysis as JSON, but for its vector: nobody filters by
-- what is in it that features does not hold.
CREATE TABLE analyses (
    track_id      TEXT NOT NULL REFERENCES tracks,
    model_version TEXT NOT NULL,
    analysed_at   INTEGER NOT NULL,
    result        TEXT NOT NULL,
    PRIMARY KEY (track_id, model_version)
) STRICT;

CREATE TABLE features (
    track_id         TEXT PRIMARY KEY REFERENCES tracks,
    tempo_bpm        REAL NOT NULL,
    tempo_confidence REAL NOT NULL,
    key              TEXT NOT NULL,
    key_confidence   REAL NOT NULL,
    meter            TEXT NOT NULL,
    meter_confidence REAL NOT NULL,
    loudness_db      REAL NOT NULL,
    duration_s       REAL NOT NULL,
    model_version    TEXT NOT NULL,
    labelled         TEXT NOT NULL, -- comma-separated
    updated_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX features_tempo_bpm ON features (tempo_bpm);
CREATE INDEX features_tempo_confidence ON features (tempo_confidence);
CREATE INDEX features_key ON features (key);
CREATE INDEX features_meter ON features (meter);
CREATE INDEX features_model_version ON features (model_version);

-- value is little-endian 32-bit floats; space is the model version they came from.
CREATE TABLE vectors (
    track_id TEXT NOT NULL REFERENCES tracks,
    space    TEXT NOT NULL,
    value    BLOB NOT NULL,
    PRIMARY KEY (track_id, space)
) STRICT;

CREATE TABLE labels (
    track_id  TEXT NOT NULL REFERENCES tracks,
    at        INTEGER NOT NULL,
    author    TEXT NOT NULL,
    note      TEXT NOT NULL,
    tempo_bpm REAL NOT NULL,
    key       TEXT NOT NULL,
    meter     TEXT NOT NULL,
    PRIMARY KEY (track_id, at)
) STRICT;
