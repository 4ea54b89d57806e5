package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
)

// VectorPath is the part of an address that names a track's vector in a space.
type VectorPath struct {
	TrackPath
	Space string `path:"space" pattern:"^[A-Za-z0-9._:-]{1,128}$" patternDescription:"1 to 128 letters, digits and - _ . :" doc:"The space's name."`
}

// Vector is a track's place in a space.
type Vector struct {
	Vector []float32 `json:"vector" minItems:"1" maxItems:"1024"`
}

// SpaceList is the spaces there are.
type SpaceList struct {
	Spaces []schema.Space `json:"spaces"`
}

func (s server) vectors() {
	operation(s, huma.Operation{
		OperationID: "list-spaces", Method: http.MethodGet, Path: "/v1/spaces", Tags: []string{"similarity"},
		Summary: "The spaces that vectors are in: those of model versions, and those that other services publish.",
	}, auth.Read, func(ctx context.Context, _ *struct{}) (*body[SpaceList], error) {
		spaces, err := s.Store.Spaces(ctx)
		if spaces == nil {
			spaces = []schema.Space{}
		}
		return &body[SpaceList]{SpaceList{spaces}}, err
	})
	operation(s, huma.Operation{
		OperationID: "put-vector", Method: http.MethodPut, Path: "/v1/tracks/{id}/vectors/{space}", Tags: []string{"similarity"},
		Summary:       "Publish a track's vector in a space of one's own, such as collaborative filtering or text.",
		Description:   "The first vector makes the space; later ones must be as long.",
		DefaultStatus: http.StatusNoContent,
	}, auth.Ingest, s.putVector)
	operation(s, huma.Operation{
		OperationID: "get-vector", Method: http.MethodGet, Path: "/v1/tracks/{id}/vectors/{space}", Tags: []string{"similarity"},
		Summary: "A track's vector in a space.",
	}, auth.Read, func(ctx context.Context, in *VectorPath) (*body[Vector], error) {
		v, err := s.Store.TrackVector(ctx, in.trackID(), in.Space)
		return &body[Vector]{Vector{v}}, err
	})
}

func (s server) putVector(ctx context.Context, in *struct {
	VectorPath
	Body Vector
},
) (*struct{}, error) {
	err := s.Store.PutVector(ctx, in.trackID(), in.Space, in.Body.Vector)
	switch {
	case err == nil:
		return nil, nil //nolint:nilnil // an answer without a body
	case errors.Is(err, schema.ErrConflict):
		return nil, problem.New(http.StatusConflict, "conflict", "space %q is a model version's own; want a name of yours", in.Space)
	}
	return nil, s.vectorProblem(ctx, err, map[string][]float32{in.Space: in.Body.Vector})
}

// vectorProblem says what vectors are wanted where some are not as their
// spaces want them, and leaves other errors alone.
func (s server) vectorProblem(ctx context.Context, err error, given map[string][]float32) error {
	switch {
	case errors.Is(err, schema.ErrZero):
		return problem.New(http.StatusBadRequest, "bad_vector", "vector is all zero or not finite, which points nowhere; want numbers of which one at least is not 0")
	case !errors.Is(err, schema.ErrLength):
		return err
	}
	spaces, listing := s.Store.Spaces(ctx)
	if listing != nil {
		return listing
	}
	var wants []string
	for _, space := range spaces {
		if v, asked := given[space.Name]; asked && len(v) != space.Length {
			wants = append(wants, fmt.Sprintf("vector has %d values; space %q wants %d", len(v), space.Name, space.Length))
		}
	}
	if len(wants) == 0 {
		wants = []string{fmt.Sprintf("vector has the wrong length; want 1 to %d values", schema.MaxVector)}
	}
	return problem.New(http.StatusBadRequest, "bad_vector", "%s", strings.Join(wants, "; "))
}
