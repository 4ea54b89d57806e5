package similar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"earworm/schema"
)

// MostHeard is the most tracks of a listener that a shelf is made from.
const MostHeard = 50

// Heard is a track that a listener heard of late.
type Heard struct {
	TrackID schema.TrackID `json:"track_id"`
	Weight  float64        `json:"weight"` // above 0; how much it says of the listener
}

// ShelfWant says what a shelf holds.
type ShelfWant struct {
	Near      int                // tracks like those heard, 0 to MostMatches
	Different int                // tracks that sound unlike them and yet go with them
	Weights   map[string]float64 // of spaces, as in Want
}

// Kind tells why a track is on a shelf.
type Kind string

// A pick is near to what was heard or deliberately different from it.
const (
	NearPick      Kind = "near"
	DifferentPick Kind = "different"
)

// Pick is a track on a shelf.
type Pick struct {
	Match
	Kind    Kind           `json:"kind"`
	Because schema.TrackID `json:"because"` // the heard track that it is there for
	Reason  string         `json:"reason"`  // in words
}

// Shelf makes a listener's shelf out of what they heard: first the tracks near
// to it, then those deliberately different, each once and none that was heard.
// Every heard track asks for itself, since the mean of two tastes is neither;
// a pick's rank is its similarity times the weight of the track that it is
// there for, relative to the heaviest. Tracks that are unknown or without a
// vector are passed over; schema.ErrNotFound where all are.
func (s Searcher) Shelf(ctx context.Context, heard []Heard, w ShelfWant) ([]Pick, error) {
	heard, err := checkShelf(heard, w)
	if err != nil {
		return nil, err
	}
	spaces, err := s.spaces(ctx, Want{Weights: w.Weights})
	if err != nil {
		return nil, err
	}
	c := shelving{Searcher: s, spaces: spaces, on: map[schema.TrackID]bool{}}
	for _, h := range heard {
		c.on[h.TrackID] = true
	}
	seeds, err := c.seeds(ctx, heard)
	if err != nil {
		return nil, err
	}
	near, err := c.pick(ctx, seeds, w.Near, c.near)
	if err != nil {
		return nil, err
	}
	different, err := c.pick(ctx, seeds, w.Different, c.different)
	return append(near, different...), err
}

func checkShelf(heard []Heard, w ShelfWant) ([]Heard, error) {
	if len(heard) < 1 || len(heard) > MostHeard {
		return nil, refuse("%d tracks were heard; want 1 to %d", len(heard), MostHeard)
	}
	if w.Near < 0 || w.Different < 0 || w.Near+w.Different < 1 || w.Near+w.Different > MostMatches {
		return nil, refuse("%d near and %d different tracks are wanted; want 1 to %d together", w.Near, w.Different, MostMatches)
	}
	weights := map[schema.TrackID]float64{}
	heaviest := 0.0
	for _, h := range heard {
		if !(h.Weight > 0) || h.Weight > 1e9 {
			return nil, refuse("weight of track %s is %g; want a number above 0", h.TrackID, h.Weight)
		}
		weights[h.TrackID] += h.Weight
		heaviest = max(heaviest, weights[h.TrackID])
	}
	once := make([]Heard, 0, len(weights))
	for id, weight := range weights {
		once = append(once, Heard{id, weight / heaviest})
	}
	slices.SortFunc(once, func(a, b Heard) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), cmp.Compare(a.TrackID, b.TrackID))
	})
	return once, nil
}

// shelving is a shelf that is being filled.
type shelving struct {
	Searcher
	spaces map[string]weighed
	on     map[schema.TrackID]bool // heard, or on the shelf already
}

// seed is a heard track that can be searched by.
type seed struct {
	Heard
	track    schema.Track
	features *schema.Features
	vectors  map[string][]float32
}

func (c *shelving) seeds(ctx context.Context, heard []Heard) ([]seed, error) {
	var seeds []seed
	for _, h := range heard {
		d := seed{Heard: h, vectors: map[string][]float32{}}
		track, err := c.Store.Track(ctx, h.TrackID)
		if errors.Is(err, schema.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d.track = track
		f, err := c.Store.Features(ctx, h.TrackID)
		if err == nil {
			d.features = &f
		} else if !errors.Is(err, schema.ErrNotFound) {
			return nil, err
		}
		for name := range c.spaces {
			v, err := c.Store.TrackVector(ctx, h.TrackID, name)
			if err == nil {
				d.vectors[name] = v
			} else if !errors.Is(err, schema.ErrNotFound) {
				return nil, err
			}
		}
		if len(d.vectors) > 0 {
			seeds = append(seeds, d)
		}
	}
	if len(seeds) == 0 {
		return nil, fmt.Errorf("vectors of the heard tracks: %w", schema.ErrNotFound)
	}
	return seeds, nil
}

// pick asks for every seed and takes the n best.
func (c *shelving) pick(ctx context.Context, seeds []seed, n int, ask func(context.Context, seed, int) ([]Pick, error)) ([]Pick, error) {
	if n == 0 {
		return nil, nil
	}
	type ranked struct {
		Pick
		rank float64
	}
	var all []ranked
	for _, d := range seeds {
		picks, err := ask(ctx, d, n)
		if err != nil {
			return nil, err
		}
		for i, p := range picks {
			rank := d.Weight * p.Similarity
			if p.Kind == DifferentPick { // the order of asking is that of what they share
				rank = d.Weight / float64(1+i)
			}
			all = append(all, ranked{p, rank})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.rank, a.rank) })
	var picks []Pick
	for _, r := range all {
		if len(picks) < n && !c.on[r.TrackID] {
			c.on[r.TrackID] = true
			picks = append(picks, r.Pick)
		}
	}
	return picks, nil
}

