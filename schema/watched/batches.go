package watched

import (
	"context"
	"iter"

	"earworm/schema"
)

func (s *store) CreateBatch(ctx context.Context, b schema.Batch) error {
	return s.done(ctx, "create_batch", func(ctx context.Context) error { return s.Store.CreateBatch(ctx, b) })
}

func (s *store) Batch(ctx context.Context, id string) (schema.Batch, error) {
	return got(ctx, s, "batch", func(ctx context.Context) (schema.Batch, error) { return s.Store.Batch(ctx, id) })
}

func (s *store) AllBatches(ctx context.Context) ([]schema.Batch, error) {
	return got(ctx, s, "all_batches", s.Store.AllBatches)
}

func (s *store) SaveBatch(ctx context.Context, b schema.Batch) (schema.Batch, error) {
	return got(ctx, s, "save_batch", func(ctx context.Context) (schema.Batch, error) { return s.Store.SaveBatch(ctx, b) })
}

func (s *store) SaveOutcome(ctx context.Context, batchID string, part int, id schema.TrackID, code schema.Code) error {
	return s.done(ctx, "save_outcome", func(ctx context.Context) error { return s.Store.SaveOutcome(ctx, batchID, part, id, code) })
}

func (s *store) Outcomes(ctx context.Context, batchID string, part int) iter.Seq2[schema.Outcome, error] {
	return walked(ctx, s, "outcomes", func(ctx context.Context) iter.Seq2[schema.Outcome, error] {
		return s.Store.Outcomes(ctx, batchID, part)
	})
}

func (s *store) CountOutcomes(ctx context.Context, batchID string, part int) (schema.BatchCounts, error) {
	return got(ctx, s, "count_outcomes", func(ctx context.Context) (schema.BatchCounts, error) {
		return s.Store.CountOutcomes(ctx, batchID, part)
	})
}

func (s *store) Spaces(ctx context.Context) ([]schema.Space, error) {
	return got(ctx, s, "spaces", s.Store.Spaces)
}

func (s *store) PutVector(ctx context.Context, id schema.TrackID, space string, v []float32) error {
	return s.done(ctx, "put_vector", func(ctx context.Context) error { return s.Store.PutVector(ctx, id, space, v) })
}

func (s *store) TrackVector(ctx context.Context, id schema.TrackID, space string) ([]float32, error) {
	return got(ctx, s, "track_vector", func(ctx context.Context) ([]float32, error) { return s.Store.TrackVector(ctx, id, space) })
}

func (s *store) Nearest(ctx context.Context, q schema.Near) ([]schema.Neighbour, error) {
	return got(ctx, s, "nearest", func(ctx context.Context) ([]schema.Neighbour, error) { return s.Store.Nearest(ctx, q) })
}

func (s *store) List(ctx context.Context, l schema.Listing) (schema.Page, error) {
	return got(ctx, s, "list", func(ctx context.Context) (schema.Page, error) { return s.Store.List(ctx, l) })
}

func (s *store) AllLabels(ctx context.Context) iter.Seq2[schema.Label, error] {
	return walked(ctx, s, "all_labels", s.Store.AllLabels)
}

func (s *store) SavePicture(ctx context.Context, id schema.TrackID, kind string, data []byte) error {
	return s.done(ctx, "save_picture", func(ctx context.Context) error { return s.Store.SavePicture(ctx, id, kind, data) })
}

func (s *store) Picture(ctx context.Context, id schema.TrackID, kind string) ([]byte, error) {
	return got(ctx, s, "picture", func(ctx context.Context) ([]byte, error) { return s.Store.Picture(ctx, id, kind) })
}

func (s *store) SetApart(ctx context.Context, id schema.TrackID, apart schema.Apart) error {
	return s.done(ctx, "set_apart", func(ctx context.Context) error { return s.Store.SetApart(ctx, id, apart) })
}

func (s *store) SaveSummary(ctx context.Context, summary schema.Summary) error {
	return s.done(ctx, "save_summary", func(ctx context.Context) error { return s.Store.SaveSummary(ctx, summary) })
}

func (s *store) Summary(ctx context.Context) (schema.Summary, error) {
	return got(ctx, s, "summary", s.Store.Summary)
}
