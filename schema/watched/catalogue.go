package watched

import (
	"context"
	"iter"

	"earworm/schema"
)

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

func (s *store) Serving(ctx context.Context) (schema.Serving, error) {
	return got(ctx, s, "serving", s.Store.Serving)
}

func (s *store) Promote(ctx context.Context, version, by string, from schema.Serving) (schema.Serving, error) {
	return got(ctx, s, "promote", func(ctx context.Context) (schema.Serving, error) { return s.Store.Promote(ctx, version, by, from) })
}

func (s *store) RefreshFeatures(ctx context.Context, id schema.TrackID) error {
	return s.done(ctx, "refresh_features", func(ctx context.Context) error { return s.Store.RefreshFeatures(ctx, id) })
}

func (s *store) ModelVersions(ctx context.Context) ([]string, error) {
	return got(ctx, s, "model_versions", s.Store.ModelVersions)
}

func (s *store) TrackAnalyses(ctx context.Context, id schema.TrackID) ([]schema.Analysis, error) {
	return got(ctx, s, "track_analyses", func(ctx context.Context) ([]schema.Analysis, error) { return s.Store.TrackAnalyses(ctx, id) })
}

func (s *store) DeleteAnalysis(ctx context.Context, id schema.TrackID, version string) error {
	return s.done(ctx, "delete_analysis", func(ctx context.Context) error { return s.Store.DeleteAnalysis(ctx, id, version) })
}

func (s *store) ForgetVersion(ctx context.Context, version string) error {
	return s.done(ctx, "forget_version", func(ctx context.Context) error { return s.Store.ForgetVersion(ctx, version) })
}

func (s *store) Counts(ctx context.Context) (schema.Counts, error) {
	return got(ctx, s, "counts", s.Store.Counts)
}

func (s *store) Ping(ctx context.Context) error {
	return s.done(ctx, "ping", s.Store.Ping)
}
