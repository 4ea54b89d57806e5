package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"earworm/problem"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

// Submission asks for one track to be analysed.
type Submission struct {
	Source  string         `json:"source"`             // path or URI
	TrackID schema.TrackID `json:"track_id,omitempty"` // the catalogue's own; empty: derived from Source
	Title   string         `json:"title,omitempty"`
	Artist  string         `json:"artist,omitempty"`
	Album   string         `json:"album,omitempty"`
	Force   bool           `json:"force,omitempty"`   // even where the analysis is there already
	Lane    queue.Lane     `json:"lane,omitempty"`    // ingest (default) or reprocess
	Webhook string         `json:"webhook,omitempty"` // address to be told when the analysis has ended
}

// Receipt says what became of a submission.
type Receipt struct {
	TrackID  schema.TrackID `json:"track_id"`
	Source   string         `json:"source"`   // canonical
	Added    bool           `json:"added"`    // the catalogue did not have it
	Enqueued bool           `json:"enqueued"` // false: a job for it waits or runs already
}

// Intake registers tracks and enqueues their analysis.
type Intake struct {
	Store interface {
		AddTrack(ctx context.Context, t schema.Track) (added bool, err error)
		Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	}
	Queue        Queue
	ModelVersion string // the one that jobs ask for

	// Webhooks says which addresses may be told; nil: none.
	Webhooks interface{ Check(address string) error }
}

// SubmissionError is what is wrong with a submission, for its sender to mend.
type SubmissionError struct {
	Message  string
	Conflict bool // the identifier already names another source
}

func (e *SubmissionError) Error() string { return e.Message }

func refuse(format string, args ...any) error {
	return &SubmissionError{Message: fmt.Sprintf(format, args...)}
}

func conflict(id schema.TrackID, uri string) error {
	return &SubmissionError{Message: fmt.Sprintf("track_id %q is the track at %s", id, uri), Conflict: true}
}

// Check completes a submission: its source canonical, its identifier and lane
// set. It returns a *SubmissionError or the store's error.
func (in Intake) Check(ctx context.Context, s Submission) (Submission, error) {
	if s.Source == "" {
		return s, refuse("source is missing; want a path or a URI")
	}
	uri, err := source.Canonical(s.Source)
	if err != nil {
		return s, refuse("%s", err)
	}
	s.Source = uri
	switch s.Lane {
	case "":
		s.Lane = queue.Ingest
	case queue.Ingest, queue.Reprocess:
	default:
		return s, refuse("lane is %q; want ingest or reprocess", s.Lane)
	}
	if err := in.checkWebhook(s.Webhook); err != nil {
		return s, err
	}
	if s.TrackID == "" {
		s.TrackID = schema.TrackIDOf(uri)
		return s, nil
	}
	if !plainID(string(s.TrackID)) {
		return s, refuse("track_id is %q; %s", s.TrackID, wantID)
	}
	known, err := in.Store.Track(ctx, s.TrackID)
	switch {
	case errors.Is(err, schema.ErrNotFound):
		return s, nil
	case err != nil:
		return s, err
	case known.Source != uri:
		return s, conflict(s.TrackID, known.Source)
	}
	return s, nil
}

func (in Intake) checkWebhook(address string) error {
	switch {
	case address == "":
		return nil
	case in.Webhooks == nil:
		return refuse("webhook is %q, but none are sent from here; earworm serve --webhook-hosts allows some", address)
	}
	if err := in.Webhooks.Check(address); err != nil {
		return refuse("%s", err)
	}
	return nil
}

// fullFor is how long who met a full queue is asked to stay away.
const fullFor = 10 * time.Second

// Add registers a checked submission and enqueues it. The track is in the
// store before its job is in the queue, so that a lost queue loses no track.
// A full queue is a *problem.Problem with the code queue_full; nothing is kept then.
func (in Intake) Add(ctx context.Context, s Submission, now time.Time) (Receipt, error) {
	if err := in.Queue.Room(ctx); errors.Is(err, queue.ErrFull) {
		p := problem.New(http.StatusServiceUnavailable, "queue_full", "%s for workers already; hand this in again later", err)
		p.Wait = fullFor
		return Receipt{}, p
	} else if err != nil {
		return Receipt{}, err
	}
	added, err := in.Store.AddTrack(ctx, schema.Track{
		ID: s.TrackID, Source: s.Source, Title: s.Title, Artist: s.Artist, Album: s.Album,
		Status: schema.Pending, AddedAt: now, UpdatedAt: now,
	})
	if err != nil {
		return Receipt{}, err
	}
	job := queue.Job{TrackID: s.TrackID, Source: s.Source, ModelVersion: in.ModelVersion, Lane: s.Lane, Force: s.Force}
	var enqueued bool
	if s.Webhook == "" {
		enqueued, err = in.Queue.Enqueue(ctx, job)
	} else {
		enqueued, err = in.Queue.EnqueueFor(ctx, job, s.Webhook)
	}
	return Receipt{TrackID: s.TrackID, Source: s.Source, Added: added, Enqueued: enqueued}, err
}

// wantID words what plainID accepts.
const wantID = "want 1 to 128 letters, digits and - _ . :"

// plainID tells an identifier that may be repeated in logs and addresses: 1 to
// 128 letters, digits, hyphens, underscores, full stops and colons.
func plainID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' && c != ':' {
			return false
		}
	}
	return true
}
