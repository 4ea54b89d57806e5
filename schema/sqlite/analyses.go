package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"iter"
	"math"
	"strings"
	"time"

	"earworm/schema"
)

// SaveAnalysis is as schema.Analyses says. The track's UpdatedAt becomes a.AnalysedAt.
func (s *Store) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	err := s.tx(ctx, func(tx *sql.Tx) error { return saveAnalysis(ctx, tx, a) })
	return s.wrap("save analysis of track "+string(a.TrackID), err)
}

func saveAnalysis(ctx context.Context, tx *sql.Tx, a schema.Analysis) error {
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
	if err := one(tx.ExecContext(ctx, `
		UPDATE tracks SET sha256 = ?, duration_s = ?, status = ?, failure_code = '', failure_message = '',
			model_version = ?, updated_at = ? WHERE track_id = ?`,
		a.SHA256, a.DurationS, schema.Analysed, a.ModelVersion, a.AnalysedAt.UnixMilli(), a.TrackID)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `
		INSERT OR REPLACE INTO analyses (track_id, model_version, analysed_at, result) VALUES (?, ?, ?, ?)`,
		a.TrackID, a.ModelVersion, a.AnalysedAt.UnixMilli(), string(result)); err != nil {
		return err
	}
	if vector == nil {
		_, err = tx.ExecContext(ctx, "DELETE FROM vectors WHERE track_id = ? AND space = ?", a.TrackID, a.ModelVersion)
	} else {
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO vectors (track_id, space, value) VALUES (?, ?, ?)",
			a.TrackID, a.ModelVersion, encodeVector(vector))
	}
	if err != nil {
		return err
	}
	if vector != nil {
		if err := keepSpace(ctx, tx, a.ModelVersion, len(vector), true); err != nil {
			return err
		}
	}
	if err := firstServes(ctx, tx, a.ModelVersion, a.AnalysedAt); err != nil {
		return err
	}
	return refreshFeatures(ctx, tx, a.TrackID)
}

// SaveFailure is as schema.Analyses says.
func (s *Store) SaveFailure(ctx context.Context, id schema.TrackID, modelVersion string, f schema.Failure) error {
	err := one(s.w.ExecContext(ctx, `
		UPDATE tracks SET status = ?, failure_code = ?, failure_message = ?, model_version = ?, updated_at = ?
		WHERE track_id = ?`,
		schema.Failed, f.Code, f.Message, modelVersion, time.Now().UnixMilli(), id))
	return s.wrap("save failure of track "+string(id), err)
}

// one is ErrNotFound unless an UPDATE met its row.
func one(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = schema.ErrNotFound
	}
	return err
}

// Analysis is as schema.Analyses says.
func (s *Store) Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error) {
	a, err := readAnalysis(s.r.QueryRowContext(ctx, `
		SELECT a.result, v.value FROM analyses a
		LEFT JOIN vectors v ON v.track_id = a.track_id AND v.space = a.model_version
		WHERE a.track_id = ?1 AND (?2 = '' OR a.model_version = ?2)
		ORDER BY a.analysed_at DESC, a.model_version DESC LIMIT 1`, id, modelVersion))
	return a, s.wrap("read analysis of track "+string(id), err)
}

func readAnalysis(r row) (a schema.Analysis, err error) {
	var result, vector []byte
	if err := r.Scan(&result, &vector); err != nil {
		return schema.Analysis{}, found(err)
	}
	if err := json.Unmarshal(result, &a); err != nil {
		return schema.Analysis{}, err
	}
	a.Embedding = decodeVector(vector)
	return a, nil
}

func encodeVector(v []float32) []byte {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

func decodeVector(b []byte) []float32 { return appendVector(nil, b) }

func appendVector(v []float32, b []byte) []float32 {
	for ; len(b) >= 4; b = b[4:] {
		v = append(v, math.Float32frombits(binary.LittleEndian.Uint32(b)))
	}
	return v
}

// refreshFeatures writes the values that count, after an analysis or a label
// came. The transaction it runs in keeps other writers out meanwhile.
func refreshFeatures(ctx context.Context, tx *sql.Tx, id schema.TrackID) error {
	serving, err := readServing(ctx, tx)
	if err != nil {
		return err
	}
	analyses, err := trackAnalyses(ctx, tx, id)
	if err != nil {
		return err
	}
	labels, err := readLabels(ctx, tx, id)
	if err != nil {
		return err
	}
	counts, other, ok := schema.Counting(analyses, serving.ModelVersion)
	if !ok {
		return schema.ErrNotFound
	}
	f := schema.Effective(counts, labels)
	if _, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO features ("+featureColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		f.TrackID, f.TempoBPM, f.TempoConfidence, f.Key.String(), f.KeyConfidence, f.Meter.String(), f.MeterConfidence,
		f.LoudnessDB, f.DurationS, f.ModelVersion, strings.Join(f.Labelled, ","), f.UpdatedAt.UnixMilli()); err != nil {
		return err
	}
	var apart schema.Apart
	if err := tx.QueryRowContext(ctx, "SELECT apart_tempo, apart_meter FROM tracks WHERE track_id = ?", id).
		Scan(&apart.Tempo, &apart.Meter); err != nil {
		return err
	}
	worth := schema.WorthOf(counts, other, labels, apart)
	reasons, err := json.Marshal(worth.Reasons)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `
		UPDATE tracks SET worth = ?, worth_reasons = ?, tempo_bpm = ?, tempo_confidence = ?, key = ?, key_confidence = ?,
			meter = ?, meter_confidence = ?, features_version = ? WHERE track_id = ?`,
		worth.Score, string(reasons), f.TempoBPM, f.TempoConfidence, f.Key.String(), f.KeyConfidence,
		f.Meter.String(), f.MeterConfidence, f.ModelVersion, id)
	return err
}

const featureColumns = `track_id, tempo_bpm, tempo_confidence, key, key_confidence,
	meter, meter_confidence, loudness_db, duration_s, model_version, labelled, updated_at`

func scanFeatures(r row) (schema.Features, error) {
	var f schema.Features
	var key, meter []byte
	var labelled string
	var updated int64
	if err := r.Scan(&f.TrackID, &f.TempoBPM, &f.TempoConfidence, &key, &f.KeyConfidence, &meter, &f.MeterConfidence,
		&f.LoudnessDB, &f.DurationS, &f.ModelVersion, &labelled, &updated); err != nil {
		return f, err
	}
	f.UpdatedAt = fromMilli(updated)
	return f, musical(&f, key, meter, labelled)
}

// Features is as schema.Analyses says.
func (s *Store) Features(ctx context.Context, id schema.TrackID) (schema.Features, error) {
	f, err := scanFeatures(s.r.QueryRowContext(ctx, "SELECT "+featureColumns+" FROM features WHERE track_id = ?", id))
	if err != nil {
		return schema.Features{}, s.wrap("read features of track "+string(id), found(err))
	}
	return f, nil
}

// FindFeatures is as schema.Analyses says.
func (s *Store) FindFeatures(ctx context.Context, f schema.Filter) iter.Seq2[schema.Features, error] {
	q := conditions{}
	q.features(f, "model_version")
	return pages(ctx, s, "SELECT "+featureColumns+" FROM features WHERE true"+q.text, q.args, "", scanFeatures,
		func(f schema.Features) schema.TrackID { return f.TrackID })
}
