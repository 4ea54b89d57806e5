package cassandra

import (
	"context"
	"iter"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// AddTrack is as schema.Tracks says. A zero AddedAt is now.
func (s *Store) AddTrack(ctx context.Context, t schema.Track) (added bool, err error) {
	if t.AddedAt.IsZero() {
		t.AddedAt = time.Now()
	}
	by := gocql.MustRandomUUID()
	added, there, err := cas(ctx, func() *gocql.Query {
		return s.query(`INSERT INTO tracks (track_id, source, title, artist, album, added_at, added_by)
			VALUES (?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
			t.ID, t.Source, t.Title, t.Artist, t.Album, t.AddedAt, by)
	})
	if err != nil {
		return false, s.wrap("add track", t.ID, err)
	}
	// A track that was there is listed again, too: whoever added it may have
	// died before.
	if added || there["added_by"] == by {
		return true, s.wrap("list track", t.ID, s.relist(ctx, t.ID, nil))
	}
	for _, tag := range []struct{ column, value string }{
		{"title", t.Title}, {"artist", t.Artist}, {"album", t.Album},
	} {
		if tag.value == "" || there[tag.column] != "" {
			continue
		}
		if _, _, err := cas(ctx, func() *gocql.Query {
			return s.query("UPDATE tracks SET "+tag.column+" = ? WHERE track_id = ? IF "+tag.column+" = ''", tag.value, t.ID)
		}); err != nil {
			return false, s.wrap("add track", t.ID, err)
		}
	}
	return false, s.wrap("list track", t.ID, s.relist(ctx, t.ID, nil))
}

const trackColumns = `track_id, source, sha256, title, artist, album, duration_s, status,
	failure_code, failure_message, model_version, added_at, updated_at`

func scanTrack(r row) (schema.Track, error) {
	var t schema.Track
	var failure schema.Failure
	var updated *time.Time
	err := r(&t.ID, &t.Source, &t.SHA256, &t.Title, &t.Artist, &t.Album, &t.DurationS, &t.Status,
		&failure.Code, &failure.Message, &t.ModelVersion, &t.AddedAt, &updated)
	if failure.Code != "" {
		t.Failure = &failure
	}
	if t.Status == "" {
		t.Status = schema.Pending
	}
	t.UpdatedAt = t.AddedAt
	if updated != nil {
		t.UpdatedAt = *updated
	}
	return t, err
}

// Track is as schema.Tracks says.
func (s *Store) Track(ctx context.Context, id schema.TrackID) (schema.Track, error) {
	t, err := scanTrack(s.row(ctx, "SELECT "+trackColumns+" FROM tracks WHERE track_id = ?", id))
	if err != nil {
		return schema.Track{}, s.wrap("read track", id, found(err))
	}
	return t, nil
}

// known is ErrNotFound for a track that was never added. No track is ever
// removed, so that what it says stays true.
func (s *Store) known(ctx context.Context, id schema.TrackID) error {
	var source string
	return found(s.query("SELECT source FROM tracks WHERE track_id = ?", id).ScanContext(ctx, &source))
}

// AllTracks is as schema.Tracks says. It reads token ranges side by side.
func (s *Store) AllTracks(ctx context.Context) iter.Seq2[schema.Track, error] {
	return walk(ctx, s, "SELECT "+trackColumns+" FROM tracks", scanTrack)
}

// Counts is as schema.Store says. It reads the whole catalogue.
func (s *Store) Counts(ctx context.Context) (schema.Counts, error) {
	c := schema.Counts{Failures: map[schema.Code]int{}, Versions: map[string]int{}}
	for t, err := range s.AllTracks(ctx) {
		if err != nil {
			return schema.Counts{}, s.config.wrap("count", err)
		}
		c.Add(t)
	}
	return c, nil
}
