// Package watched tells how long each operation of a store takes and how it
// ends, whichever store it is: an operation may be several statements, tried
// again and again, and it is the whole of them that someone waits for.
package watched

import (
	"context"
	"iter"

	"earworm/schema"
)

// Begin is told that an operation begins, by its method's name in snake case.
// The context it returns is the operation's; end is called once, with the
// operation's error.
type Begin func(ctx context.Context, operation string) (_ context.Context, end func(error))

// Store is s, its operations told to begin. Of a walk, the time to its first
// row is told: after it, time is also the walker's.
func Store(s schema.Store, begin Begin) schema.Store { return &store{s, begin} }

type store struct {
	schema.Store
	begin Begin
}

// done runs an operation that returns nothing but an error.
func (s *store) done(ctx context.Context, operation string, do func(context.Context) error) error {
	ctx, end := s.begin(ctx, operation)
	err := do(ctx)
	end(err)
	return err
}

// got runs an operation that returns a value.
func got[T any](ctx context.Context, s *store, operation string, do func(context.Context) (T, error)) (T, error) {
	ctx, end := s.begin(ctx, operation)
	v, err := do(ctx)
	end(err)
	return v, err
}

// walked runs an operation that returns rows.
func walked[T any](ctx context.Context, s *store, operation string, do func(context.Context) iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		_, end := s.begin(ctx, operation)
		first := true
		for row, err := range do(ctx) {
			if first {
				end(err)
				first = false
			}
			if !yield(row, err) {
				return
			}
		}
		if first {
			end(nil)
		}
	}
}

func (s *store) AddTrack(ctx context.Context, t schema.Track) (bool, error) {
	return got(ctx, s, "add_track", func(ctx context.Context) (bool, error) { return s.Store.AddTrack(ctx, t) })
}

func (s *store) Track(ctx context.Context, id schema.TrackID) (schema.Track, error) {
	return got(ctx, s, "track", func(ctx context.Context) (schema.Track, error) { return s.Store.Track(ctx, id) })
}

func (s *store) AllTracks(ctx context.Context) iter.Seq2[schema.Track, error] {
	return walked(ctx, s, "all_tracks", s.Store.AllTracks)
}

func (s *store) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	return s.done(ctx, "save_analysis", func(ctx context.Context) error { return s.Store.SaveAnalysis(ctx, a) })
}

func (s *store) SaveFailure(ctx context.Context, id schema.TrackID, modelVersion string, f schema.Failure) error {
	return s.done(ctx, "save_failure", func(ctx context.Context) error { return s.Store.SaveFailure(ctx, id, modelVersion, f) })
}

func (s *store) Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error) {
	return got(ctx, s, "analysis", func(ctx context.Context) (schema.Analysis, error) { return s.Store.Analysis(ctx, id, modelVersion) })
}

func (s *store) Features(ctx context.Context, id schema.TrackID) (schema.Features, error) {
	return got(ctx, s, "features", func(ctx context.Context) (schema.Features, error) { return s.Store.Features(ctx, id) })
}

func (s *store) FindFeatures(ctx context.Context, f schema.Filter) iter.Seq2[schema.Features, error] {
	return walked(ctx, s, "find_features", func(ctx context.Context) iter.Seq2[schema.Features, error] { return s.Store.FindFeatures(ctx, f) })
}

func (s *store) AddLabel(ctx context.Context, l schema.Label) error {
	return s.done(ctx, "add_label", func(ctx context.Context) error { return s.Store.AddLabel(ctx, l) })
}

func (s *store) TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error) {
	return got(ctx, s, "track_labels", func(ctx context.Context) ([]schema.Label, error) { return s.Store.TrackLabels(ctx, id) })
}

func (s *store) Counts(ctx context.Context) (schema.Counts, error) {
	return got(ctx, s, "counts", s.Store.Counts)
}

func (s *store) Ping(ctx context.Context) error { return s.done(ctx, "ping", s.Store.Ping) }
