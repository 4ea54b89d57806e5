package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"strings"

	"earworm/schema"
)

// entryColumns are those of a track, then whether it has features, then theirs.
const (
	entryColumns = `track_id, t.source, t.sha256, t.title, t.artist, t.album, t.duration_s, t.status,
		t.failure_code, t.failure_message, t.model_version, t.added_at, t.updated_at, t.worth, t.worth_reasons, t.apart_tempo, t.apart_meter,
		f.tempo_bpm IS NOT NULL, coalesce(f.tempo_bpm, 0), coalesce(f.tempo_confidence, 0), coalesce(f.key, ''),
		coalesce(f.key_confidence, 0), coalesce(f.meter, ''), coalesce(f.meter_confidence, 0), coalesce(f.loudness_db, 0),
		coalesce(f.duration_s, 0), coalesce(f.model_version, ''), coalesce(f.labelled, ''), coalesce(f.updated_at, 0)`
	entryTables = " FROM tracks t LEFT JOIN features f USING (track_id)"
)

func scanItem(r row) (schema.Item, error) {
	i, _, err := scanListed(r)
	return i, err
}

func scanEntry(r row) (schema.Entry, error) {
	i, apart, err := scanListed(r)
	return schema.Entry{Track: i.Track, Features: i.Features, Apart: apart, Checkpoint: string(i.ID)}, err
}

func scanListed(r row) (i schema.Item, apart schema.Apart, err error) {
	var heard bool
	var reasons []byte
	var failure schema.Failure
	var f schema.Features
	var added, updated, refreshed int64
	var key, meter []byte
	var labelled string
	if err := r.Scan(&i.ID, &i.Source, &i.SHA256, &i.Title, &i.Artist, &i.Album, &i.DurationS, &i.Status,
		&failure.Code, &failure.Message, &i.ModelVersion, &added, &updated, &i.Worth.Score, &reasons, &apart.Tempo, &apart.Meter,
		&heard, &f.TempoBPM, &f.TempoConfidence, &key, &f.KeyConfidence, &meter, &f.MeterConfidence, &f.LoudnessDB,
		&f.DurationS, &f.ModelVersion, &labelled, &refreshed); err != nil {
		return i, apart, err
	}
	i.AddedAt, i.UpdatedAt, f.UpdatedAt = fromMilli(added), fromMilli(updated), fromMilli(refreshed)
	if failure.Code != "" {
		i.Failure = &failure
	}
	if err := json.Unmarshal(reasons, &i.Worth.Reasons); err != nil {
		return i, apart, err
	}
	if !heard {
		return i, apart, nil
	}
	f.TrackID = i.ID
	i.Features = &f
	return i, apart, musical(&f, key, meter, labelled)
}

// musical reads what features keep as text.
func musical(f *schema.Features, key, meter []byte, labelled string) error {
	if labelled != "" {
		f.Labelled = strings.Split(labelled, ",")
	}
	if err := f.Key.UnmarshalText(key); err != nil {
		return err
	}
	return f.Meter.UnmarshalText(meter)
}

// AllLabels is as schema.Review says.
func (s *Store) AllLabels(ctx context.Context) iter.Seq2[schema.Label, error] {
	return func(yield func(schema.Label, error) bool) {
		var afterID schema.TrackID
		afterAt := int64(-1)
		for {
			labels, err := all(ctx, s.r, scanLabel, "SELECT "+labelColumns+` FROM labels
				WHERE (track_id, at) > (?, ?) ORDER BY track_id, at LIMIT ?`, afterID, afterAt, pageSize)
			if err != nil {
				yield(schema.Label{}, s.wrap("walk labels", err))
				return
			}
			for _, l := range labels {
				if !yield(l, nil) {
					return
				}
				afterID, afterAt = l.TrackID, l.At.UnixMilli()
			}
			if len(labels) < pageSize {
				return
			}
		}
	}
}

// SavePicture is as schema.Review says.
func (s *Store) SavePicture(ctx context.Context, id schema.TrackID, kind string, data []byte) error {
	err := schema.CheckPicture(data)
	if err == nil {
		err = one(s.w.ExecContext(ctx, `INSERT OR REPLACE INTO pictures SELECT track_id, ?, ? FROM tracks WHERE track_id = ?`,
			kind, data, id))
	}
	return s.wrap("save "+kind+" of track "+string(id), err)
}

// Picture is as schema.Review says.
func (s *Store) Picture(ctx context.Context, id schema.TrackID, kind string) (data []byte, err error) {
	err = s.r.QueryRowContext(ctx, "SELECT data FROM pictures WHERE track_id = ? AND kind = ?", id, kind).Scan(&data)
	return data, s.wrap("read "+kind+" of track "+string(id), found(err))
}

// SetApart is as schema.Review says.
func (s *Store) SetApart(ctx context.Context, id schema.TrackID, apart schema.Apart) error {
	err := s.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "UPDATE tracks SET apart_tempo = ?, apart_meter = ? WHERE track_id = ?",
			apart.Tempo, apart.Meter, id); err != nil {
			return err
		}
		return refreshFeatures(ctx, tx, id)
	})
	return s.wrap("set apart track "+string(id), err)
}

// SaveSummary is as schema.Review says.
func (s *Store) SaveSummary(ctx context.Context, sum schema.Summary) error {
	raw, err := json.Marshal(sum)
	if err == nil {
		_, err = s.w.ExecContext(ctx, "INSERT OR REPLACE INTO summaries VALUES (1, ?)", string(raw))
	}
	return s.wrap("save summary", err)
}

// Summary is as schema.Review says.
func (s *Store) Summary(ctx context.Context) (sum schema.Summary, err error) {
	var raw []byte
	if err = found(s.r.QueryRowContext(ctx, "SELECT summary FROM summaries").Scan(&raw)); err == nil {
		err = json.Unmarshal(raw, &sum)
	}
	return sum, s.wrap("read summary", err)
}
