package labels

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"earworm/schema"
)

// Reader is the part of a schema.Store that labels are exported from.
type Reader interface {
	AllLabels(ctx context.Context) iter.Seq2[schema.Label, error]
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
}

// All are the labels that a store has, by track and time. People's labels are
// few beside a catalogue: they are held at once.
func All(ctx context.Context, s Reader) (rows []Row, err error) {
	for l, err := range s.AllLabels(ctx) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, Row{Label: l})
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(a.TrackID, b.TrackID), a.At.Compare(b.At))
	})
	for i := range rows {
		if i > 0 && rows[i].TrackID == rows[i-1].TrackID {
			rows[i].Source = rows[i-1].Source
			continue
		}
		t, err := s.Track(ctx, rows[i].TrackID)
		if err != nil && !errors.Is(err, schema.ErrNotFound) {
			return nil, err
		}
		rows[i].Source = t.Source
	}
	return rows, nil
}

// Store is the part of a schema.Store that labels are imported to.
type Store interface {
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error)
	AddLabel(ctx context.Context, l schema.Label) error
}

// Plan is what importing rows would do.
type Plan struct {
	Add     []schema.Label // those that the store lacks
	Known   int            // that it has already
	Unknown []Row          // of tracks that it does not have
}

// Prepare compares rows with what a store has, and refuses all of them where a
// label cannot be; it writes nothing. A row without a time gets the present
// one, unless its author has said the same of the track before, be it taken back
// since: so that twice is once.
func Prepare(ctx context.Context, s Store, rows []Row, now time.Time) (p Plan, err error) {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Row) int { return cmp.Compare(a.TrackID, b.TrackID) })
	for len(rows) > 0 {
		id := rows[0].TrackID
		n := slices.IndexFunc(rows, func(r Row) bool { return r.TrackID != id })
		if n < 0 {
			n = len(rows)
		}
		switch _, err := s.Track(ctx, id); {
		case errors.Is(err, schema.ErrNotFound):
			p.Unknown = append(p.Unknown, rows[:n]...)
		case err != nil:
			return Plan{}, err
		default:
			if err := p.track(ctx, s, rows[:n], now); err != nil {
				return Plan{}, err
			}
		}
		rows = rows[n:]
	}
	return p, nil
}

// track plans the rows of one track.
func (p *Plan) track(ctx context.Context, s Store, rows []Row, now time.Time) error {
	said, err := s.TrackLabels(ctx, rows[0].TrackID)
	if err != nil {
		return err
	}
	var labels []schema.Label
	for _, r := range rows {
		if r.At.IsZero() {
			if slices.ContainsFunc(said, r.saysAs) || slices.ContainsFunc(labels, r.saysAs) {
				continue
			}
			r.At = now
		}
		labels = append(labels, r.Label)
	}
	for _, r := range rows {
		if err := Check(r.Label, slices.Concat(said, labels)); err != nil {
			return fmt.Errorf("line %d of the labels: %w", r.Line, err)
		}
	}
	missing := Unsaid(said, labels)
	p.Add, p.Known = append(p.Add, missing...), p.Known+len(rows)-len(missing)
	return nil
}

// saysAs tells a label that says the same by the same author, whenever that was.
func (r Row) saysAs(l schema.Label) bool {
	l = exact(l)
	l.At = r.At
	return l == r.Label
}
