package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
)

// mostTracks is how many submissions one JSON request may carry.
const mostTracks = 1000

// The media types that tracks are handed in as.
const (
	typeJSON   = "application/json"
	typeNDJSON = "application/x-ndjson"
	typeForm   = "multipart/form-data"
)

// TrackPath is the part of an address that names a track.
type TrackPath struct {
	ID string `path:"id" pattern:"^[A-Za-z0-9._:-]{1,128}$" patternDescription:"1 to 128 letters, digits and - _ . :" doc:"The track's identifier."`
}

// trackID is the identifier.
func (t TrackPath) trackID() schema.TrackID { return schema.TrackID(t.ID) }

// body is an answer that is nothing but a JSON body.
type body[T any] struct{ Body T }

func (s server) tracks() {
	s.submission()
	operation(s, huma.Operation{
		OperationID: "list-tracks", Method: http.MethodGet, Path: "/v1/tracks", Tags: []string{"tracks"},
		Summary: "A page of tracks, with their features where they have any.",
	}, auth.Read, s.listTracks)
	operation(s, huma.Operation{
		OperationID: "get-track", Method: http.MethodGet, Path: "/v1/tracks/{id}", Tags: []string{"tracks"},
		Summary: "Where a track stands, with its failure where it failed.",
	}, auth.Read, func(ctx context.Context, in *TrackPath) (*body[TrackView], error) {
		t, err := s.Store.Track(ctx, in.trackID())
		if err != nil {
			return nil, err
		}
		return &body[TrackView]{viewOf(t)}, nil
	})
}

