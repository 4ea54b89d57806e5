package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/labels"
	"earworm/problem"
	"earworm/schema"
)

// heard adds what was heard in a track, and what people say of it.
func (s server) heard() {
	operation(s, huma.Operation{
		OperationID: "get-features", Method: http.MethodGet, Path: "/v1/tracks/{id}/features", Tags: []string{"features"},
		Summary: "The values that count: a person's label where there is one, else what was heard.",
	}, auth.Read, func(ctx context.Context, in *TrackPath) (*body[schema.Features], error) {
		f, err := s.Store.Features(ctx, in.trackID())
		return &body[schema.Features]{f}, err
	})
	operation(s, huma.Operation{
		OperationID: "get-analysis", Method: http.MethodGet, Path: "/v1/tracks/{id}/analysis", Tags: []string{"features"},
		Summary: "All that one model version heard: alternatives, beats, downbeats, embedding.",
	}, auth.Read, s.analysis)
	operation(s, huma.Operation{
		OperationID: "list-labels", Method: http.MethodGet, Path: "/v1/tracks/{id}/labels", Tags: []string{"features"},
		Summary: "What people said of a track, oldest first.",
	}, auth.Read, func(ctx context.Context, in *TrackPath) (*body[LabelList], error) {
		said, err := s.Store.TrackLabels(ctx, in.trackID())
		if said == nil {
			said = []schema.Label{}
		}
		return &body[LabelList]{LabelList{said}}, err
	})
	operation(s, huma.Operation{
		OperationID: "add-label", Method: http.MethodPost, Path: "/v1/tracks/{id}/labels", Tags: []string{"features"},
		Summary:       "Correct a track. A person's label wins over every analysis, past and future.",
		DefaultStatus: http.StatusCreated,
	}, auth.Label, s.addLabel)
	operation(s, huma.Operation{
		OperationID: "list-features", Method: http.MethodGet, Path: "/v1/features", Tags: []string{"features"},
		Summary:     "The features of all tracks that fit, as a stream of NDJSON in no order.",
		Description: "A line with the key error, after which nothing comes, says that the store failed half-way.",
		Responses: map[string]*huma.Response{"200": {Description: "A line for each track.", Content: map[string]*huma.MediaType{
			typeNDJSON: {Schema: s.schemaOf(schema.Features{})},
		}}},
	}, auth.Read, s.listFeatures)
}

type analysisInput struct {
	TrackPath
	Version string `query:"version" maxLength:"128" doc:"A model version; without it, the newest analysis."`
}

func (s server) analysis(ctx context.Context, in *analysisInput) (*body[schema.Analysis], error) {
	a, err := s.Store.Analysis(ctx, in.trackID(), in.Version)
	return &body[schema.Analysis]{a}, err
}

// LabelList is what people said of a track.
type LabelList struct {
	Labels []schema.Label `json:"labels"`
}

// Correction is what a person says of a track: something, at least.
type Correction struct {
	TempoBPM  float64      `json:"tempo_bpm,omitempty" minimum:"20" maximum:"400" doc:"Beats a minute."`
	Key       schema.Key   `json:"key,omitempty" doc:"A tonic and a mode." example:"F# minor"`
	Meter     schema.Meter `json:"meter,omitzero" doc:"A time signature." example:"7/8"`
	DownbeatS float64      `json:"downbeat_s,omitempty" minimum:"0" doc:"A time at which a bar begins, seconds."`
	TakesBack time.Time    `json:"takes_back,omitzero" doc:"The time of a label of this track that was a mistake and no longer counts."`
	Note      string       `json:"note,omitempty" maxLength:"2000"`
	Author    string       `json:"author,omitempty" maxLength:"64" doc:"Who says so; the token's name where it is left out."`
}

func (s server) addLabel(ctx context.Context, in *struct {
	TrackPath
	Body Correction
},
) (*body[schema.Label], error) {
	label := schema.Label{
		TrackID: in.trackID(), At: time.Now().UTC().Truncate(time.Millisecond),
		Author: strings.TrimSpace(in.Body.Author), Note: strings.TrimSpace(in.Body.Note),
		TempoBPM: in.Body.TempoBPM, Key: in.Body.Key, Meter: in.Body.Meter,
		DownbeatS: in.Body.DownbeatS, TakesBack: in.Body.TakesBack,
	}
	if labels.SaysNothing(label) {
		return nil, badRequest("the label says nothing; want tempo_bpm, key, meter, downbeat_s or takes_back")
	}
	if label.Author == "" {
		label.Author = auth.Who(ctx).Name
	}
	if err := s.known(ctx, label); err != nil {
		return nil, err
	}
	return &body[schema.Label]{label}, s.Store.AddLabel(ctx, label)
}

// known refuses a label that takes back one that is not there.
func (s server) known(ctx context.Context, l schema.Label) error {
	if l.TakesBack.IsZero() {
		return nil
	}
	if _, err := s.Store.Track(ctx, l.TrackID); err != nil {
		return err
	}
	said, err := s.Store.TrackLabels(ctx, l.TrackID)
	if err != nil {
		return err
	}
	if err := labels.Check(l, said); errors.Is(err, labels.ErrUnknown) {
		return problem.New(http.StatusConflict, "unknown_label", "%s", err)
	}
	return nil
}

// FilterQuery narrows features by the query of an address.
type FilterQuery struct {
	MinTempo           float64 `query:"min_tempo" minimum:"0" doc:"BPM, inclusive."`
	MaxTempo           float64 `query:"max_tempo" minimum:"0" doc:"BPM, inclusive."`
	Key                string  `query:"key" maxLength:"16" doc:"A tonic and a mode." example:"F# minor"`
	Meter              string  `query:"meter" maxLength:"8" doc:"A time signature." example:"7/8"`
	ModelVersion       string  `query:"model_version" maxLength:"128"`
	MaxTempoConfidence float64 `query:"max_tempo_confidence" minimum:"0" maximum:"1"`
}

func (q FilterQuery) filter() (f schema.Filter, err error) {
	f = schema.Filter{MinTempo: q.MinTempo, MaxTempo: q.MaxTempo, ModelVersion: q.ModelVersion, MaxTempoConfidence: q.MaxTempoConfidence}
	if q.MaxTempo != 0 && q.MinTempo > q.MaxTempo {
		return f, badRequest("min_tempo is %g and max_tempo %g; want min_tempo to be the lower", q.MinTempo, q.MaxTempo)
	}
	if q.Key != "" {
		if f.Key, err = schema.ParseKey(q.Key); err != nil {
			return f, badRequest("%s", err)
		}
	}
	if q.Meter != "" {
		if f.Meter, err = schema.ParseMeter(q.Meter); err != nil {
			return f, badRequest("%s", err)
		}
	}
	return f, nil
}

func (s server) listFeatures(ctx context.Context, in *FilterQuery) (*streamed, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	return &streamed{func(huma.Context) {
		out := newLines(exchangeOf(ctx).writer)
		out.begin(http.StatusOK)
		for f, err := range s.Store.FindFeatures(ctx, filter) {
			if err != nil {
				_ = out.write(map[string]any{"error": s.problem(ctx, err)}) // who asked may be gone
				return
			}
			if out.write(f) != nil {
				return
			}
		}
	}}, nil
}
