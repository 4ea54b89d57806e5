package batch

import (
	"context"
	"encoding/json"
	"time"

	"earworm/schema"
)

// Status is a batch as people see it.
type Status struct {
	ID           string            `json:"batch_id"`
	Selector     json.RawMessage   `json:"selector"`
	ModelVersion string            `json:"model_version"`
	Force        bool              `json:"force"`
	Rate         float64           `json:"rate"` // tracks a second at most; 0: no limit
	State        schema.BatchState `json:"state"`
	CreatedAt    time.Time         `json:"created_at"`
	CreatedBy    string            `json:"created_by,omitempty"`
	UpdatedAt    time.Time         `json:"updated_at"`
	Planner      string            `json:"planner,omitempty"` // the process that plans it now; empty: none

	Planned  int                 `json:"planned"`  // tracks that it has met so far
	Whole    bool                `json:"whole"`    // these are all
	Waiting  int                 `json:"waiting"`  // planned and not ended
	Done     int                 `json:"done"`     //
	Failed   int                 `json:"failed"`   // for good
	Failures map[schema.Code]int `json:"failures"` // by code

	// LeftS is about how long what is left will take, at its pace since it was
	// created; nil where that cannot be told.
	LeftS *float64 `json:"left_s"`
}

// Ended is how many tracks are done or have failed.
func (s Status) Ended() int { return s.Done + s.Failed }

// Status sums a batch up. schema.ErrNotFound where there is none.
func (s *Service) Status(ctx context.Context, id string, now time.Time) (Status, error) {
	b, err := s.Store.Batch(ctx, id)
	if err != nil {
		return Status{}, err
	}
	return s.status(ctx, b, now)
}

// List sums up every batch, the newest first.
func (s *Service) List(ctx context.Context, now time.Time) ([]Status, error) {
	batches, err := s.Store.AllBatches(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]Status, len(batches))
	for i, b := range batches {
		if all[i], err = s.status(ctx, b, now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Service) status(ctx context.Context, b schema.Batch, now time.Time) (Status, error) {
	st := Status{
		ID: b.ID, Selector: json.RawMessage(b.Selector), ModelVersion: b.ModelVersion, Force: b.Force, Rate: b.Rate,
		State: b.State, CreatedAt: b.CreatedAt, CreatedBy: b.CreatedBy, UpdatedAt: b.UpdatedAt,
		Whole: true, Failures: map[schema.Code]int{},
	}
	if now.Before(b.Lease.Until) {
		st.Planner = b.Lease.Holder
	}
	whole := 0
	for i, part := range b.Parts {
		st.Whole = st.Whole && part.Whole
		if part.Whole {
			whole++
		}
		counts := part.Ended
		switch {
		case counts != nil:
		case part.After == "" && !part.Whole:
			continue // planning has not come there yet
		default:
			counted, err := s.Store.CountOutcomes(ctx, b.ID, i)
			if err != nil {
				return st, err
			}
			counts = &counted
		}
		st.add(*counts)
	}
	st.LeftS = st.left(now, whole, len(b.Parts))
	return st, nil
}

// add sums in what a store has counted, where what waits is counted as failures are.
func (s *Status) add(c schema.BatchCounts) {
	s.Planned += c.Done + c.Failed
	s.Done += c.Done
	for code, n := range c.Failures {
		if code == schema.Waiting {
			s.Waiting += n
			continue
		}
		s.Failed += n
		s.Failures[code] += n
	}
}

// left reckons how long a batch will go on. While parts of the catalogue are
// to be planned yet, it takes them to be like the others.
func (s *Status) left(now time.Time, whole, parts int) *float64 {
	took := now.Sub(s.CreatedAt).Seconds()
	if s.State != schema.BatchRunning || s.Ended() == 0 || took <= 0 || !s.Whole && whole == 0 {
		return nil
	}
	total := float64(s.Planned)
	if !s.Whole {
		total *= float64(parts) / float64(whole)
	}
	left := (total - float64(s.Ended())) * took / float64(s.Ended())
	return &left
}
