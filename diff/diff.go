// Package diff compares what two model versions heard over the catalogue, so
// that a person can decide which of them readers are served by.
package diff

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"

	"earworm/schema"
)

// Store is what is compared. Its methods answer as those of schema.Store do.
type Store interface {
	schema.Scanner
	Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error)
	TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error)
}

// Report is how two versions differ.
type Report struct {
	Old, New string
	Tracks   int // looked at
	Both     int // heard by both
	OnlyOld  int
	OnlyNew  int

	Tempo, Key, Meter int // tracks of Both on which they differ

	Meters map[[2]schema.Meter]int // by what the old and the new heard
	Ratios [Ratios]int             // of tempi, new to old: by RatioOf
	Moves  [2][12]int              // of keys: mode kept or changed, steps up by fifths

	Keys map[[2]schema.Key]KeyMove // by what the old and the new heard, where they differ

	OldRight, NewRight schema.Agreement // with people's labels, on the tracks of Both

	Changed []Change // those that weigh most, at most MostChanged
}

// Ratios is how many classes tempo ratios have: an eighth of an octave each,
// from a fourth to four times. The middle one is the same tempo.
const Ratios = 4*8 + 1

// MostChanged is how many changed tracks a Report names, MostOfMove how many
// beside those for each move from one key to another.
const (
	MostChanged = 300
	MostOfMove  = 50
)

// KeyMove is from one key to another.
type KeyMove struct {
	Tracks  int
	Changed []Change // those that weigh most, at most MostOfMove
}

// RatioOf is the class of a new tempo against an old; ok is false where one is none.
func RatioOf(old, heard float64) (class int, ok bool) {
	if old <= 0 || heard <= 0 {
		return 0, false
	}
	class = Ratios/2 + int(math.Round(8*math.Log2(heard/old)))
	return min(max(class, 0), Ratios-1), true
}

// Change is a track on which the versions differ.
type Change struct {
	Track    schema.Track
	Old, New schema.Analysis // without beats and alternatives
	// Fixed and Broken count the labelled values that the new version gets
	// right where the old did not, and the other way round.
	Fixed, Broken int
	Weight        float64 // of what differs, by how sure the versions are
}

