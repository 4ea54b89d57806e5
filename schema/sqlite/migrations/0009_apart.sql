-- Which values of a track are unlike all others of its album.
ALTER TABLE tracks ADD COLUMN apart_tempo INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tracks ADD COLUMN apart_meter INTEGER NOT NULL DEFAULT 0;
