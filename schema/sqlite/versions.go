package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"earworm/schema"
)

// querier is what reads, in a transaction or outside.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Serving is as schema.Versions says.
func (s *Store) Serving(ctx context.Context) (schema.Serving, error) {
	v, err := readServing(ctx, s.r)
	return v, s.wrap("read the serving version", err)
}

func readServing(ctx context.Context, db querier) (v schema.Serving, err error) {
	var at int64
	err = db.QueryRowContext(ctx, "SELECT model_version, previous, revision, at, promoted_by FROM serving").
		Scan(&v.ModelVersion, &v.Previous, &v.Revision, &at, &v.By)
	if errors.Is(err, sql.ErrNoRows) {
		return schema.Serving{}, nil
	}
	v.At = fromMilli(at)
	return v, err
}

// Promote is as schema.Versions says.
func (s *Store) Promote(ctx context.Context, version, by string, from schema.Serving) (now schema.Serving, err error) {
	err = s.tx(ctx, func(tx *sql.Tx) error {
		there, err := readServing(ctx, tx)
		if err != nil {
			return err
		}
		if there.Revision != from.Revision {
			return fmt.Errorf("%s serves since: %w", there.ModelVersion, schema.ErrConflict)
		}
		var heard int
		if err := tx.QueryRowContext(ctx, "SELECT 1 FROM model_versions WHERE model_version = ?", version).Scan(&heard); err != nil {
			return found(err)
		}
		now = schema.Serving{
			ModelVersion: version, Previous: there.Previous, Revision: there.Revision + 1,
			At: time.Now().UTC().Truncate(time.Millisecond), By: by,
		}
		if version != there.ModelVersion {
			now.Previous = there.ModelVersion
		}
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO serving VALUES (1, ?, ?, ?, ?, ?)",
			now.ModelVersion, now.Previous, now.Revision, now.At.UnixMilli(), now.By)
		return err
	})
	return now, s.wrap("promote "+version, err)
}

// firstServes lets the version of the first analysis serve, and lists it.
func firstServes(ctx context.Context, tx *sql.Tx, version string, at time.Time) error {
	if _, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO model_versions VALUES (?)", version); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "INSERT OR IGNORE INTO serving VALUES (1, ?, '', 1, ?, '')", version, at.UnixMilli())
	return err
}

// RefreshFeatures is as schema.Versions says.
func (s *Store) RefreshFeatures(ctx context.Context, id schema.TrackID) error {
	err := s.tx(ctx, func(tx *sql.Tx) error { return refreshFeatures(ctx, tx, id) })
	return s.wrap("refresh features of track "+string(id), err)
}

// ModelVersions is as schema.Versions says.
func (s *Store) ModelVersions(ctx context.Context) ([]string, error) {
	versions, err := all(ctx, s.r, func(r row) (v string, err error) { return v, r.Scan(&v) },
		"SELECT model_version FROM model_versions ORDER BY 1")
	return versions, s.wrap("list model versions", err)
}

// TrackAnalyses is as schema.Versions says.
func (s *Store) TrackAnalyses(ctx context.Context, id schema.TrackID) ([]schema.Analysis, error) {
	analyses, err := trackAnalyses(ctx, s.r, id)
	return analyses, s.wrap("read analyses of track "+string(id), err)
}

func trackAnalyses(ctx context.Context, db querier, id schema.TrackID) ([]schema.Analysis, error) {
	return all(ctx, db, readAnalysis, `SELECT result, NULL FROM analyses WHERE track_id = ?
		ORDER BY analysed_at DESC, model_version DESC`, id)
}

// all gathers the rows that a query gives.
func all[T any](ctx context.Context, db querier, scan func(row) (T, error), query string, args ...any) (got []T, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		got = append(got, t)
	}
	return got, rows.Err()
}

// DeleteAnalysis is as schema.Versions says.
func (s *Store) DeleteAnalysis(ctx context.Context, id schema.TrackID, version string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := notServing(ctx, tx, version); err != nil {
			return err
		}
		if err := one(tx.ExecContext(ctx, "DELETE FROM analyses WHERE track_id = ? AND model_version = ?", id, version)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM vectors WHERE track_id = ? AND space = ?", id, version); err != nil {
			return err
		}
		err := refreshFeatures(ctx, tx, id)
		if !errors.Is(err, schema.ErrNotFound) {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM features WHERE track_id = ?", id); err != nil { // it was the only one
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE tracks SET worth = 0, worth_reasons = '[]', apart_tempo = 0, apart_meter = 0, tempo_bpm = NULL, tempo_confidence = NULL,
				key = NULL, key_confidence = NULL, meter = NULL, meter_confidence = NULL, features_version = NULL WHERE track_id = ?`, id)
		return err
	})
	return s.wrap("delete analysis of track "+string(id)+" by "+version, err)
}

func notServing(ctx context.Context, tx *sql.Tx, version string) error {
	serving, err := readServing(ctx, tx)
	if err == nil && serving.ModelVersion == version {
		err = schema.ErrServing
	}
	return err
}

// ForgetVersion is as schema.Versions says.
func (s *Store) ForgetVersion(ctx context.Context, version string) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if err := notServing(ctx, tx, version); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM spaces WHERE space = ? AND model = 1", version); err != nil {
			return err
		}
		return one(tx.ExecContext(ctx, "DELETE FROM model_versions WHERE model_version = ?", version))
	})
	return s.wrap("forget version "+version, err)
}
