-- A label may say where a bar begins, and take back another (the time of that; 0: none).
ALTER TABLE labels ADD COLUMN downbeat_s REAL NOT NULL DEFAULT 0;
ALTER TABLE labels ADD COLUMN takes_back INTEGER NOT NULL DEFAULT 0;
