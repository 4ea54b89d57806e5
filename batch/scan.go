package batch

import (
	"context"
	"errors"
	"iter"
	"slices"

	"earworm/schema"
	"earworm/selector"
)

// scanner walks what may match a selector: the catalogue, or only the tracks
// that the selector names.
func scanner(store Store, s selector.Selector) schema.Scanner {
	if len(s.IDs) > 0 {
		return named{store, s.IDs}
	}
	return store
}

// named walks tracks by their names, which are sorted.
type named struct {
	store Store
	ids   []schema.TrackID
}

// Parts is one.
func (named) Parts() int { return 1 }

// Scan passes over tracks that are no longer there.
func (n named) Scan(ctx context.Context, _ int, after string) iter.Seq2[schema.Entry, error] {
	return func(yield func(schema.Entry, error) bool) {
		first, found := slices.BinarySearch(n.ids, schema.TrackID(after))
		if found {
			first++
		}
		for _, id := range n.ids[first:] {
			e, err := n.entry(ctx, id)
			if errors.Is(err, schema.ErrNotFound) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (n named) entry(ctx context.Context, id schema.TrackID) (e schema.Entry, err error) {
	e.Checkpoint = string(id)
	if e.Track, err = n.store.Track(ctx, id); err != nil {
		return e, err
	}
	f, err := n.store.Features(ctx, id)
	switch {
	case err == nil:
		e.Features = &f
	case errors.Is(err, schema.ErrNotFound):
		err = nil // it was never analysed
	}
	return e, err
}

// wants tells whether a track is meant. A stale track of which the version has
// an analysis, made before another version was promoted back, is not stale.
func wants(ctx context.Context, store Store, s selector.Selector, e schema.Entry, version string) (bool, error) {
	if !s.Match(e, version) || !s.Stale || e.Features == nil {
		return s.Match(e, version), nil
	}
	if e.Features.ModelVersion == version {
		return false, nil
	}
	_, err := store.Analysis(ctx, e.ID, version)
	if errors.Is(err, schema.ErrNotFound) {
		return true, nil
	}
	return false, err
}
