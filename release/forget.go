package release

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// Forgetful is the part of a schema.Store that a version is deleted from.
type Forgetful interface {
	schema.Scanner
	Serving(ctx context.Context) (schema.Serving, error)
	ModelVersions(ctx context.Context) ([]string, error)
	AllBatches(ctx context.Context) ([]schema.Batch, error)
	DeleteAnalysis(ctx context.Context, id schema.TrackID, version string) error
	RefreshFeatures(ctx context.Context, id schema.TrackID) error
	ForgetVersion(ctx context.Context, version string) error
}

// abreast is how many tracks are changed at once: a store waits for its server.
const abreast = 8

// Forget deletes what a version heard, track by track, and then the version.
// People's labels stay. One that was cut off is finished by another. seen, which
// may be nil, is told how many tracks were walked; deleted is in how many the
// version was heard.
//
// It comes back with schema.ErrServing where the version serves, with
// schema.ErrConflict where a batch that has not ended would bring it back, and
// with schema.ErrNotFound where nothing was ever analysed by it.
func Forget(ctx context.Context, s Forgetful, version string, seen func(tracks int)) (deleted int, err error) {
	if err := forgettable(ctx, s, version); err != nil {
		return 0, err
	}
	var heard atomic.Int64
	err = walk(ctx, s, seen, func(e schema.Entry) error {
		was, err := forget(context.WithoutCancel(ctx), s, e, version) // a track is never left half done
		if was {
			heard.Add(1)
		}
		return err
	})
	deleted = int(heard.Load())
	if err != nil {
		return deleted, err
	}
	return deleted, s.ForgetVersion(ctx, version)
}

func forgettable(ctx context.Context, s Forgetful, version string) error {
	serving, err := s.Serving(ctx)
	if err != nil {
		return err
	}
	if serving.ModelVersion == version {
		return schema.ErrServing
	}
	versions, err := s.ModelVersions(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(versions, version) {
		return schema.ErrNotFound
	}
	batches, err := s.AllBatches(ctx)
	for _, b := range batches {
		if b.ModelVersion == version && (b.State == schema.BatchRunning || b.State == schema.BatchPaused) {
			return fmt.Errorf("batch %s by this version is %s: %w", b.ID, b.State, schema.ErrConflict)
		}
	}
	return err
}

// walk hands on every track, several at once.
func walk(ctx context.Context, s schema.Scanner, seen func(int), do func(schema.Entry) error) error {
	work, limited := errgroup.WithContext(ctx)
	work.SetLimit(abreast)
	tracks := 0
	for part := range s.Parts() {
		for e, err := range s.Scan(limited, part, "") {
			if err == nil {
				err = context.Cause(limited)
			}
			if err != nil {
				return errors.Join(work.Wait(), err)
			}
			work.Go(func() error { return do(e) })
			tracks++
			if seen != nil {
				seen(tracks)
			}
		}
	}
	return errors.Join(work.Wait(), ctx.Err())
}

// forget deletes what the version heard in a track, and says whether it had.
func forget(ctx context.Context, s Forgetful, e schema.Entry, version string) (deleted bool, err error) {
	err = s.DeleteAnalysis(ctx, e.ID, version)
	if err == nil || !errors.Is(err, schema.ErrNotFound) {
		return err == nil, err
	}
	if e.Features == nil || e.Features.ModelVersion != version {
		return false, nil
	}
	// Who deleted it before was killed before the features followed.
	if err = s.RefreshFeatures(ctx, e.ID); errors.Is(err, schema.ErrNotFound) {
		err = nil
	}
	return false, err
}
