-- What tracks are listed by, of the features that count: NULL where there are none.
ALTER TABLE tracks ADD COLUMN tempo_bpm REAL;
ALTER TABLE tracks ADD COLUMN tempo_confidence REAL;
ALTER TABLE tracks ADD COLUMN key TEXT;
ALTER TABLE tracks ADD COLUMN key_confidence REAL;
ALTER TABLE tracks ADD COLUMN meter TEXT;
ALTER TABLE tracks ADD COLUMN meter_confidence REAL;
ALTER TABLE tracks ADD COLUMN features_version TEXT;

UPDATE tracks SET (tempo_bpm, tempo_confidence, key, key_confidence, meter, meter_confidence, features_version) = (
    SELECT tempo_bpm, tempo_confidence, key, key_confidence, meter, meter_confidence, model_version
    FROM features WHERE features.track_id = tracks.track_id);

-- Each holds all that a listing filters by: it is walked in order until a page
-- is full, and no row is read that is not on the page.
DROP INDEX tracks_worth;
DROP INDEX tracks_added;
CREATE INDEX tracks_worth ON tracks (worth DESC, track_id, status, failure_code,
    tempo_bpm, tempo_confidence, key, key_confidence, meter, meter_confidence, features_version);
CREATE INDEX tracks_added_at ON tracks (added_at DESC, track_id, status, failure_code,
    tempo_bpm, tempo_confidence, key, key_confidence, meter, meter_confidence, features_version);
