package schema

import (
	"context"
	"iter"
	"time"
)

// BatchState is where a batch stands.
type BatchState string

// A batch runs until all that its selector names has ended; it can be paused
// and resumed any number of times, and cancelled for good.
const (
	BatchRunning   BatchState = "running"
	BatchPaused    BatchState = "paused"
	BatchCancelled BatchState = "cancelled"
	BatchDone      BatchState = "done"
)

// Batch asks for many tracks to be analysed again by one model version. It is
// planned lazily, a part of the catalogue at a time.
type Batch struct {
	ID           string     `json:"batch_id"`
	Selector     string     `json:"selector"` // canonical JSON of a selector; opaque to stores
	ModelVersion string     `json:"model_version"`
	Force        bool       `json:"force,omitempty"` // even tracks that this version analysed before CreatedAt
	Rate         float64    `json:"rate,omitempty"`  // tracks a second at most; 0: no limit
	State        BatchState `json:"state"`
	CreatedAt    time.Time  `json:"created_at"`
	CreatedBy    string     `json:"created_by,omitempty"`
	UpdatedAt    time.Time  `json:"updated_at"`
	Parts        []Part     `json:"parts,omitempty"` // one for each of the catalogue's
	Lease        Lease      `json:"lease,omitzero"`  // of the planner at work on it
	Revision     int        `json:"revision"`        // counts the writes
}

// Part is how far planning went in one part of the catalogue.
type Part struct {
	After   string       `json:"after,omitempty"` // checkpoint: planned up to and with this one
	Planned int          `json:"planned"`         // tracks enqueued
	Whole   bool         `json:"whole,omitempty"` // planned to its end
	Ended   *BatchCounts `json:"ended,omitempty"` // what became of them, once all have ended
}

// Lease lets one planner at a time work on a batch. It ends by itself, so that
// a planner that died is followed by another.
type Lease struct {
	Holder string    `json:"holder,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// BatchCounts sums up what became of a batch's tracks.
type BatchCounts struct {
	Done     int          `json:"done"`
	Failed   int          `json:"failed"`
	Failures map[Code]int `json:"failures"`
}

// Batches keeps batches and, track by track, their outcomes.
type Batches interface {
	// CreateBatch keeps a new batch with Revision 1. ErrConflict where the ID is taken.
	CreateBatch(ctx context.Context, b Batch) error

	// Batch returns ErrNotFound where there is none.
	Batch(ctx context.Context, id string) (Batch, error)

	// AllBatches lists them, newest first.
	AllBatches(ctx context.Context) ([]Batch, error)

	// SaveBatch writes State, Parts and Lease, where the stored Revision is
	// still b.Revision, and returns b with the next one; else ErrConflict.
	SaveBatch(ctx context.Context, b Batch) (Batch, error)

	// SaveOutcome notes how a track of the batch ended: an empty code is done,
	// Waiting that it will.
	// Twice is once; the last outcome of a track counts.
	SaveOutcome(ctx context.Context, batchID string, part int, id TrackID, code Code) error

	// Outcomes walks those of one part, in no order.
	Outcomes(ctx context.Context, batchID string, part int) iter.Seq2[Outcome, error]

	// CountOutcomes sums up the outcomes of one part.
	CountOutcomes(ctx context.Context, batchID string, part int) (BatchCounts, error)
}

// Waiting stands, in an outcome, where the code of its end will: the track is
// planned and has not ended yet. It is counted as the codes are.
const Waiting Code = "waiting"

// Outcome is how one track of a batch ended.
type Outcome struct {
	TrackID TrackID `json:"track_id"`
	Code    Code    `json:"code,omitempty"` // empty: done
}

// Entry is a track with its effective features, as a scan of the catalogue meets them.
type Entry struct {
	Track
	Features   *Features // nil: never analysed
	Apart      Apart     // as SetApart noted it last
	Checkpoint string    // where the scan can go on after this entry
}

// Scanner walks the catalogue in parts, each in an order that stays the same,
// so that a walk can be taken up where it was left.
type Scanner interface {
	// Parts is into how many the catalogue is split: token ranges in Cassandra.
	Parts() int

	// Scan walks one part, 0 to Parts()-1, from after a checkpoint ("" is its
	// start). It stops at the first error, which it yields.
	Scan(ctx context.Context, part int, after string) iter.Seq2[Entry, error]
}
