package similar

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"earworm/schema"
)

// weighed is a space as a query names and weighs it.
type weighed struct {
	name   string
	weight float64
}

// spaces are those of a query under the names that the store knows.
func (s Searcher) spaces(ctx context.Context, w Want) (map[string]weighed, error) {
	if w.Weights == nil {
		w.Weights = map[string]float64{Audio: 1}
	}
	serving, err := s.Store.Serving(ctx)
	if err != nil {
		return nil, err
	}
	known, err := s.Store.Spaces(ctx)
	if err != nil {
		return nil, err
	}
	names := []string{Audio}
	for _, space := range known {
		if !space.Model {
			names = append(names, space.Name)
		}
	}
	spaces, sum := map[string]weighed{}, 0.0
	for name, weight := range w.Weights {
		if weight < 0 || math.IsNaN(weight) || math.IsInf(weight, 0) {
			return nil, refuse("weight of space %q is %g; want a number from 0", name, weight)
		}
		of := name
		switch {
		case name == Audio || name == serving.ModelVersion:
			of = serving.ModelVersion
		case slices.ContainsFunc(known, func(k schema.Space) bool { return k.Name == name && k.Model }):
			return nil, refuse("space %q is of a model version that does not serve; want %s", name, strings.Join(names, ", "))
		case !slices.Contains(names, name):
			return nil, refuse("unknown space %q; want %s", name, strings.Join(names, ", "))
		}
		if _, twice := spaces[of]; twice {
			return nil, refuse("space %q is named twice, as %s and %s", of, Audio, serving.ModelVersion)
		}
		if weight > 0 {
			spaces[of] = weighed{name, weight}
			sum += weight
		}
	}
	if sum == 0 {
		return nil, refuse("no space has a weight above 0; want one of %s", strings.Join(names, ", "))
	}
	if serving.ModelVersion == "" && slices.ContainsFunc(slices.Collect(maps.Values(spaces)), func(w weighed) bool { return w.name == Audio }) {
		return nil, fmt.Errorf("nothing was analysed yet: %w", schema.ErrNotFound)
	}
	for of, w := range spaces {
		w.weight /= sum
		spaces[of] = w
	}
	return spaces, nil
}

// relate turns what is wanted relative to a track into what is wanted.
func (s Searcher) relate(ctx context.Context, id schema.TrackID, w Want) (Want, error) {
	if w.KeyLike == AnyKey && w.TempoWithin == 0 {
		return w, nil
	}
	f, err := s.Store.Features(ctx, id)
	if err != nil {
		return w, err
	}
	if w.TempoWithin != 0 {
		if w.TempoWithin < 0 || w.TempoWithin >= 1 || w.MaxTempo != 0 || w.MinTempo != 0 {
			return w, refuse("tempo within %g of the track's; want a share above 0 and under 1, and no range beside it", w.TempoWithin)
		}
		if f.TempoBPM == 0 {
			return w, refuse("track %s has no tempo to be near to", id)
		}
		w.MinTempo, w.MaxTempo = f.TempoBPM*(1-w.TempoWithin), f.TempoBPM*(1+w.TempoWithin)
	}
	switch w.KeyLike {
	case AnyKey:
	case SameKey:
		w.Keys = []schema.Key{f.Key}
	case CompatibleKey:
		w.Keys = Compatible(f.Key)
	default:
		return w, refuse("key is to be %q; want same or compatible", w.KeyLike)
	}
	if w.KeyLike != AnyKey && f.Key == schema.UnknownKey {
		return w, refuse("track %s has no key to be like", id)
	}
	return w, nil
}

// ReadKey reads which keys a match may have: "" for any, "same" or "compatible"
// with the track's own, or one by name. *Refusal where it is none of these.
func (w *Want) ReadKey(text string) error {
	switch like := KeyLike(text); like {
	case AnyKey, SameKey, CompatibleKey:
		w.KeyLike = like
		return nil
	}
	key, err := schema.ParseKey(text)
	if err != nil {
		return refuse("key is %q; want same, compatible, or a tonic and a mode, such as %q", text, "F# minor")
	}
	w.Keys = []schema.Key{key}
	return nil
}

// near is the part of a query that each space is asked.
func (w Want) near() (schema.Near, error) {
	q := schema.Near{Keys: w.Keys, Filter: schema.Filter{Meter: w.Meter}}
	low, high := w.MinTempo, w.MaxTempo
	if low == 0 && high == 0 {
		return q, nil
	}
	if high == 0 {
		high = math.MaxFloat64 / 4
	}
	if !(low >= 0) || !(high >= low) {
		return q, refuse("tempo is from %g to %g; want a range of BPM that rises", low, w.MaxTempo)
	}
	q.Tempi = [][2]float64{{low, high}}
	if w.Octaves {
		q.Tempi = append(q.Tempi, [2]float64{low / 2, high / 2}, [2]float64{low * 2, high * 2})
	}
	return q, nil
}
