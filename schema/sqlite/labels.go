package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"earworm/schema"
)

// AddLabel is as schema.Labels says. A zero At is now. Another label of the
// same millisecond is not touched: l then gets the next one that is free.
func (s *Store) AddLabel(ctx context.Context, l schema.Label) error {
	if l.At.IsZero() {
		l.At = time.Now()
	}
	l.At, l.TakesBack = l.At.UTC().Truncate(time.Millisecond), l.TakesBack.UTC().Truncate(time.Millisecond)
	err := s.tx(ctx, func(tx *sql.Tx) error { return addLabel(ctx, tx, l) })
	return s.wrap("label track "+string(l.TrackID), err)
}

func addLabel(ctx context.Context, tx *sql.Tx, l schema.Label) error {
	var one int
	if err := tx.QueryRowContext(ctx, "SELECT 1 FROM tracks WHERE track_id = ?", l.TrackID).Scan(&one); err != nil {
		return found(err)
	}
	for ; ; l.At = l.At.Add(time.Millisecond) {
		there, err := scanLabel(tx.QueryRowContext(ctx,
			"SELECT "+labelColumns+" FROM labels WHERE track_id = ? AND at = ?", l.TrackID, l.At.UnixMilli()))
		if errors.Is(err, sql.ErrNoRows) {
			break
		}
		if err != nil || there == l {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "INSERT INTO labels ("+labelColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		l.TrackID, l.At.UnixMilli(), l.Author, l.Note, l.TempoBPM, l.Key.String(), l.Meter.String(), l.DownbeatS, takesBack(l)); err != nil {
		return err
	}
	err := refreshFeatures(ctx, tx, l.TrackID)
	if errors.Is(err, schema.ErrNotFound) {
		return nil // the label waits for the first analysis
	}
	return err
}

const labelColumns = "track_id, at, author, note, tempo_bpm, key, meter, downbeat_s, takes_back"

// takesBack is the time of the label taken back, 0 for none.
func takesBack(l schema.Label) int64 {
	if l.TakesBack.IsZero() {
		return 0
	}
	return l.TakesBack.UnixMilli()
}

func scanLabel(r row) (schema.Label, error) {
	var l schema.Label
	var at, back int64
	var key, meter []byte
	if err := r.Scan(&l.TrackID, &at, &l.Author, &l.Note, &l.TempoBPM, &key, &meter, &l.DownbeatS, &back); err != nil {
		return l, err
	}
	l.At = fromMilli(at)
	if back != 0 {
		l.TakesBack = fromMilli(back)
	}
	if err := l.Key.UnmarshalText(key); err != nil {
		return l, err
	}
	return l, l.Meter.UnmarshalText(meter)
}

// TrackLabels is as schema.Labels says.
func (s *Store) TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error) {
	labels, err := readLabels(ctx, s.r, id)
	return labels, s.wrap("read labels of track "+string(id), err)
}

func readLabels(ctx context.Context, db querier, id schema.TrackID) ([]schema.Label, error) {
	return all(ctx, db, scanLabel, "SELECT "+labelColumns+" FROM labels WHERE track_id = ? ORDER BY at", id)
}
