package cassandra

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// SaveAnalysis is as schema.Analyses says. The track's UpdatedAt becomes
// a.AnalysedAt. The track's status is written last but for its place in
// the listings: where it says analysed, all the rest is there.
func (s *Store) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	return s.wrap("save analysis of track", a.TrackID, s.saveAnalysis(ctx, a))
}

func (s *Store) saveAnalysis(ctx context.Context, a schema.Analysis) error {
	vector, err := a.Vector()
	if err != nil {
		return err
	}
	a.AnalysedAt = a.AnalysedAt.UTC().Truncate(time.Millisecond)
	a.Embedding = nil // kept in vectors
	result, err := json.Marshal(a)
	if err != nil {
		return err
	}
	var t said
	if err := together(
		ctx,
		func(ctx context.Context) error { return s.known(ctx, a.TrackID) }, // before anything is written
		func(ctx context.Context) (err error) { t, err = s.revision(ctx, a.TrackID); return err },
	); err != nil {
		return err
	}
	if err := together(
		ctx,
		func(ctx context.Context) error { return s.keepEmbedding(ctx, a.TrackID, a.ModelVersion, vector) },
		func(ctx context.Context) error {
			if err := s.firstServes(ctx, a.ModelVersion, a.AnalysedAt); err != nil {
				return err
			}
			return s.listen(ctx, a.TrackID, &t)
		},
	); err != nil {
		return err
	}
	if err := s.query(`INSERT INTO analyses
			(track_id, model_version, analysed_at, sha256, tempo_bpm, key, meter, decoder, result)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.TrackID, a.ModelVersion, a.AnalysedAt, a.SHA256, a.Tempo.BPM, a.Key.Name.String(), a.Meter.Name.String(),
		a.Decoder, string(result)).ExecContext(ctx); err != nil {
		return err
	}
	t.analyses = slices.DeleteFunc(t.analyses, func(o schema.Analysis) bool { return o.ModelVersion == a.ModelVersion })
	t.analyses = newestFirst(append(t.analyses, a))
	was, err := s.renewUpon(ctx, a.TrackID, t)
	if err != nil {
		return err
	}
	if err := s.query(`UPDATE tracks SET sha256 = ?, duration_s = ?, status = ?, failure_code = '', failure_message = '',
			model_version = ?, updated_at = ? WHERE track_id = ?`,
		a.SHA256, a.DurationS, schema.Analysed, a.ModelVersion, a.AnalysedAt, a.TrackID).ExecContext(ctx); err != nil {
		return err
	}
	return s.relist(ctx, a.TrackID, was)
}

// together does several things at once, and returns the first error.
func together(ctx context.Context, things ...func(context.Context) error) error {
	all, ctx := errgroup.WithContext(ctx)
	for _, thing := range things {
		all.Go(func() error { return thing(ctx) })
	}
	return all.Wait()
}

// keepEmbedding writes a model's vector into the space of its version; without
// one it deletes what is there.
func (s *Store) keepEmbedding(ctx context.Context, id schema.TrackID, version string, v []float32) error {
	if v == nil {
		return s.query("DELETE FROM vectors WHERE track_id = ? AND space = ?", id, version).ExecContext(ctx)
	}
	p, err := s.keepSpace(ctx, schema.Space{Name: version, Length: len(v), Model: true})
	if err == nil {
		err = p.Fits(v)
	}
	if err != nil {
		return err
	}
	return s.writeVector(ctx, id, version, v)
}

// SaveFailure is as schema.Analyses says.
func (s *Store) SaveFailure(ctx context.Context, id schema.TrackID, modelVersion string, f schema.Failure) error {
	err := s.known(ctx, id)
	if err == nil {
		err = s.query(`UPDATE tracks SET status = ?, failure_code = ?, failure_message = ?, model_version = ?, updated_at = ?
				WHERE track_id = ?`,
			schema.Failed, f.Code, f.Message, modelVersion, time.Now(), id).ExecContext(ctx)
	}
	if err == nil {
		err = s.relist(ctx, id, nil)
	}
	return s.wrap("save failure of track", id, err)
}

// Analysis is as schema.Analyses says.
func (s *Store) Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (a schema.Analysis, err error) {
	if modelVersion == "" {
		modelVersion, err = s.newestVersion(ctx, id)
	}
	if err == nil {
		a, err = s.analysis(ctx, id, modelVersion)
	}
	if err != nil {
		return schema.Analysis{}, s.wrap("read analysis of track", id, err)
	}
	err = s.query("SELECT embedding FROM vectors WHERE track_id = ? AND space = ?", id, modelVersion).
		ScanContext(ctx, &a.Embedding)
	if errors.Is(err, gocql.ErrNotFound) {
		err = nil // nothing was heard that a vector could be made of
	}
	return a, s.wrap("read vector of track", id, err)
}

// analysis reads one version's, without its vector.
func (s *Store) analysis(ctx context.Context, id schema.TrackID, modelVersion string) (a schema.Analysis, err error) {
	var result []byte
	if err := s.query("SELECT result FROM analyses WHERE track_id = ? AND model_version = ?", id, modelVersion).
		ScanContext(ctx, &result); err != nil {
		return a, found(err)
	}
	return a, json.Unmarshal(result, &a)
}

func (s *Store) newestVersion(ctx context.Context, id schema.TrackID) (newest string, err error) {
	var version string
	var at, newestAt time.Time
	rows := s.query("SELECT model_version, analysed_at FROM analyses WHERE track_id = ?", id).IterContext(ctx)
	for rows.Scan(&version, &at) {
		if newest == "" || !at.Before(newestAt) { // rows come in the order of their version
			newest, newestAt = version, at
		}
	}
	if err := rows.Close(); err != nil {
		return "", err
	}
	if newest == "" {
		return "", schema.ErrNotFound
	}
	return newest, nil
}

const featureColumns = `track_id, tempo_bpm, tempo_confidence, key, key_confidence,
	meter, meter_confidence, loudness_db, duration_s, model_version, labelled, updated_at`

func scanFeatures(r row) (schema.Features, error) {
	var f schema.Features
	var key, meter []byte
	if err := r(&f.TrackID, &f.TempoBPM, &f.TempoConfidence, &key, &f.KeyConfidence, &meter, &f.MeterConfidence,
		&f.LoudnessDB, &f.DurationS, &f.ModelVersion, &f.Labelled, &f.UpdatedAt); err != nil {
		return f, err
	}
	if err := f.Key.UnmarshalText(key); err != nil {
		return f, err
	}
	return f, f.Meter.UnmarshalText(meter)
}

// Features is as schema.Analyses says.
func (s *Store) Features(ctx context.Context, id schema.TrackID) (schema.Features, error) {
	f, err := scanFeatures(s.row(ctx, "SELECT "+featureColumns+" FROM features WHERE track_id = ?", id))
	if err != nil {
		return schema.Features{}, s.wrap("read features of track", id, found(err))
	}
	return f, nil
}

// FindFeatures is as schema.Analyses says. What it filters by is indexed;
// without a filter it reads token ranges side by side.
func (s *Store) FindFeatures(ctx context.Context, f schema.Filter) iter.Seq2[schema.Features, error] {
	var c conditions
	c.features(f)
	selection := "SELECT " + featureColumns + " FROM features"
	if c.text == "" {
		return walk(ctx, s, selection, scanFeatures)
	}
	return rows(ctx, s, []*gocql.Query{s.query(selection+" WHERE "+c.text, c.values...)}, scanFeatures)
}
