package cassandra

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"earworm/schema"
)

// fills are the steps of migrations that no statement can take: they are done
// after a file's statements, before it is noted as applied, and like those may
// be done twice.
var fills = map[string]func(s *Store, ctx context.Context) error{
	"0010_listing_filled.cql": (*Store).fillListing,
}

// fillListing enters every track into the listings, makes its features anew,
// with what a minute on it is worth, and lists the model versions and the
// spaces of their vectors. What serves is the version of a newest analysis.
func (s *Store) fillListing(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(16)
	for t, err := range s.AllTracks(ctx) {
		if err != nil {
			return errors.Join(err, all.Wait())
		}
		all.Go(func() error { return s.fillTrack(ctx, t.ID) })
	}
	return all.Wait()
}

func (s *Store) fillTrack(ctx context.Context, id schema.TrackID) error {
	analyses, err := s.analyses(ctx, id)
	if err != nil {
		return err
	}
	for _, a := range analyses {
		if err := s.firstServes(ctx, a.ModelVersion, a.AnalysedAt); err != nil {
			return err
		}
		if _, err := s.keepSpace(ctx, schema.Space{Name: a.ModelVersion, Length: schema.EmbeddingSize, Model: true}); err != nil {
			return err
		}
	}
	err = s.refreshFeatures(ctx, id)
	if errors.Is(err, schema.ErrNotFound) {
		return s.relist(ctx, id, nil)
	}
	return err
}

// renewed keeps the lock of a migrator while a step takes its time.
func (m migrator) renewed(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		tick := time.NewTicker(lockTTL * time.Second / 6)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := m.renew(ctx); err != nil {
					cancel(err)
				}
			}
		}
	}()
	if err := do(ctx); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