func (c *shelving) near(ctx context.Context, d seed, n int) ([]Pick, error) {
	return c.ask(ctx, d, d.vectors, Want{Limit: n}, NearPick)
}

// different looks the other way: for tracks that sound as little like the seed
// as can be and yet could follow it, as fast and in a key that goes with its
// own; where there are too few of these, as fast alone, and then any.
func (c *shelving) different(ctx context.Context, d seed, n int) ([]Pick, error) {
	away := map[string][]float32{}
	for name, v := range d.vectors {
		away[name] = make([]float32, len(v))
		for i, x := range v {
			away[name][i] = -x
		}
	}
	wants := []Want{{Limit: n}}
	if f := d.features; f != nil && f.TempoBPM > 0 {
		asFast := Want{Limit: n, MinTempo: f.TempoBPM * (1 - tempoTolerance), MaxTempo: f.TempoBPM * (1 + tempoTolerance), Octaves: true}
		fitting := asFast
		fitting.Keys = Compatible(f.Key)
		wants = []Want{fitting, asFast, {Limit: n}}
	}
	var picks []Pick
	seen := map[schema.TrackID]bool{}
	for _, w := range wants {
		more, err := c.ask(ctx, d, away, w, DifferentPick)
		if err != nil {
			return nil, err
		}
		for _, p := range more {
			if !seen[p.TrackID] && len(picks) < n {
				seen[p.TrackID] = true
				p.Similarity = -p.Similarity
				for name := range p.Spaces {
					p.Spaces[name] = -p.Spaces[name]
				}
				picks = append(picks, p)
			}
		}
		if len(picks) >= n {
			break
		}
	}
	return picks, nil
}

func (c *shelving) ask(ctx context.Context, d seed, vectors map[string][]float32, w Want, kind Kind) ([]Pick, error) {
	matches, err := c.search(ctx, c.spaces, vectors, w, c.on)
	if err != nil {
		return nil, err
	}
	picks := make([]Pick, len(matches))
	for i, m := range matches {
		picks[i] = Pick{Match: m, Kind: kind, Because: d.TrackID, Reason: reason(kind, d, m.Features)}
	}
	return picks, nil
}

// reason says why a pick is there: what it has in common with its seed.
func reason(kind Kind, d seed, f *schema.Features) string {
	says := "sounds like " + called(d.track)
	if kind == DifferentPick {
		says = "sounds unlike " + called(d.track)
	}
	common := shared(d.features, f)
	switch {
	case len(common) == 0:
		return says
	case kind == DifferentPick:
		return says + ", yet is " + strings.Join(common, ", ")
	}
	return says + ": " + strings.Join(common, ", ")
}

// shared names what two tracks have in common.
func shared(a, b *schema.Features) (common []string) {
	if a == nil || b == nil {
		return nil
	}
	switch octave(a.TempoBPM, b.TempoBPM) {
	case 1:
		common = append(common, "as fast")
	case 2:
		common = append(common, "twice as fast")
	case 0.5:
		common = append(common, "half as fast")
	}
	switch {
	case a.Key == schema.UnknownKey || b.Key == schema.UnknownKey:
	case a.Key == b.Key:
		common = append(common, "in the same key")
	case b.Key == relative(a.Key):
		common = append(common, "in the relative key")
	case slices.Contains(Compatible(a.Key), b.Key):
		common = append(common, "in a neighbouring key")
	}
	if a.Meter == b.Meter && a.Meter != (schema.Meter{}) && a.Meter != (schema.Meter{Beats: 4, Unit: 4}) {
		common = append(common, "in "+a.Meter.String()+" too")
	}
	return common
}

// called is what people call a track: its title, or else its file's name.
func called(t schema.Track) string {
	if t.Title != "" {
		return "“" + t.Title + "”"
	}
	if u, err := url.Parse(t.Source); err == nil && path.Base(u.Path) != "." && path.Base(u.Path) != "/" {
		return path.Base(u.Path)
	}
	return "track " + string(t.ID)
}
