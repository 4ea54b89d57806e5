-- What a person's minute is worth; of tracks already there until their features
-- are made anew, by their confidence alone.
ALTER TABLE tracks ADD COLUMN worth REAL NOT NULL DEFAULT 0;
ALTER TABLE tracks ADD COLUMN worth_reasons TEXT NOT NULL DEFAULT '[]';

UPDATE tracks SET worth = coalesce((
    SELECT round(3 - tempo_confidence - key_confidence - meter_confidence, 3)
    FROM features WHERE features.track_id = tracks.track_id), 0);

CREATE INDEX tracks_worth ON tracks (worth DESC, track_id);
CREATE INDEX tracks_added ON tracks (added_at DESC, track_id);
CREATE INDEX tracks_status ON tracks (status, failure_code);

CREATE VIRTUAL TABLE words USING fts5 (
    track_id UNINDEXED, title, artist, album, source,
    tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
);
INSERT INTO words SELECT track_id, title, artist, album, source FROM tracks;

CREATE TRIGGER tracks_words_added AFTER INSERT ON tracks BEGIN
    INSERT INTO words VALUES (new.track_id, new.title, new.artist, new.album, new.source);
END;
-- words is searched by rowid only through track_id, which it does not index:
-- tags change at most once, when empty ones are filled in.
CREATE TRIGGER tracks_words_changed AFTER UPDATE OF title, artist, album ON tracks
WHEN (old.title, old.artist, old.album) IS NOT (new.title, new.artist, new.album) BEGIN
    DELETE FROM words WHERE track_id = old.track_id;
    INSERT INTO words VALUES (new.track_id, new.title, new.artist, new.album, new.source);
END;

CREATE TABLE pictures (
    track_id TEXT NOT NULL REFERENCES tracks,
    kind     TEXT NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (track_id, kind)
) STRICT;

CREATE TABLE summaries (one INTEGER PRIMARY KEY CHECK (one = 1), summary TEXT NOT NULL) STRICT;
