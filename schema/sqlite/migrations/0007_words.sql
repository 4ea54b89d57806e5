-- Which row of words is a track's: words is found by its rowid only.
CREATE TABLE words_of (
    word_row INTEGER PRIMARY KEY,
    track_id TEXT NOT NULL UNIQUE REFERENCES tracks
) STRICT;

INSERT INTO words_of SELECT rowid, track_id FROM words;

DROP TRIGGER tracks_words_added;
DROP TRIGGER tracks_words_changed;

CREATE TRIGGER tracks_words_added AFTER INSERT ON tracks BEGIN
    INSERT INTO words_of (track_id) VALUES (new.track_id);
    INSERT INTO words (rowid, track_id, title, artist, album, source)
    SELECT word_row, new.track_id, new.title, new.artist, new.album, new.source FROM words_of WHERE track_id = new.track_id;
END;

CREATE TRIGGER tracks_words_changed AFTER UPDATE OF title, artist, album ON tracks
WHEN (old.title, old.artist, old.album) IS NOT (new.title, new.artist, new.album) BEGIN
    UPDATE words SET title = new.title, artist = new.artist, album = new.album
    WHERE rowid = (SELECT word_row FROM words_of WHERE track_id = old.track_id);
END;
