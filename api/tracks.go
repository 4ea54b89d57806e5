package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"earworm/schema"
)

// mostTracks is how many submissions one request may carry.
const mostTracks = 1000

// addTracks takes one submission or {"tracks": [...]}. All are checked before
// the first is added, so that a refused request changes nothing.
func (s server) addTracks(w http.ResponseWriter, r *http.Request) error {
	submissions, err := s.readSubmissions(w, r)
	if err != nil {
		return err
	}
	sources := map[schema.TrackID]string{}
	for i, sub := range submissions {
		sub, err := s.Intake.Check(r.Context(), sub)
		if uri, twice := sources[sub.TrackID]; err == nil && twice && uri != sub.Source {
			err = conflict(sub.TrackID, uri)
		}
		refusal := (*SubmissionError)(nil)
		switch {
		case errors.As(err, &refusal) && refusal.Conflict:
			return problem{http.StatusConflict, "conflict", fmt.Sprintf("tracks[%d]: %s", i, refusal)}
		case errors.As(err, &refusal):
			return badRequest("tracks[%d]: %s", i, refusal)
		case err != nil:
			return err
		}
		submissions[i], sources[sub.TrackID] = sub, sub.Source
	}
	receipts := make([]Receipt, len(submissions))
	for i, sub := range submissions {
		if receipts[i], err = s.Intake.Add(r.Context(), sub, time.Now()); err != nil {
			return fmt.Errorf("add track %s: %w", sub.TrackID, err)
		}
	}
	return write(w, http.StatusAccepted, map[string]any{"tracks": receipts})
}

func (s server) readSubmissions(w http.ResponseWriter, r *http.Request) ([]Submission, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return nil, problem{http.StatusUnsupportedMediaType, "unsupported_media_type", "want Content-Type: application/json"}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, problem{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the request is above %d bytes; send fewer tracks at once", s.MaxBody)}
	}
	if err != nil {
		return nil, badRequest("read the request: %s", err)
	}
	var body struct {
		Submission
		Tracks []Submission `json:"tracks"`
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); err != nil {
		return nil, badRequest("the request is not as it should be: %s", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, badRequest("the request goes on after its JSON object")
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

// failure is a schema.Failure with its line of help.
type failure struct {
	schema.Failure
	Help string `json:"help"`
}

func (s server) track(w http.ResponseWriter, r *http.Request) error {
	id, err := trackID(r)
	if err != nil {
		return err
	}
	t, err := s.Store.Track(r.Context(), id)
	if err != nil {
		return err
	}
	answer := struct {
		schema.Track
		Failure *failure `json:"error,omitempty"` // in place of the embedded one
	}{Track: t}
	if t.Failure != nil {
		answer.Failure = &failure{*t.Failure, t.Failure.Code.Help()}
	}
	return write(w, http.StatusOK, answer)
}

func (s server) features(w http.ResponseWriter, r *http.Request) error {
	id, err := trackID(r)
	if err != nil {
		return err
	}
	f, err := s.Store.Features(r.Context(), id)
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, f)
}

func (s server) analysis(w http.ResponseWriter, r *http.Request) error {
	id, err := trackID(r)
	if err != nil {
		return err
	}
	a, err := s.Store.Analysis(r.Context(), id, r.URL.Query().Get("version"))
	if err != nil {
		return err
	}
	return write(w, http.StatusOK, a)
}

func trackID(r *http.Request) (schema.TrackID, error) {
	id := r.PathValue("id")
	if !plainID(id) {
		return "", badRequest("track_id is %q; %s", id, wantID)
	}
	return schema.TrackID(id), nil
}
