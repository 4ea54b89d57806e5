package cassandra

import (
	"context"
	"encoding/json"
	"iter"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// AllLabels is as schema.Review says. It reads token ranges side by side.
func (s *Store) AllLabels(ctx context.Context) iter.Seq2[schema.Label, error] {
	return walk(ctx, s, "SELECT "+labelColumns+" FROM labels", scanLabel)
}

// SavePicture is as schema.Review says.
func (s *Store) SavePicture(ctx context.Context, id schema.TrackID, kind string, data []byte) error {
	err := schema.CheckPicture(data)
	if err == nil {
		err = s.known(ctx, id)
	}
	if err == nil {
		err = s.query("INSERT INTO pictures (track_id, kind, data) VALUES (?, ?, ?)", id, kind, data).ExecContext(ctx)
	}
	return s.wrap("save "+kind+" of track", id, err)
}

// Picture is as schema.Review says.
func (s *Store) Picture(ctx context.Context, id schema.TrackID, kind string) (data []byte, err error) {
	err = s.query("SELECT data FROM pictures WHERE track_id = ? AND kind = ?", id, kind).ScanContext(ctx, &data)
	return data, s.wrap("read "+kind+" of track", id, found(err))
}

// SetApart is as schema.Review says. Whoever makes the features anew meanwhile
// upon a revision that they read before this one does so again: see renewFeatures.
func (s *Store) SetApart(ctx context.Context, id schema.TrackID, apart schema.Apart) error {
	known, _, err := cas(ctx, func() *gocql.Query {
		return s.query("UPDATE features SET apart_tempo = ?, apart_meter = ? WHERE track_id = ? IF EXISTS", apart.Tempo, apart.Meter, id)
	})
	if err == nil && !known {
		err = schema.ErrNotFound
	}
	if err == nil {
		err = s.refreshFeatures(ctx, id)
	}
	return s.wrap("set apart track", id, err)
}

// SaveSummary is as schema.Review says.
func (s *Store) SaveSummary(ctx context.Context, sum schema.Summary) error {
	raw, err := json.Marshal(sum)
	if err == nil {
		err = s.query("INSERT INTO summaries (name, summary) VALUES ('catalogue', ?)", string(raw)).ExecContext(ctx)
	}
	return s.config.wrap("save summary", err)
}

// Summary is as schema.Review says.
func (s *Store) Summary(ctx context.Context) (sum schema.Summary, err error) {
	var raw []byte
	err = found(s.query("SELECT summary FROM summaries WHERE name = 'catalogue'").ScanContext(ctx, &raw))
	if err == nil {
		err = json.Unmarshal(raw, &sum)
	}
	return sum, s.config.wrap("read summary", err)
}
