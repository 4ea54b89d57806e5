CREATE TABLE spaces (
    space  TEXT PRIMARY KEY,
    length INTEGER NOT NULL, -- values in a vector
    model  INTEGER NOT NULL  -- 1: a model version's, not to be written from outside
) STRICT;

INSERT INTO spaces SELECT space, max(length(value)) / 4, 1 FROM vectors GROUP BY space;

CREATE INDEX vectors_space ON vectors (space);
