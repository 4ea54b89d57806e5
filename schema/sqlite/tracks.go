package sqlite

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"earworm/schema"
)

// AddTrack is as schema.Tracks says. A zero AddedAt is now.
func (s *Store) AddTrack(ctx context.Context, t schema.Track) (added bool, err error) {
	if t.AddedAt.IsZero() {
		t.AddedAt = time.Now()
	}
	at := t.AddedAt.UnixMilli()
	result, err := s.w.ExecContext(ctx, `
		INSERT INTO tracks (track_id, source, title, artist, album, status, added_at, updated_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		t.ID, t.Source, t.Title, t.Artist, t.Album, schema.Pending, at, at)
	if err != nil {
		return false, s.wrap("add track "+string(t.ID), err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return n == 1, s.wrap("add track "+string(t.ID), err)
	}
	if t.Title+t.Artist+t.Album == "" {
		return false, nil
	}
	_, err = s.w.ExecContext(ctx, `
		UPDATE tracks SET title = coalesce(nullif(title, ''), ?),
			artist = coalesce(nullif(artist, ''), ?), album = coalesce(nullif(album, ''), ?)
		WHERE track_id = ?`, t.Title, t.Artist, t.Album, t.ID)
	return false, s.wrap("add track "+string(t.ID), err)
}

const trackColumns = `track_id, source, sha256, title, artist, album, duration_s, status,
	failure_code, failure_message, model_version, added_at, updated_at`

func scanTrack(r row) (schema.Track, error) {
	var t schema.Track
	var failure schema.Failure
	var added, updated int64
	err := r.Scan(&t.ID, &t.Source, &t.SHA256, &t.Title, &t.Artist, &t.Album, &t.DurationS, &t.Status,
		&failure.Code, &failure.Message, &t.ModelVersion, &added, &updated)
	if failure.Code != "" {
		t.Failure = &failure
	}
	t.AddedAt, t.UpdatedAt = fromMilli(added), fromMilli(updated)
	return t, err
}

// Track is as schema.Tracks says.
func (s *Store) Track(ctx context.Context, id schema.TrackID) (schema.Track, error) {
	t, err := scanTrack(s.r.QueryRowContext(ctx, "SELECT "+trackColumns+" FROM tracks WHERE track_id = ?", id))
	if err != nil {
		return schema.Track{}, s.wrap("read track "+string(id), found(err))
	}
	return t, nil
}

// AllTracks is as schema.Tracks says.
func (s *Store) AllTracks(ctx context.Context) iter.Seq2[schema.Track, error] {
	return pages(ctx, s, "SELECT "+trackColumns+" FROM tracks WHERE true", nil, "", scanTrack,
		func(t schema.Track) schema.TrackID { return t.ID })
}

// pageSize is how many rows a walk holds at a time.
const pageSize = 500

// pages walks what query selects, in the order of track_id. It reads page by
// page, and no page is open while its reader works: one long transaction would
// keep the write-ahead log growing.
// It begins after a track; "" is before all.
func pages[T any](ctx context.Context, s *Store, query string, args []any, after schema.TrackID,
	scan func(row) (T, error), id func(T) schema.TrackID,
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		after := after
		for {
			got, err := all(ctx, s.r, scan, fmt.Sprintf("%s AND track_id > ? ORDER BY track_id LIMIT %d", query, pageSize),
				append(slices.Clip(args), after)...)
			if err != nil {
				var none T
				yield(none, s.wrap("walk", err))
				return
			}
			for _, t := range got {
				if !yield(t, nil) {
					return
				}
			}
			if len(got) < pageSize {
				return
			}
			after = id(got[len(got)-1])
		}
	}
}

// Counts is as schema.Store says.
func (s *Store) Counts(ctx context.Context) (schema.Counts, error) {
	c := schema.Counts{Failures: map[schema.Code]int{}, Versions: map[string]int{}}
	err := s.count(ctx, &c)
	return c, s.wrap("count", err)
}

func (s *Store) count(ctx context.Context, c *schema.Counts) error {
	rows, err := s.r.QueryContext(ctx,
		"SELECT status, failure_code, model_version, count(*) FROM tracks GROUP BY 1, 2, 3")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var status schema.Status
		var code schema.Code
		var version string
		var n int
		if err := rows.Scan(&status, &code, &version, &n); err != nil {
			return err
		}
		c.Tracks += n
		switch status {
		case schema.Pending:
			c.Pending += n
		case schema.Analysed:
			c.Analysed += n
			c.Versions[version] += n
		case schema.Failed:
			c.Failed += n
			c.Failures[code] += n
		}
	}
	return rows.Err()
}
