package cassandra

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// Serving is as schema.Versions says.
func (s *Store) Serving(ctx context.Context) (schema.Serving, error) {
	v, err := s.serving(ctx)
	return v, s.config.wrap("read the serving version", err)
}

func (s *Store) serving(ctx context.Context) (v schema.Serving, err error) {
	err = s.query("SELECT model_version, previous, revision, at, promoted_by FROM serving WHERE name = 'serving'").
		ScanContext(ctx, &v.ModelVersion, &v.Previous, &v.Revision, &v.At, &v.By)
	if errors.Is(err, gocql.ErrNotFound) {
		return schema.Serving{}, nil
	}
	return v, err
}

// Promote is as schema.Versions says.
func (s *Store) Promote(ctx context.Context, version, by string, from schema.Serving) (schema.Serving, error) {
	now, err := s.promote(ctx, version, by, from)
	return now, s.config.wrap("promote "+version, err)
}

func (s *Store) promote(ctx context.Context, version, by string, from schema.Serving) (schema.Serving, error) {
	var heard string
	if err := s.query("SELECT model_version FROM model_versions WHERE name = 'all' AND model_version = ?", version).
		ScanContext(ctx, &heard); err != nil {
		return schema.Serving{}, found(err)
	}
	now := schema.Serving{
		ModelVersion: version, Previous: from.Previous, Revision: from.Revision + 1,
		At: time.Now().UTC().Truncate(time.Millisecond), By: by,
	}
	if version != from.ModelVersion {
		now.Previous = from.ModelVersion
	}
	var revision *int
	if from.Revision != 0 {
		revision = &from.Revision
	}
	applied, there, err := cas(ctx, func() *gocql.Query {
		return s.query(`UPDATE serving SET model_version = ?, previous = ?, revision = ?, at = ?, promoted_by = ?
				WHERE name = 'serving' IF revision = ?`,
			now.ModelVersion, now.Previous, now.Revision, now.At, now.By, revision)
	})
	if err != nil || applied {
		return now, err
	}
	// One whose answer was lost may have been applied: then the row is ours.
	if stands, err := s.serving(ctx); err != nil || stands == now {
		return now, err
	}
	return schema.Serving{}, fmt.Errorf("revision %v stands since: %w", there["revision"], schema.ErrConflict)
}

// firstServes lists a version, and lets the first of all serve. What this
// process has listed already costs nothing.
func (s *Store) firstServes(ctx context.Context, version string, at time.Time) error {
	if _, known := s.versions.Load(version); known {
		return nil
	}
	if err := s.query("INSERT INTO model_versions (name, model_version) VALUES ('all', ?)", version).ExecContext(ctx); err != nil {
		return err
	}
	if _, _, err := cas(ctx, func() *gocql.Query {
		return s.query(`INSERT INTO serving (name, model_version, previous, revision, at, promoted_by)
				VALUES ('serving', ?, '', 1, ?, '') IF NOT EXISTS`, version, at)
	}); err != nil {
		return err
	}
	s.versions.Store(version, true)
	return nil
}

// ModelVersions is as schema.Versions says.
func (s *Store) ModelVersions(ctx context.Context) ([]string, error) {
	versions, err := gather(ctx, s.query("SELECT model_version FROM model_versions WHERE name = 'all'"),
		func(r row) (v string, err error) { return v, r(&v) })
	return versions, s.config.wrap("list model versions", err)
}

// gather reads all rows of a query.
func gather[T any](ctx context.Context, q *gocql.Query, scan func(row) (T, error)) (got []T, err error) {
	rows := q.IterContext(ctx).Scanner()
	for rows.Next() {
		t, err := scan(rows.Scan)
		if err != nil {
			return nil, errors.Join(err, rows.Err())
		}
		got = append(got, t)
	}
	return got, rows.Err()
}

// TrackAnalyses is as schema.Versions says.
func (s *Store) TrackAnalyses(ctx context.Context, id schema.TrackID) ([]schema.Analysis, error) {
	analyses, err := s.analyses(ctx, id)
	return analyses, s.wrap("read analyses of track", id, err)
}

func (s *Store) analyses(ctx context.Context, id schema.TrackID) ([]schema.Analysis, error) {
	analyses, err := gather(ctx, s.query("SELECT result FROM analyses WHERE track_id = ?", id), func(r row) (a schema.Analysis, err error) {
		var result []byte
		if err := r(&result); err != nil {
			return a, err
		}
		return a, json.Unmarshal(result, &a)
	})
	return newestFirst(analyses), err
}

// newestFirst orders analyses; of two of one time the later version goes first.
func newestFirst(analyses []schema.Analysis) []schema.Analysis {
	slices.SortFunc(analyses, func(a, b schema.Analysis) int {
		return cmp.Or(b.AnalysedAt.Compare(a.AnalysedAt), cmp.Compare(b.ModelVersion, a.ModelVersion))
	})
	return analyses
}

// DeleteAnalysis is as schema.Versions says.
func (s *Store) DeleteAnalysis(ctx context.Context, id schema.TrackID, version string) error {
	return s.wrap("delete analysis by "+version+" of track", id, s.deleteAnalysis(ctx, id, version))
}

