package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/problem"
	"earworm/release"
	"earworm/schema"
)

// VersionList is which model versions were heard, and which one serves.
type VersionList struct {
	Serving  schema.Serving `json:"serving"`
	Versions []string       `json:"versions" doc:"Those that ever analysed a track and were not deleted."`
}

// Promotion asks for a version to serve readers.
type Promotion struct {
	ModelVersion string `json:"model_version" minLength:"1" maxLength:"128"`
	Revision     int    `json:"revision" minimum:"0" doc:"Of the serving state that the decision was made on: two promotions at once cannot both succeed."`
}

func (s server) versions() {
	operation(s, huma.Operation{
		OperationID: "list-versions", Method: http.MethodGet, Path: "/v1/versions", Tags: []string{"versions"},
		Summary: "Which model versions there are, and which one serves readers.",
	}, auth.Read, func(ctx context.Context, _ *struct{}) (*body[VersionList], error) {
		serving, err := s.Store.Serving(ctx)
		if err != nil {
			return nil, err
		}
		versions, err := s.Store.ModelVersions(ctx)
		if versions == nil {
			versions = []string{}
		}
		return &body[VersionList]{VersionList{serving, versions}}, err
	})
	operation(s, huma.Operation{
		OperationID: "promote-version", Method: http.MethodPost, Path: "/v1/versions/promote", Tags: []string{"versions"},
		Summary:       "Have another model version serve readers. The one before stays and can be promoted back.",
		Description:   "Features follow track by track, after the answer. Where that was cut off, promoting the same version again finishes it.",
		DefaultStatus: http.StatusAccepted,
	}, auth.Admin, s.promote)
}

func (s server) promote(ctx context.Context, in *body[Promotion]) (*body[schema.Serving], error) {
	version := in.Body.ModelVersion
	from, err := s.Store.Serving(ctx)
	if err != nil {
		return nil, err
	}
	if from.Revision != in.Body.Revision {
		return nil, problem.New(http.StatusConflict, "conflict", "revision is %d by now and %s serves; want the decision made on that", from.Revision, from.ModelVersion)
	}
	now, err := s.Store.Promote(ctx, version, auth.Who(ctx).Name, from)
	switch {
	case errors.Is(err, schema.ErrNotFound):
		return nil, problem.New(http.StatusNotFound, "not_found", "no track was analysed by model version %q; GET /v1/versions lists those that have", version)
	case errors.Is(err, schema.ErrConflict):
		return nil, problem.New(http.StatusConflict, "conflict", "another promotion came first; want GET /v1/versions asked again")
	case err != nil:
		return nil, err
	}
	go s.follow(context.WithoutCancel(ctx), now)
	return &body[schema.Serving]{now}, nil
}

// follow has the features follow a promotion, until another one takes over.
func (s server) follow(ctx context.Context, promoted schema.Serving) {
	tracks, err := release.Follow(ctx, s.Store, promoted, nil)
	switch {
	case err == nil:
		s.Log.InfoContext(ctx, "promotion finished", "model_version", promoted.ModelVersion, "tracks", tracks)
	case !errors.Is(err, release.ErrOvertaken):
		s.Log.ErrorContext(ctx, "promotion cut off; promote again to finish it", "model_version", promoted.ModelVersion, "tracks", tracks, "error", err)
	}
}
