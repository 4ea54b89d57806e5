// Package batch has the catalogue, or a part of it that a selector names,
// analysed again. A Service is what people do with batches; a Planner, in every
// process that has workers, turns them into jobs, little by little.
package batch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"earworm/queue"
	"earworm/schema"
	"earworm/selector"
)

// Store is the part of a schema.Store that batches need.
type Store interface {
	schema.Batches
	schema.Scanner
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error)
	Features(ctx context.Context, id schema.TrackID) (schema.Features, error)
}

// Queue is where a batch's jobs go; *queue.Queue is one.
type Queue interface {
	// Enqueue adds a job, unless the same track and model version waits or runs.
	Enqueue(ctx context.Context, j queue.Job) (added bool, err error)
	// Withdraw takes a batch's jobs out of the reprocess lane that do not run yet.
	Withdraw(ctx context.Context, batch string) (withdrawn int, err error)
	Status(ctx context.Context) (queue.Status, error)
}

// Order asks for a batch.
type Order struct {
	Selector selector.Selector `json:"selector"`
	Force    bool              `json:"force,omitempty"` // even what the model version heard before
	Rate     float64           `json:"rate,omitempty"`  // tracks a second at most; 0: no limit
	By       string            `json:"by,omitempty"`    // who asks
}

// Refusal is an order or a change that cannot be, for whoever asked to mend.
// Nothing was changed.
type Refusal struct {
	Message  string
	Conflict bool // with the state that the batch is in
}

func (r *Refusal) Error() string { return r.Message }

func refuse(format string, args ...any) error { return &Refusal{Message: fmt.Sprintf(format, args...)} }

// Service makes batches, and pauses, resumes and cancels them.
type Service struct {
	Store        Store
	Queue        Queue
	ModelVersion string // that batches are analysed by
}

// Create keeps a new batch, which a Planner of the same model version will find.
// The error is a *Refusal where the order cannot be.
func (s *Service) Create(ctx context.Context, o Order, now time.Time) (schema.Batch, error) {
	o, err := s.check(ctx, o)
	if err != nil {
		return schema.Batch{}, err
	}
	b := schema.Batch{
		Selector: o.Selector.String(), ModelVersion: s.ModelVersion, Force: o.Force, Rate: o.Rate,
		State: schema.BatchRunning, CreatedAt: now.UTC().Truncate(time.Millisecond), CreatedBy: o.By,
		Parts: make([]schema.Part, scanner(s.Store, o.Selector).Parts()), Revision: 1,
	}
	b.UpdatedAt = b.CreatedAt
	for {
		b.ID = newID(now)
		if err := s.Store.CreateBatch(ctx, b); !errors.Is(err, schema.ErrConflict) {
			return b, err
		}
	}
}

// newID is short enough to be typed, and sorts by time.
func newID(now time.Time) string {
	var chance [3]byte
	_, _ = rand.Read(chance[:]) // never fails
	return now.UTC().Format("060102-1504-") + hex.EncodeToString(chance[:])
}

// check completes an order, or refuses it.
func (s *Service) check(ctx context.Context, o Order) (Order, error) {
	var err error
	if o.Selector, err = o.Selector.Normal(); err != nil {
		return o, &Refusal{Message: err.Error()}
	}
	if o.Rate < 0 || math.IsNaN(o.Rate) || math.IsInf(o.Rate, 0) {
		return o, refuse("rate is %g; want tracks a second above 0, or 0 for no limit", o.Rate)
	}
	for _, id := range o.Selector.IDs {
		_, err := s.Store.Track(ctx, id)
		if errors.Is(err, schema.ErrNotFound) {
			return o, refuse("track %q is not in the catalogue; want identifiers of its tracks", id)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// Pause stops a running batch until it is resumed. Its jobs that wait leave the
// queue; those that run end. It comes back with a *Refusal where the batch has
// ended, and with schema.ErrNotFound where there is none.
func (s *Service) Pause(ctx context.Context, id string) (schema.Batch, error) {
	return s.stop(ctx, id, schema.BatchPaused, schema.BatchRunning)
}

// Resume goes on with a paused batch. Errors are as of Pause.
func (s *Service) Resume(ctx context.Context, id string) (schema.Batch, error) {
	return s.change(ctx, id, schema.BatchRunning, schema.BatchPaused)
}

// Cancel ends a batch for good. Its jobs that wait leave the queue; those that
// run end. Errors are as of Pause.
func (s *Service) Cancel(ctx context.Context, id string) (schema.Batch, error) {
	return s.stop(ctx, id, schema.BatchCancelled, schema.BatchRunning, schema.BatchPaused)
}

// stop changes the state first, so that no planner adds to what is withdrawn.
// One that was about to withdraws once more, when it meets the new state.
func (s *Service) stop(ctx context.Context, id string, to schema.BatchState, from ...schema.BatchState) (schema.Batch, error) {
	b, err := s.change(ctx, id, to, from...)
	if err == nil {
		_, err = s.Queue.Withdraw(ctx, id)
	}
	return b, err
}

func (s *Service) change(ctx context.Context, id string, to schema.BatchState, from ...schema.BatchState) (schema.Batch, error) {
	for {
		b, err := s.Store.Batch(ctx, id)
		switch {
		case err != nil:
			return b, err
		case b.State == to:
			return b, nil
		case !slices.Contains(from, b.State):
			return b, &Refusal{Conflict: true, Message: fmt.Sprintf("batch %s is %s and cannot become %s", id, b.State, to)}
		}
		b.State = to
		if b, err = s.Store.SaveBatch(ctx, b); !errors.Is(err, schema.ErrConflict) {
			return b, err
		}
	}
}
