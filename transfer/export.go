package transfer

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"earworm/schema"
)

// Export writes everything in the store to w, a track at a time. seen, if any,
// is told after each track. What is written to the store meanwhile may be in it
// or not, but no track is in it twice.
func Export(ctx context.Context, s Store, w io.Writer, seen func()) (Total, error) {
	serving, err := s.Serving(ctx)
	if err != nil {
		return Total{}, err
	}
	spaces, err := s.Spaces(ctx)
	if err != nil {
		return Total{}, err
	}
	spaces = slices.DeleteFunc(spaces, func(p schema.Space) bool { return p.Model })
	var total Total
	to := json.NewEncoder(w)
	if err := to.Encode(line{Header: &header{Format: Format, Serving: serving}}); err != nil {
		return Total{}, err
	}
	for t, err := range s.AllTracks(ctx) {
		if err != nil {
			return total, err
		}
		e, err := read(ctx, s, t, spaces)
		if err != nil {
			return total, err
		}
		if err := to.Encode(line{Entry: e}); err != nil {
			return total, err
		}
		total.add(e)
		if seen != nil {
			seen()
		}
	}
	return total, to.Encode(line{Total: &total})
}

// read gathers all that is known of a track.
func read(ctx context.Context, s Store, t schema.Track, spaces []schema.Space) (*entry, error) {
	e := &entry{Track: t}
	heard, err := s.TrackAnalyses(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range heard {
		whole, err := s.Analysis(ctx, t.ID, a.ModelVersion) // with its embedding
		if errors.Is(err, schema.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		e.Analyses = append(e.Analyses, whole)
	}
	slices.SortFunc(e.Analyses, older)
	if e.Labels, err = s.TrackLabels(ctx, t.ID); err != nil {
		return nil, err
	}
	for _, space := range spaces {
		v, err := s.TrackVector(ctx, t.ID, space.Name)
		if errors.Is(err, schema.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if e.Vectors == nil {
			e.Vectors = map[string][]float32{}
		}
		e.Vectors[space.Name] = v
	}
	return e, nil
}

// older is the order in which analyses are saved: the newest last, since a
// track shows the last attempt.
func older(a, b schema.Analysis) int {
	return cmp.Or(a.AnalysedAt.Compare(b.AnalysedAt), cmp.Compare(a.ModelVersion, b.ModelVersion))
}