// Compare walks the catalogue. seen is told how many tracks were looked at.
func Compare(ctx context.Context, s Store, old, heard string, seen func(tracks int)) (Report, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &report{Report: Report{Old: old, New: heard, Meters: map[[2]schema.Meter]int{}, Keys: map[[2]schema.Key]KeyMove{}}, seen: seen}
	entries := make(chan schema.Track, 64)
	var readers sync.WaitGroup
	for range 8 { // a read waits for its server
		readers.Go(func() {
			for t := range entries {
				if err := r.track(ctx, s, t); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := feed(ctx, s, entries)
	close(entries)
	readers.Wait()
	if cause := context.Cause(ctx); err == nil || cause != nil {
		err = cause
	}
	r.Changed = weightiest(r.Changed, MostChanged)
	for pair, m := range r.Keys {
		m.Changed = weightiest(m.Changed, MostOfMove)
		r.Keys[pair] = m
	}
	return r.Report, err
}

func feed(ctx context.Context, s Store, to chan<- schema.Track) error {
	for part := range s.Parts() {
		for e, err := range s.Scan(ctx, part, "") {
			if err != nil {
				return err
			}
			select {
			case to <- e.Track:
			case <-ctx.Done():
				return nil
			}
		}
	}
	return nil
}

type report struct {
	Report
	mu   sync.Mutex
	seen func(int)
}

// track compares one track.
func (r *report) track(ctx context.Context, s Store, t schema.Track) error {
	old, hadOld, err := analysis(ctx, s, t.ID, r.Old)
	if err != nil {
		return err
	}
	heard, hasNew, err := analysis(ctx, s, t.ID, r.New)
	if err != nil {
		return err
	}
	var labels []schema.Label
	if hadOld && hasNew {
		if labels, err = s.TrackLabels(ctx, t.ID); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Tracks++
	if r.Tracks%100 == 0 && r.seen != nil {
		r.seen(r.Tracks)
	}
	switch {
	case hadOld && hasNew:
		r.both(t, old, heard, labels)
	case hadOld:
		r.OnlyOld++
	case hasNew:
		r.OnlyNew++
	}
	return nil
}

func analysis(ctx context.Context, s Store, id schema.TrackID, version string) (a schema.Analysis, ok bool, err error) {
	a, err = s.Analysis(ctx, id, version)
	if errors.Is(err, schema.ErrNotFound) {
		return a, false, nil
	}
	a.Beats, a.Downbeats, a.Embedding, a.Tempo.Sections = nil, nil, nil, nil
	a.Tempo.Alternatives, a.Key.Alternatives, a.Meter.Alternatives = nil, nil, nil
	return a, err == nil, err
}

func (r *report) both(t schema.Track, old, heard schema.Analysis, labels []schema.Label) {
	r.Both++
	r.OldRight, r.NewRight = r.OldRight.With(old, labels), r.NewRight.With(heard, labels)
	r.Meters[[2]schema.Meter{old.Meter.Name, heard.Meter.Name}]++
	if class, ok := RatioOf(old.Tempo.BPM, heard.Tempo.BPM); ok {
		r.Ratios[class]++
	}
	if a, b := old.Key.Name, heard.Key.Name; a != schema.UnknownKey && b != schema.UnknownKey {
		mode := 0
		if a.Minor() != b.Minor() {
			mode = 1
		}
		r.Moves[mode][fifths(a, b)]++
	}
	c, changed := Change{Track: t, Old: old, New: heard}, false
	differ := func(differs bool, count *int, sure, was float64) {
		if differs {
			changed = true
			*count++
			c.Weight += sure + was
		}
	}
	differ(!schema.SameTempo(old.Tempo.BPM, heard.Tempo.BPM), &r.Tempo, heard.Tempo.Confidence, old.Tempo.Confidence)
	differ(old.Key.Name != heard.Key.Name, &r.Key, heard.Key.Confidence, old.Key.Confidence)
	differ(old.Meter.Name != heard.Meter.Name, &r.Meter, heard.Meter.Confidence, old.Meter.Confidence)
	if !changed {
		return
	}
	c.Fixed, c.Broken = evidence(old, heard, labels)
	r.Changed = kept(r.Changed, c, MostChanged)
	if a, b := old.Key.Name, heard.Key.Name; a != b && a != schema.UnknownKey && b != schema.UnknownKey {
		m := r.Keys[[2]schema.Key{a, b}]
		r.Keys[[2]schema.Key{a, b}] = KeyMove{m.Tracks + 1, kept(m.Changed, c, MostOfMove)}
	}
}

// fifths is how many fifths up one tonic is from another, by relative majors:
// so A minor is where C major is.
func fifths(a, b schema.Key) int {
	at := func(k schema.Key) int {
		tonic := k.Tonic()
		if k.Minor() {
			tonic += 3
		}
		return 7 * tonic % 12
	}
	return (at(b) - at(a) + 12) % 12
}

// evidence counts what people's labels say of a change.
func evidence(old, heard schema.Analysis, labels []schema.Label) (fixed, broken int) {
	was, is := (schema.Agreement{}).With(old, labels), (schema.Agreement{}).With(heard, labels)
	for _, d := range []int{is.TempoRight - was.TempoRight, is.KeyRight - was.KeyRight, is.MeterRight - was.MeterRight} {
		fixed += max(0, d)
		broken += max(0, -d)
	}
	return fixed, broken
}

// kept adds a change, and lets the lightest go once there are twice too many.
func kept(changes []Change, c Change, most int) []Change {
	if changes = append(changes, c); len(changes) > 2*most {
		return weightiest(changes, most)
	}
	return changes
}

// weightiest are the changes that weigh most: what the new version breaks first,
// then what it mends, then what nobody has spoken of.
func weightiest(changes []Change, most int) []Change {
	slices.SortFunc(changes, func(a, b Change) int {
		return cmp.Or(b.Broken-a.Broken, b.Fixed-a.Fixed, cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.Track.ID, b.Track.ID))
	})
	return slices.Clip(changes[:min(len(changes), most)])
}