func (s *Store) deleteAnalysis(ctx context.Context, id schema.TrackID, version string) error {
	if err := s.notServing(ctx, version); err != nil {
		return err
	}
	if _, err := s.analysis(ctx, id, version); err != nil {
		return err
	}
	if err := errors.Join(
		s.query("DELETE FROM vectors WHERE track_id = ? AND space = ?", id, version).ExecContext(ctx),
		s.query("DELETE FROM analyses WHERE track_id = ? AND model_version = ?", id, version).ExecContext(ctx),
	); err != nil {
		return err
	}
	err := s.refreshFeatures(ctx, id)
	if errors.Is(err, schema.ErrNotFound) { // it was the only one
		_, _, err = cas(ctx, func() *gocql.Query {
			return s.query("DELETE FROM features WHERE track_id = ? IF EXISTS", id)
		})
		return errors.Join(err, s.relist(ctx, id, nil))
	}
	return err
}

func (s *Store) notServing(ctx context.Context, version string) error {
	serving, err := s.serving(ctx)
	if err == nil && serving.ModelVersion == version {
		err = schema.ErrServing
	}
	return err
}

// ForgetVersion is as schema.Versions says.
func (s *Store) ForgetVersion(ctx context.Context, version string) error {
	err := s.notServing(ctx, version)
	if err == nil {
		s.versions.Delete(version)
		s.spaces.Delete(version)
		err = errors.Join(
			s.query("DELETE FROM spaces WHERE name = 'all' AND space = ? IF EXISTS", version).ExecContext(ctx),
			s.query("DELETE FROM model_versions WHERE name = 'all' AND model_version = ?", version).ExecContext(ctx),
		)
	}
	return s.config.wrap("forget version "+version, err)
}

// RefreshFeatures is as schema.Versions says.
func (s *Store) RefreshFeatures(ctx context.Context, id schema.TrackID) error {
	return s.wrap("refresh features of track", id, s.refreshFeatures(ctx, id))
}

// said is all from which a track's features are made, and upon which revision.
type said struct {
	revision *int
	worth    *float64 // as it stands in the features
	apart    schema.Apart
	serving  schema.Serving
	analyses []schema.Analysis
	labels   []schema.Label
}

// said reads the revision before the rest, so that whatever is written after
// the rest was read makes the write upon that revision fail.
func (s *Store) said(ctx context.Context, id schema.TrackID) (said, error) {
	t, err := s.revision(ctx, id)
	if err == nil {
		err = s.listen(ctx, id, &t)
	}
	return t, err
}

// revision reads which one stands, and what stands with it.
func (s *Store) revision(ctx context.Context, id schema.TrackID) (t said, err error) {
	err = s.query("SELECT revision, worth, apart_tempo, apart_meter FROM features WHERE track_id = ?", id).
		ScanContext(ctx, &t.revision, &t.worth, &t.apart.Tempo, &t.apart.Meter)
	if errors.Is(err, gocql.ErrNotFound) {
		err = nil
	}
	return t, err
}

// listen reads all but the revision.
func (s *Store) listen(ctx context.Context, id schema.TrackID, t *said) error {
	return together(
		ctx,
		func(ctx context.Context) (err error) { t.serving, err = s.serving(ctx); return err },
		func(ctx context.Context) (err error) { t.analyses, err = s.analyses(ctx, id); return err },
		func(ctx context.Context) (err error) { t.labels, err = s.labels(ctx, id); return err },
	)
}

// refreshFeatures makes the features anew, and lists the track by them.
func (s *Store) refreshFeatures(ctx context.Context, id schema.TrackID) error {
	was, err := s.renewFeatures(ctx, id)
	if err != nil {
		return err
	}
	return s.relist(ctx, id, was)
}

// renewFeatures writes the values that count, after an analysis or a label
// was written. It reads the revision, then all that was said, and writes upon
// that revision; where another came between it begins again. Of all who write,
// the last to succeed has read what every other had written before it began,
// so that nothing said is missing in the end. was is the worth that stood there.
func (s *Store) renewFeatures(ctx context.Context, id schema.TrackID) (was *float64, err error) {
	t, err := s.said(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.renewUpon(ctx, id, t)
}

// renewUpon is renewFeatures by one who has read what was said, and may have
// added to it what they wrote themselves since: that was before the first try,
// so that whoever overtakes it either has read it or makes the try fail.
func (s *Store) renewUpon(ctx context.Context, id schema.TrackID, t said) (was *float64, err error) {
	for {
		counts, other, ok := schema.Counting(t.analyses, t.serving.ModelVersion)
		if !ok {
			return nil, schema.ErrNotFound
		}
		f, worth := schema.Effective(counts, t.labels), schema.WorthOf(counts, other, t.labels, t.apart)
		next := 1
		if t.revision != nil {
			next = *t.revision + 1
		}
		applied, _, err := cas(ctx, func() *gocql.Query {
			return s.query(`UPDATE features SET tempo_bpm = ?, tempo_confidence = ?, key = ?, key_confidence = ?,
					meter = ?, meter_confidence = ?, loudness_db = ?, duration_s = ?, model_version = ?,
					labelled = ?, updated_at = ?, worth = ?, worth_reasons = ?, revision = ? WHERE track_id = ? IF revision = ?`,
				f.TempoBPM, f.TempoConfidence, f.Key.String(), f.KeyConfidence,
				f.Meter.String(), f.MeterConfidence, f.LoudnessDB, f.DurationS, f.ModelVersion,
				f.Labelled, f.UpdatedAt, worth.Score, worth.Reasons, next, id, t.revision)
		})
		if err != nil {
			return nil, err
		}
		if applied {
			return t.worth, s.describeVectors(ctx, f)
		}
		if t, err = s.said(ctx, id); err != nil {
			return nil, err
		}
	}
}
