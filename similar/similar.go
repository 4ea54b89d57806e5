// Package similar finds tracks that are like others: by what the serving model
// version heard in them, by vector spaces that other services publish, or by
// both. Vectors of different model versions are never compared.
package similar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// Audio names, in a query, the space of the model version that serves readers.
const Audio = "audio"

// MostMatches is the most that one query gives.
const MostMatches = 100

// Store is the part of a schema.Store that similarity is reckoned from.
type Store interface {
	schema.Vectors
	Serving(ctx context.Context) (schema.Serving, error)
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	Features(ctx context.Context, id schema.TrackID) (schema.Features, error)
}

// Searcher answers queries. It is safe for concurrent use.
type Searcher struct{ Store Store }

// Want narrows a query. Zero fields do not.
type Want struct {
	Limit int // 1 to MostMatches; 0: 10

	// Weights blend spaces, by name: a match's similarity is the mean of its
	// cosines by these weights, and a track that is not in a space has a cosine of
	// 0 there. nil: Audio alone.
	Weights map[string]float64

	MinTempo, MaxTempo float64 // BPM, both inclusive; a MaxTempo of 0 is none
	TempoWithin        float64 // share by which the tempo may differ from the track's own
	Octaves            bool    // half and double of these tempi will do
	Keys               []schema.Key
	KeyLike            KeyLike // as the track's own
	Meter              schema.Meter
}

// KeyLike says how a match's key must relate to that of the track asked for.
type KeyLike string

// The relations: any key, the same, or one that is Compatible.
const (
	AnyKey        KeyLike = ""
	SameKey       KeyLike = "same"
	CompatibleKey KeyLike = "compatible"
)

// Match is a track that is like what was asked for.
type Match struct {
	TrackID    schema.TrackID     `json:"track_id"`
	Similarity float64            `json:"similarity"` // -1 to 1
	Spaces     map[string]float64 `json:"spaces"`     // cosine by space
	Title      string             `json:"title,omitempty"`
	Artist     string             `json:"artist,omitempty"`
	Source     string             `json:"source"`
	Features   *schema.Features   `json:"features"` // null: never analysed
}

// Refusal is a query that cannot be, for whoever asked to mend.
type Refusal struct{ Message string }

func (r *Refusal) Error() string { return r.Message }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }

// Like lists the tracks most like a track, without it. schema.ErrNotFound where
// there is no such track, or where it has a vector in none of the spaces;
// *Refusal where the query cannot be.
func (s Searcher) Like(ctx context.Context, id schema.TrackID, w Want) ([]Match, error) {
	if _, err := s.Store.Track(ctx, id); err != nil {
		return nil, err
	}
	spaces, err := s.spaces(ctx, w)
	if err != nil {
		return nil, err
	}
	w, err = s.relate(ctx, id, w)
	if err != nil {
		return nil, err
	}
	vectors := map[string][]float32{}
	for name := range spaces {
		v, err := s.Store.TrackVector(ctx, id, name)
		switch {
		case err == nil:
			vectors[name] = v
		case !errors.Is(err, schema.ErrNotFound):
			return nil, err
		}
	}
	if len(vectors) == 0 {
		return nil, fmt.Errorf("vector of track %s in %s: %w", id, strings.Join(slices.Sorted(maps.Keys(spaces)), ", "), schema.ErrNotFound)
	}
	return s.search(ctx, spaces, vectors, w, map[schema.TrackID]bool{id: true})
}

// Near lists the tracks nearest to vectors of the caller's, by space. Errors are
// as of Like; schema.ErrLength and schema.ErrZero where a vector is not of its space.
func (s Searcher) Near(ctx context.Context, vectors map[string][]float32, w Want) ([]Match, error) {
	if w.KeyLike != AnyKey || w.TempoWithin != 0 {
		return nil, refuse("a key or tempo as the track's own wants a track; name keys and a range of tempi")
	}
	if w.Weights == nil {
		w.Weights = map[string]float64{}
		for name := range vectors {
			w.Weights[name] = 1
		}
	}
	for name := range vectors {
		if _, weighed := w.Weights[name]; !weighed {
			return nil, refuse("space %q has a vector and no weight", name)
		}
	}
	spaces, err := s.spaces(ctx, w)
	if err != nil {
		return nil, err
	}
	named := map[string][]float32{}
	for name, space := range spaces {
		v, ok := vectors[space.name]
		if !ok {
			return nil, refuse("space %q has a weight and no vector", space.name)
		}
		named[name] = v
	}
	return s.search(ctx, spaces, named, w, nil)
}

