// Package queue carries jobs from whoever asks for an analysis to the workers
// that make it: two lanes on asynq, over Redis or over an in-process Redis.
// It alone knows asynq.
package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"earworm/schema"
)

// Lane is a way through the queue.
type Lane string

// Ingest is for tracks that someone waits for. Reprocess is for the rest of
// the catalogue, which yields to them without ever standing still.
const (
	Ingest    Lane = "ingest"
	Reprocess Lane = "reprocess"
)

// Lanes lists both, the one that goes first first.
func Lanes() []Lane { return []Lane{Ingest, Reprocess} }

// Job asks for one track to be analysed by one model version.
type Job struct {
	TrackID      schema.TrackID `json:"track_id"`
	Source       string         `json:"source"`                  // canonical URI
	ModelVersion string         `json:"model_version,omitempty"` // "": whichever the worker has
	Lane         Lane           `json:"lane"`
	Batch        string         `json:"batch,omitempty"` // the batch it is part of
	Part         int            `json:"part,omitempty"`  // of the catalogue, as the batch parts it
	Since        time.Time      `json:"since,omitzero"`  // done where the version analysed the track after it, forced or not
	Force        bool           `json:"force,omitempty"` // analyse even what is unchanged
	Trace        string         `json:"trace,omitempty"` // W3C traceparent of whoever asked; set by Enqueue
}

// ID is what makes two jobs the same: track and model version.
func (j Job) ID() string { return string(j.TrackID) + "@" + j.ModelVersion }

// maxName bounds the identifiers, which become part of a Redis key.
const maxName = 200

// Validate names the first field that cannot be.
func (j Job) Validate() error {
	switch {
	case !isName(string(j.TrackID)):
		return fmt.Errorf("track_id is %q; want 1 to %d visible characters", j.TrackID, maxName)
	case j.ModelVersion != "" && !isName(j.ModelVersion):
		return fmt.Errorf("model_version is %q; want at most %d visible characters", j.ModelVersion, maxName)
	case j.Source == "":
		return fmt.Errorf("source of track %s is empty; want a canonical URI", j.TrackID)
	case j.Lane != Ingest && j.Lane != Reprocess:
		return fmt.Errorf("lane is %q; want %q or %q", j.Lane, Ingest, Reprocess)
	}
	return nil
}

func isName(s string) bool {
	return s != "" && len(s) <= maxName && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// parseJob reads a job as it was enqueued, by this version of earworm or
// another: fields it does not know are passed over.
func parseJob(payload []byte) (Job, error) {
	var j Job
	if err := json.Unmarshal(payload, &j); err != nil {
		return Job{}, fmt.Errorf("job: %w", err)
	}
	if err := j.Validate(); err != nil {
		return Job{}, fmt.Errorf("job: %w", err)
	}
	return j, nil
}

// Delivery is a job handed to a worker.
type Delivery struct {
	Job
	Attempt int  // from 1; a run that its worker did not survive is not counted
	Last    bool // no retry after this one

	// Crashed says that the job was started three times and that no worker
	// lived to tell the outcome. It must not be run: what is left to do is to
	// record schema.Crashed.
	Crashed bool
}

// LogAttrs name the delivery in a log line.
func (d Delivery) LogAttrs() []any {
	attrs := []any{"job_id", d.ID(), "track_id", d.TrackID, "lane", d.Lane, "attempt", d.Attempt}
	if d.Batch != "" {
		attrs = append(attrs, "batch_id", d.Batch)
	}
	return attrs
}

// Handler runs one job. What it returns is the outcome: nil, the job is done;
// a *schema.Failure, wrapped or not, it failed for good and is not tried again;
// any other error, it is tried again later, up to a number of attempts, to which
// ErrAway does not count. A panic is a failure for good. A handler that goes on after its context has ended is
// abandoned, and another may start the same job beside it.
type Handler func(ctx context.Context, d Delivery) error