// listQuery asks for a page of tracks.
type listQuery struct {
	FilterQuery
	MaxKeyConfidence   float64 `query:"max_key_confidence" minimum:"0" maximum:"1"`
	MaxMeterConfidence float64 `query:"max_meter_confidence" minimum:"0" maximum:"1"`
	Status             string  `query:"status" enum:"pending,analysed,failed"`
	Code               string  `query:"code" maxLength:"32" doc:"Of a failure."`
	Text               string  `query:"text" maxLength:"200" doc:"What a word of title, artist, album or source begins with."`
	Order              string  `query:"order" enum:"added,worth" default:"added" doc:"Newest first, or what a person's minute is worth most on."`
	Cursor             string  `query:"cursor" maxLength:"1000" doc:"The next of the page before, with the same filters; without it, the first page."`
	Limit              int     `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

// TrackPage is a page of tracks.
type TrackPage struct {
	Tracks []TrackItem `json:"tracks"`
	Next   string      `json:"next,omitempty" doc:"The cursor of the next page; without it, this is the last."`
}

// TrackItem is a track in a list.
type TrackItem struct {
	TrackView
	Features *schema.Features `json:"features,omitempty"`
	Worth    schema.Worth     `json:"worth"`
}

func (s server) listTracks(ctx context.Context, in *listQuery) (*body[TrackPage], error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	filter.MaxKeyConfidence, filter.MaxMeterConfidence = in.MaxKeyConfidence, in.MaxMeterConfidence
	page, err := s.Store.List(ctx, schema.Listing{
		Filter: filter, Status: schema.Status(in.Status), Code: schema.Code(in.Code), Text: in.Text,
		Order: schema.Order(in.Order), After: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return nil, err
	}
	out := TrackPage{Tracks: make([]TrackItem, len(page.Items)), Next: page.Next}
	for i, item := range page.Items {
		out.Tracks[i] = TrackItem{viewOf(item.Track), item.Features, item.Worth}
	}
	return &body[TrackPage]{out}, nil
}

// TrackView is a track as the API shows it.
type TrackView struct {
	schema.Track
	Failure *FailureView `json:"error,omitempty" doc:"Why the track failed."` // in place of the embedded one
}

// FailureView is a failure with its line of help.
type FailureView struct {
	Code    schema.Code `json:"code"`
	Message string      `json:"message"`
	Help    string      `json:"help" doc:"One line for the person who meets the code."`
}

func viewOf(t schema.Track) TrackView {
	view := TrackView{Track: t}
	if t.Failure != nil {
		view.Failure = &FailureView{t.Failure.Code, t.Failure.Message, t.Failure.Code.Help()}
	}
	return view
}

// Submissions is the form of a request with many tracks.
type Submissions struct {
	Tracks []Submission `json:"tracks" minItems:"1" maxItems:"1000"`
}

// Receipts is the answer to tracks handed in.
type Receipts struct {
	Tracks []Receipt `json:"tracks"`
}

// submission adds POST /v1/tracks. It reads its body itself, since that may be
// a stream, so that its description is written here.
func (s server) submission() {
	one, many := s.schemaOf(Submission{}), s.schemaOf(Submissions{})
	operation(s, huma.Operation{
		OperationID: "add-tracks", Method: http.MethodPost, Path: "/v1/tracks", Tags: []string{"tracks"},
		Summary: "Register tracks and enqueue their analysis.",
		Description: "One track or many as JSON: all are checked before the first is added, so that a refused request changes nothing. " +
			"A stream of NDJSON, a track a line: each line is answered by a line, a receipt or a problem. " +
			"A form with one file: it is kept here, under its hash, and becomes a track. " +
			"A job that waits or runs already is not added twice.",
		DefaultStatus: http.StatusAccepted,
		Responses: map[string]*huma.Response{"202": {
			Description: "Registered and enqueued. Of a stream, a line for each line.",
			Content: map[string]*huma.MediaType{
				typeJSON:   {Schema: s.schemaOf(Receipts{})},
				typeNDJSON: {Schema: s.schemaOf(Line{})},
			},
		}},
	}, auth.Ingest, s.addTracks)
	s.api.OpenAPI().Paths["/v1/tracks"].Post.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		typeJSON:   {Schema: &huma.Schema{OneOf: []*huma.Schema{one, many}}, Example: map[string]any{"source": "file:///music/waltz.flac", "title": "Waltz"}},
		typeNDJSON: {Schema: one},
		typeForm: {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{fileField},
			Properties: map[string]*huma.Schema{fileField: {Type: huma.TypeString, Format: "binary"}},
		}},
	}}
}

type streamed struct{ Body func(huma.Context) }

func (s server) addTracks(ctx context.Context, _ *struct{}) (*streamed, error) {
	x := exchangeOf(ctx)
	switch kind, _, _ := mime.ParseMediaType(x.request.Header.Get("Content-Type")); kind {
	case typeJSON:
		raw, err := s.readAll(x.request, x.writer)
		if err != nil {
			return nil, err
		}
		submissions, err := parseSubmissions(raw)
		if err != nil {
			return nil, err
		}
		return s.receipts(ctx, submissions)
	case typeForm:
		submission, err := s.readFile(x)
		if err != nil {
			return nil, err
		}
		return s.receipts(ctx, []Submission{submission})
	case typeNDJSON:
		return &streamed{func(huma.Context) { s.addLines(ctx, x) }}, nil
	}
	return nil, problem.New(http.StatusUnsupportedMediaType, "unsupported_media_type", "want Content-Type: %s, %s or %s", typeJSON, typeNDJSON, typeForm)
}

// receipts adds submissions and answers for them.
func (s server) receipts(ctx context.Context, submissions []Submission) (*streamed, error) {
	receipts, err := s.addAll(ctx, submissions)
	if err != nil {
		return nil, err
	}
	return &streamed{func(hc huma.Context) {
		hc.SetHeader("Content-Type", typeJSON)
		hc.SetStatus(http.StatusAccepted)
		_ = huma.DefaultJSONFormat.Marshal(hc.BodyWriter(), Receipts{receipts}) // who asked may be gone
	}}, nil
}

// addAll checks all submissions before the first is added.
func (s server) addAll(ctx context.Context, submissions []Submission) ([]Receipt, error) {
	sources := map[schema.TrackID]string{}
	for i, sub := range submissions {
		sub, err := s.Intake.Check(ctx, sub)
		if uri, twice := sources[sub.TrackID]; err == nil && twice && uri != sub.Source {
			err = conflict(sub.TrackID, uri)
		}
		if err != nil {
			return nil, refused(fmt.Sprintf("tracks[%d]: ", i), err)
		}
		submissions[i], sources[sub.TrackID] = sub, sub.Source
	}
	receipts := make([]Receipt, len(submissions))
	for i, sub := range submissions {
		var err error
		if receipts[i], err = s.Intake.Add(ctx, sub, time.Now()); err != nil {
			return nil, fmt.Errorf("add track %s: %w", sub.TrackID, err)
		}
	}
	return receipts, nil
}

// refused makes a problem of a *SubmissionError, and leaves other errors alone.
func refused(where string, err error) error {
	refusal, ok := errors.AsType[*SubmissionError](err)
	switch {
	case !ok:
		return err
	case refusal.Conflict:
		return problem.New(http.StatusConflict, "conflict", "%s%s", where, refusal)
	}
	return badRequest("%s%s", where, refusal)
}

// parseSubmissions reads one submission or {"tracks": [...]}.
func parseSubmissions(raw []byte) ([]Submission, error) {
	var body struct {
		Submission
		Tracks []Submission `json:"tracks"`
	}
	if err := parseStrictly(raw, &body); err != nil {
		return nil, err
	}
	single := body.Submission != (Submission{})
	switch {
	case single && body.Tracks != nil:
		return nil, badRequest("the request holds a track and tracks; want one of the two")
	case single:
		return []Submission{body.Submission}, nil
	case len(body.Tracks) == 0:
		return nil, badRequest("the request holds no track; want source, or tracks with a source each")
	case len(body.Tracks) > mostTracks:
		return nil, badRequest("the request holds %d tracks; want %d or fewer", len(body.Tracks), mostTracks)
	}
	return body.Tracks, nil
}

// parseStrictly reads one JSON object without fields that dst does not have.
func parseStrictly(raw []byte, dst any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(dst); err != nil {
		return badRequest("the request is not as it should be: %s", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return badRequest("the request goes on after its JSON object")
	}
	return nil
}
