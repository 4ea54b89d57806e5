-- Which model version serves readers; the one row that there is has one = 1.
CREATE TABLE serving (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    model_version TEXT NOT NULL,
    previous      TEXT NOT NULL,
    revision      INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    promoted_by   TEXT NOT NULL
) STRICT;

CREATE TABLE model_versions (model_version TEXT PRIMARY KEY) STRICT;

INSERT INTO model_versions SELECT DISTINCT model_version FROM analyses;

-- Until now the newest analysis counted.
INSERT INTO serving
SELECT 1, model_version, '', 1, analysed_at, '' FROM analyses ORDER BY analysed_at DESC, model_version DESC LIMIT 1;

CREATE INDEX analyses_model_version ON analyses (model_version);
