package cassandra

import (
	"context"
	"errors"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"

	"earworm/schema"
)

// AddLabel is as schema.Labels says. A zero At is now. Another label of the
// same millisecond is not touched: l then gets the next one that is free.
func (s *Store) AddLabel(ctx context.Context, l schema.Label) error {
	if l.At.IsZero() {
		l.At = time.Now()
	}
	l.At, l.TakesBack = l.At.UTC().Truncate(time.Millisecond), l.TakesBack.UTC().Truncate(time.Millisecond)
	return s.wrap("label track", l.TrackID, s.addLabel(ctx, l))
}

func (s *Store) addLabel(ctx context.Context, l schema.Label) error {
	if err := s.known(ctx, l.TrackID); err != nil {
		return err
	}
	var back any // null: none
	if !l.TakesBack.IsZero() {
		back = l.TakesBack
	}
	for ; ; l.At = l.At.Add(time.Millisecond) {
		added, there, err := cas(ctx, func() *gocql.Query {
			return s.query("INSERT INTO labels ("+labelColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
				l.TrackID, l.At, l.Author, l.Note, l.TempoBPM, l.Key.String(), l.Meter.String(), l.DownbeatS, back)
		})
		if err != nil {
			return err
		}
		if added || there["author"] == l.Author && there["note"] == l.Note && there["tempo_bpm"] == l.TempoBPM &&
			there["key"] == l.Key.String() && there["meter"] == l.Meter.String() &&
			there["downbeat_s"] == l.DownbeatS && sameTime(there["takes_back"], l.TakesBack) {
			break
		}
	}
	err := s.refreshFeatures(ctx, l.TrackID)
	if errors.Is(err, schema.ErrNotFound) {
		return nil // the label waits for the first analysis
	}
	return err
}

// sameTime tells a column that holds a time; of none it is the zero time.
func sameTime(column any, t time.Time) bool {
	at, _ := column.(time.Time)
	return at.Equal(t)
}

const labelColumns = "track_id, at, author, note, tempo_bpm, key, meter, downbeat_s, takes_back"

// TrackLabels is as schema.Labels says.
func (s *Store) TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error) {
	labels, err := s.labels(ctx, id)
	return labels, s.wrap("read labels of track", id, err)
}

func (s *Store) labels(ctx context.Context, id schema.TrackID) ([]schema.Label, error) {
	return gather(ctx, s.query("SELECT "+labelColumns+" FROM labels WHERE track_id = ?", id), scanLabel)
}

func scanLabel(r row) (l schema.Label, err error) {
	var key, meter []byte
	if err := r(&l.TrackID, &l.At, &l.Author, &l.Note, &l.TempoBPM, &key, &meter, &l.DownbeatS, &l.TakesBack); err != nil {
		return l, err
	}
	if err := l.Key.UnmarshalText(key); err != nil {
		return l, err
	}
	return l, l.Meter.UnmarshalText(meter)
}
