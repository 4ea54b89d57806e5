package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
)

// AudioFeatures has the keys of Spotify's audio features object. What is not
// computed here, or was not heard, is null.
type AudioFeatures struct {
	Type          string         `json:"type" enum:"audio_features"`
	ID            schema.TrackID `json:"id"`
	URI           string         `json:"uri"`
	TrackHref     string         `json:"track_href"`
	AnalysisURL   string         `json:"analysis_url"`
	DurationMS    int            `json:"duration_ms"`
	Tempo         *float64       `json:"tempo" doc:"Beats a minute."`
	Key           int            `json:"key" minimum:"-1" maximum:"11" doc:"Pitch class of the tonic, 0 is C; -1 where no key was heard."`
	Mode          *int           `json:"mode" doc:"1 is major, 0 minor."`
	TimeSignature *int           `json:"time_signature" doc:"The number above the line of the time signature."`
	Loudness      float64        `json:"loudness" doc:"Mean level, dB relative to full scale."`

	Acousticness     *float64 `json:"acousticness" doc:"Not computed: null."`
	Danceability     *float64 `json:"danceability" doc:"Not computed: null."`
	Energy           *float64 `json:"energy" doc:"Not computed: null."`
	Instrumentalness *float64 `json:"instrumentalness" doc:"Not computed: null."`
	Liveness         *float64 `json:"liveness" doc:"Not computed: null."`
	Speechiness      *float64 `json:"speechiness" doc:"Not computed: null."`
	Valence          *float64 `json:"valence" doc:"Not computed: null."`
}

// AudioFeaturesList is the answer to a question for several tracks: one for
// each identifier, in their order, null where there is none.
type AudioFeaturesList struct {
	AudioFeatures []*AudioFeatures `json:"audio_features"`
}

// SpotifyError is a problem with Spotify's own words beside it, which its
// clients read.
type SpotifyError struct {
	*problem.Problem
	Spotify struct {
		Status  int    `json:"status"`
		Message string `json:"message"`
	} `json:"error"`
}

type idsInput struct {
	IDs []string `query:"ids" required:"true" minItems:"1" maxItems:"100" doc:"Track identifiers, with commas between."`
}

func (s server) spotify() {
	operation(s, huma.Operation{
		OperationID: "get-audio-features", Method: http.MethodGet, Path: "/v1/audio-features/{id}", Tags: []string{"spotify"},
		Summary: "A track's features as Spotify's clients read them.",
	}, auth.Read, func(ctx context.Context, in *TrackPath) (*body[AudioFeatures], error) {
		f, err := s.Store.Features(ctx, in.trackID())
		if err != nil {
			return nil, s.spotifyError(ctx, err)
		}
		return &body[AudioFeatures]{audioFeatures(f)}, nil
	})
	several := huma.Operation{
		OperationID: "list-audio-features", Method: http.MethodGet, Path: "/v1/audio-features", Tags: []string{"spotify"},
		Summary: "The features of several tracks as Spotify's clients read them.",
	}
	operation(s, several, auth.Read, s.audioFeaturesList)
	// spotipy writes a slash before the question mark.
	several.OperationID, several.Path, several.Hidden = "list-audio-features-slash", "/v1/audio-features/{$}", true
	operation(s, several, auth.Read, s.audioFeaturesList)
	operation(s, huma.Operation{
		OperationID: "get-audio-analysis", Method: http.MethodGet, Path: "/v1/audio-analysis/{id}", Tags: []string{"spotify"},
		Summary: "A track's analysis as Spotify's clients read it.",
	}, auth.Read, s.audioAnalysis)
}

func (s server) audioFeaturesList(ctx context.Context, in *idsInput) (*body[AudioFeaturesList], error) {
	list := AudioFeaturesList{AudioFeatures: make([]*AudioFeatures, len(in.IDs))}
	for i, id := range in.IDs {
		if !plainID(id) {
			return nil, s.spotifyError(ctx, badRequest("ids[%d] is %q; %s", i, id, wantID))
		}
		f, err := s.Store.Features(ctx, schema.TrackID(id))
		switch {
		case errors.Is(err, schema.ErrNotFound):
		case err != nil:
			return nil, s.spotifyError(ctx, err)
		default:
			heard := audioFeatures(f)
			list.AudioFeatures[i] = &heard
		}
	}
	return &body[AudioFeaturesList]{list}, nil
}

func (s server) spotifyError(ctx context.Context, err error) error {
	e := &SpotifyError{Problem: s.problem(ctx, err)}
	e.Spotify.Status, e.Spotify.Message = e.Status, e.Detail
	return e
}

func audioFeatures(f schema.Features) AudioFeatures {
	heard := AudioFeatures{
		Type: "audio_features", ID: f.TrackID, URI: "earworm:track:" + string(f.TrackID),
		TrackHref:   "/v1/tracks/" + string(f.TrackID),
		AnalysisURL: "/v1/audio-analysis/" + string(f.TrackID),
		DurationMS:  int(f.DurationS*1000 + 0.5),
		Tempo:       orNull(f.TempoBPM),
		Loudness:    f.LoudnessDB,
	}
	heard.Key, heard.Mode = spotifyKey(f.Key)
	heard.TimeSignature = orNull(f.Meter.Beats)
	return heard
}

// spotifyKey is a key as a pitch class and a mode.
func spotifyKey(k schema.Key) (tonic int, mode *int) {
	if k == schema.UnknownKey {
		return -1, nil
	}
	mode = new(int)
	if !k.Minor() {
		*mode = 1
	}
	return k.Tonic(), mode
}

// orNull is null for what was not heard.
func orNull[T int | float64](v T) *T {
	if v == 0 {
		return nil
	}
	return &v
}