// fetched is how many neighbours each space is asked for, where it does not
// alone decide the order: what is first in the blend may be far down in each.
func fetched(limit, spaces int) int {
	if spaces == 1 {
		return limit
	}
	return min(1000, max(200, 10*limit))
}

// search asks every space and ranks the union anew.
func (s Searcher) search(ctx context.Context, spaces map[string]weighed, vectors map[string][]float32, w Want, without map[schema.TrackID]bool) ([]Match, error) {
	if w.Limit == 0 {
		w.Limit = 10
	}
	if w.Limit < 1 || w.Limit > MostMatches {
		return nil, refuse("limit is %d; want 1 to %d", w.Limit, MostMatches)
	}
	q, err := w.near()
	if err != nil {
		return nil, err
	}
	q.Limit = min(1000, fetched(w.Limit, len(vectors))+len(without))
	cosines := map[schema.TrackID]map[string]float64{}
	for name, v := range vectors {
		q.Space, q.Vector = name, v
		near, err := s.Store.Nearest(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, n := range near {
			if without[n.TrackID] {
				continue
			}
			if cosines[n.TrackID] == nil {
				cosines[n.TrackID] = map[string]float64{}
			}
			cosines[n.TrackID][name] = n.Similarity
		}
	}
	if len(vectors) > 1 {
		if err := s.complete(ctx, cosines, vectors); err != nil {
			return nil, err
		}
	}
	return s.describe(ctx, ranked(cosines, spaces, w.Limit))
}

// complete reckons the cosines of tracks that one space named and another did
// not: they may be in it, further away.
func (s Searcher) complete(ctx context.Context, cosines map[schema.TrackID]map[string]float64, vectors map[string][]float32) error {
	for name, v := range vectors {
		angle := schema.CosineTo(v)
		for id, of := range cosines {
			if _, known := of[name]; known {
				continue
			}
			theirs, err := s.Store.TrackVector(ctx, id, name)
			switch {
			case err == nil:
				of[name] = angle(theirs)
			case !errors.Is(err, schema.ErrNotFound):
				return err
			}
		}
	}
	return nil
}

// ranked are the first by the weighted mean of their cosines.
func ranked(cosines map[schema.TrackID]map[string]float64, spaces map[string]weighed, limit int) []Match {
	matches := make([]Match, 0, len(cosines))
	for id, of := range cosines {
		m := Match{TrackID: id, Spaces: map[string]float64{}}
		for name, cosine := range of {
			m.Spaces[spaces[name].name] = cosine
			m.Similarity += spaces[name].weight * cosine
		}
		matches = append(matches, m)
	}
	slices.SortFunc(matches, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Similarity, a.Similarity), cmp.Compare(a.TrackID, b.TrackID))
	})
	return matches[:min(limit, len(matches))]
}

// describe fills in what people want to know of matches.
func (s Searcher) describe(ctx context.Context, matches []Match) ([]Match, error) {
	reads, ctx := errgroup.WithContext(ctx)
	reads.SetLimit(8)
	for i := range matches {
		reads.Go(func() error {
			m := &matches[i]
			t, err := s.Store.Track(ctx, m.TrackID)
			if err != nil && !errors.Is(err, schema.ErrNotFound) {
				return err
			}
			m.Title, m.Artist, m.Source = t.Title, t.Artist, t.Source
			f, err := s.Store.Features(ctx, m.TrackID)
			if err == nil {
				m.Features = &f
			} else if errors.Is(err, schema.ErrNotFound) {
				err = nil
			}
			return err
		})
	}
	return matches, reads.Wait()
}
