package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
	"earworm/similar"
)

// What is on a shelf whose order does not say.
const (
	nearPicks      = 10
	differentPicks = 5
)

// WantQuery narrows a search by the query of an address.
type WantQuery struct {
	Limit       int      `query:"limit" minimum:"1" maximum:"100" default:"10"`
	MinTempo    float64  `query:"min_tempo" minimum:"0" doc:"BPM, inclusive."`
	MaxTempo    float64  `query:"max_tempo" minimum:"0" doc:"BPM, inclusive."`
	TempoWithin float64  `query:"tempo_within" minimum:"0" exclusiveMaximum:"1" doc:"Share by which the tempo may differ from the track's own, such as 0.05."`
	Octaves     bool     `query:"octaves" doc:"Half and double of these tempi will do."`
	Key         string   `query:"key" maxLength:"16" doc:"same or compatible (with the track's own, by the Camelot wheel), or a key." example:"compatible"`
	Meter       string   `query:"meter" maxLength:"8" doc:"A time signature." example:"3/4"`
	Space       []string `query:"space" maxItems:"8" doc:"Spaces to blend, each a name or name=weight, with commas between; audio is what the serving model hears." example:"audio=2,cf=1"`
}

func (q WantQuery) want() (w similar.Want, err error) {
	w = similar.Want{Limit: q.Limit, MinTempo: q.MinTempo, MaxTempo: q.MaxTempo, TempoWithin: q.TempoWithin, Octaves: q.Octaves}
	if err := w.ReadKey(q.Key); err != nil {
		return w, similarProblem(err)
	}
	if q.Meter != "" {
		if w.Meter, err = schema.ParseMeter(q.Meter); err != nil {
			return w, badRequest("%s", err)
		}
	}
	for _, space := range q.Space {
		name, text, weighed := strings.Cut(space, "=")
		weight := 1.0
		if weighed {
			if weight, err = strconv.ParseFloat(text, 64); err != nil {
				return w, badRequest("space is %q; want a name or name=weight, such as %q", space, "cf=0.5")
			}
		}
		if w.Weights == nil {
			w.Weights = map[string]float64{}
		}
		w.Weights[name] = weight
	}
	return w, nil
}

// Matches are tracks that are like what was asked for, the most alike first.
type Matches struct {
	Matches []similar.Match `json:"matches"`
}

// Likeness asks for tracks near to vectors of the caller's.
type Likeness struct {
	Vectors map[string][]float32 `json:"vectors" minProperties:"1" maxProperties:"8" doc:"By space; audio is that of the serving model."`
	Weights map[string]float64   `json:"weights,omitempty" doc:"How much each space counts; without it, all the same."`
	Limit   int                  `json:"limit,omitempty" minimum:"1" maximum:"100" default:"10"`

	MinTempo float64      `json:"min_tempo,omitempty" minimum:"0" doc:"BPM, inclusive."`
	MaxTempo float64      `json:"max_tempo,omitempty" minimum:"0" doc:"BPM, inclusive."`
	Octaves  bool         `json:"octaves,omitempty" doc:"Half and double of these tempi will do."`
	Keys     []schema.Key `json:"keys,omitempty" maxItems:"24" doc:"Any of these."`
	Meter    schema.Meter `json:"meter,omitzero"`
}

// ShelfOrder asks for a listener's shelf.
type ShelfOrder struct {
	Heard     []similar.Heard    `json:"heard" minItems:"1" maxItems:"50" doc:"What the listener heard of late."`
	Near      *int               `json:"near,omitempty" minimum:"0" maximum:"100" doc:"How many tracks like these; 10 where it is left out."`
	Different *int               `json:"different,omitempty" minimum:"0" maximum:"100" doc:"How many that sound unlike them and yet go with them; 5 where it is left out."`
	Weights   map[string]float64 `json:"weights,omitempty" doc:"Of spaces to blend; without it, audio alone."`
}

// ShelfView is a listener's shelf.
type ShelfView struct {
	Shelf []similar.Pick `json:"shelf"`
}

func (s server) similarity() {
	operation(s, huma.Operation{
		OperationID: "similar-to-track", Method: http.MethodGet, Path: "/v1/similar/{id}", Tags: []string{"similarity"},
		Summary: "The tracks most like a track.",
	}, auth.Read, func(ctx context.Context, in *struct {
		TrackPath
		WantQuery
	},
	) (*body[Matches], error) {
		want, err := in.want()
		if err != nil {
			return nil, err
		}
		matches, err := s.search().Like(ctx, in.trackID(), want)
		return found(matches), similarProblem(err)
	})
	operation(s, huma.Operation{
		OperationID: "similar-to-vectors", Method: http.MethodPost, Path: "/v1/similar", Tags: []string{"similarity"},
		Summary: "The tracks nearest to vectors of the caller's, such as a listener's.",
	}, auth.Read, func(ctx context.Context, in *body[Likeness]) (*body[Matches], error) {
		l := in.Body
		matches, err := s.search().Near(ctx, l.Vectors, similar.Want{
			Limit: l.Limit, Weights: l.Weights, MinTempo: l.MinTempo, MaxTempo: l.MaxTempo, Octaves: l.Octaves, Keys: l.Keys, Meter: l.Meter,
		})
		if err != nil {
			return nil, s.vectorProblem(ctx, similarProblem(err), s.underAudio(ctx, l.Vectors))
		}
		return found(matches), nil
	})
	operation(s, huma.Operation{
		OperationID: "make-shelf", Method: http.MethodPost, Path: "/v1/shelf", Tags: []string{"similarity"},
		Summary: "A listener's shelf: tracks near to what they heard and deliberately different ones, each with its reason.",
	}, auth.Read, func(ctx context.Context, in *body[ShelfOrder]) (*body[ShelfView], error) {
		want := similar.ShelfWant{Near: nearPicks, Different: differentPicks, Weights: in.Body.Weights}
		if in.Body.Near != nil {
			want.Near = *in.Body.Near
		}
		if in.Body.Different != nil {
			want.Different = *in.Body.Different
		}
		shelf, err := s.search().Shelf(ctx, in.Body.Heard, want)
		if shelf == nil {
			shelf = []similar.Pick{}
		}
		return &body[ShelfView]{ShelfView{shelf}}, similarProblem(err)
	})
}

func (s server) search() similar.Searcher { return similar.Searcher{Store: s.Store} }

func found(matches []similar.Match) *body[Matches] {
	if matches == nil {
		matches = []similar.Match{}
	}
	return &body[Matches]{Matches{matches}}
}

// underAudio names the vector of audio by the space that it stands for.
func (s server) underAudio(ctx context.Context, vectors map[string][]float32) map[string][]float32 {
	named := map[string][]float32{}
	for name, v := range vectors {
		if name == similar.Audio {
			if serving, err := s.Store.Serving(ctx); err == nil {
				name = serving.ModelVersion
			}
		}
		named[name] = v
	}
	return named
}

// similarProblem makes a problem of a *similar.Refusal, and leaves other
// errors alone.
func similarProblem(err error) error {
	if refusal, ok := errors.AsType[*similar.Refusal](err); ok {
		return badRequest("%s", refusal)
	}
	if errors.Is(err, schema.ErrNotFound) {
		return problem.New(http.StatusNotFound, "not_found", "there is no such track, or it has no vector in these spaces yet")
	}
	return err
}
