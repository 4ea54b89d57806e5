// Package release has the catalogue's features follow the promotion of a model
// version: one walk, whoever promotes.
package release

import (
	"context"
	"errors"
	"fmt"

	"earworm/schema"
)

// Store is the part of a schema.Store that a promotion walks.
type Store interface {
	schema.Scanner
	Serving(ctx context.Context) (schema.Serving, error)
	RefreshFeatures(ctx context.Context, id schema.TrackID) error
}

// ErrOvertaken is returned, wrapped, where another promotion came meanwhile,
// whose own walk does the rest.
var ErrOvertaken = errors.New("another version was promoted meanwhile")

// between is how many tracks are walked between looks at what serves.
const between = 1000

// Follow makes features anew that are not from the version promoted, until all
// are or another promotion takes over: then the error is ErrOvertaken. A walk
// that was cut off is finished by another, which passes over what is done. seen,
// which may be nil, is told after each track how many were walked.
func Follow(ctx context.Context, s Store, promoted schema.Serving, seen func(tracks int)) (tracks int, err error) {
	for part := range s.Parts() {
		for e, err := range s.Scan(ctx, part, "") {
			if err == nil && tracks%between == 0 {
				err = stillServes(ctx, s, promoted)
			}
			if err == nil && !follows(e, promoted.ModelVersion) {
				err = s.RefreshFeatures(ctx, e.ID)
			}
			if err != nil && !errors.Is(err, schema.ErrNotFound) { // never analysed: it has none
				return tracks, err
			}
			tracks++
			if seen != nil {
				seen(tracks)
			}
		}
	}
	return tracks, ctx.Err()
}

// follows tells a track whose features are the version's and no person's.
func follows(e schema.Entry, version string) bool {
	return e.Features != nil && e.Features.ModelVersion == version && len(e.Features.Labelled) == 0
}

func stillServes(ctx context.Context, s Store, promoted schema.Serving) error {
	now, err := s.Serving(ctx)
	if err == nil && now.Revision != promoted.Revision {
		return fmt.Errorf("%s serves: %w", now.ModelVersion, ErrOvertaken)
	}
	return err
}
