package batch

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"earworm/queue"
	"earworm/schema"
	"earworm/selector"
)

// Planner turns running batches of its model version into jobs. Every process
// that has workers runs one; a lease lets one at a time work on a batch, and
// another follow it when it dies.
//
// A track is noted as schema.Waiting before its job is enqueued, and only then
// does the checkpoint move on. So whatever dies, each planned track is in the
// outcomes, and one that waits there though the queue has lost its job is
// enqueued again. What is done twice is done once: a job whose batch has had
// its analysis does no work.
type Planner struct {
	Service
	Holder string        // names this planner among all
	Depth  int           // jobs that may wait in the reprocess lane; 0: 1,000
	Look   time.Duration // between looks at the queue; 0: 1 s
	Lease  time.Duration // after which a planner that died is followed; 0: 30 s
	Log    *slog.Logger  // nil: silent

	paces map[string]*pace
}

// pace is what a planner remembers of a batch between looks. It is lost with
// the planner, and nothing depends on it.
type pace struct {
	limit    *rate.Limiter
	recount  time.Time // when outcomes are counted again
	suspects int       // counts in a row by which the queue holds too few jobs
}

// WithDefaults returns a copy with the empty fields filled in.
func (p Planner) WithDefaults() Planner {
	if p.Depth == 0 {
		p.Depth = 1000
	}
	if p.Look == 0 {
		p.Look = time.Second
	}
	if p.Lease == 0 {
		p.Lease = 30 * time.Second
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	return p
}

// Run plans until ctx ends. A store or a queue that does not answer is waited
// for. A Planner has one Run at a time.
func (p *Planner) Run(ctx context.Context) {
	*p = p.WithDefaults()
	p.paces = map[string]*pace{}
	for {
		wait := p.Look
		busy, err := p.round(ctx)
		if err != nil && ctx.Err() == nil {
			p.Log.WarnContext(ctx, "batches not planned", "error", err)
		}
		if !busy {
			wait = 3 * p.Look // nobody waits for a batch to begin
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// round looks once at every batch, the oldest first. busy is whether one is
// this planner's.
func (p *Planner) round(ctx context.Context) (busy bool, err error) {
	batches, err := p.Store.AllBatches(ctx)
	if err != nil {
		return false, err
	}
	for _, b := range slices.Backward(batches) {
		ours, batchErr := p.attend(ctx, b)
		busy = busy || ours
		if batchErr != nil && ctx.Err() == nil {
			p.Log.WarnContext(ctx, "batch not planned", "batch_id", b.ID, "error", batchErr)
		}
	}
	return busy, ctx.Err()
}

// attend does what a batch needs now, and tells whether it is this planner's.
func (p *Planner) attend(ctx context.Context, b schema.Batch) (ours bool, err error) {
	now := time.Now()
	free := b.Lease.Holder == "" || b.Lease.Holder == p.Holder || now.After(b.Lease.Until)
	switch {
	case !free || b.ModelVersion != p.ModelVersion:
		return false, nil
	case b.State != schema.BatchRunning:
		delete(p.paces, b.ID)
		if b.Lease.Holder == "" {
			return false, nil
		}
		return false, p.release(ctx, b)
	}
	sel, err := selector.Parse(b.Selector)
	if err != nil {
		return false, err
	}
	w := &work{Planner: p, batch: b, selector: sel, scan: scanner(p.Store, sel), pace: p.paceOf(b)}
	if b.Lease.Holder != p.Holder || b.Lease.Until.Sub(now) < p.Lease/2 {
		if err := w.save(ctx); err != nil {
			return false, unlessStopped(err)
		}
	}
	return true, unlessStopped(w.advance(ctx))
}

func (p *Planner) paceOf(b schema.Batch) *pace {
	if p.paces[b.ID] == nil {
		limit := rate.Inf
		if b.Rate > 0 {
			limit = rate.Limit(b.Rate)
		}
		p.paces[b.ID] = &pace{limit: rate.NewLimiter(limit, max(1, int(math.Ceil(b.Rate))))}
	}
	return p.paces[b.ID]
}

// release lets go of a batch that was paused, cancelled or done. What was
// enqueued while it was being stopped is withdrawn.
func (p *Planner) release(ctx context.Context, b schema.Batch) error {
	if b.State != schema.BatchDone {
		if _, err := p.Queue.Withdraw(ctx, b.ID); err != nil {
			return err
		}
	}
	b.Lease = schema.Lease{}
	_, err := p.Store.SaveBatch(ctx, b)
	if errors.Is(err, schema.ErrConflict) {
		return nil // the next look sees what it has become
	}
	return err
}

// errStopped ends the work on a batch that is no longer this planner's, or no
// longer runs.
var errStopped = errors.New("batch was stopped or taken over")

func unlessStopped(err error) error {
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// work is a planner at work on one batch, for one look.
type work struct {
	*Planner
	batch    schema.Batch
	selector selector.Selector
	scan     schema.Scanner
	pace     *pace
}

// advance fills the lane up, and sees what has become of what is planned.
func (w *work) advance(ctx context.Context) error {
	status, err := w.Queue.Status(ctx)
	if err != nil {
		return err
	}
	lane := status.Lane(queue.Reprocess)
	room := w.Depth - lane.Waiting - lane.Retrying
	if time.Now().After(w.pace.recount) {
		sent, err := w.settle(ctx, lane, room)
		if err != nil {
			return err
		}
		room -= sent
	}
	if w.batch.State != schema.BatchRunning {
		return nil
	}
	return w.plan(ctx, room)
}

// save keeps how far the work is, and the lease with it. Where the batch was
// paused or cancelled meanwhile, it keeps both that and the work, lets go, and
// returns errStopped.
func (w *work) save(ctx context.Context) error {
	b := w.batch
	for {
		b.Parts, b.Lease = w.batch.Parts, schema.Lease{Holder: w.Holder, Until: time.Now().Add(w.Lease)}
		if w.batch.State == schema.BatchDone && b.State == schema.BatchRunning {
			b.State = schema.BatchDone
		}
		if b.State == schema.BatchDone {
			b.Lease = schema.Lease{}
		}
		saved, err := w.Store.SaveBatch(ctx, b)
		if err == nil {
			w.batch = saved
			if saved.State == schema.BatchPaused || saved.State == schema.BatchCancelled {
				return errors.Join(errStopped, w.release(ctx, saved))
			}
			return nil
		}
		if !errors.Is(err, schema.ErrConflict) {
			return err
		}
		held := w.batch.Lease.Holder == w.Holder
		if b, err = w.Store.Batch(ctx, w.batch.ID); err != nil {
			return err
		}
		if !held || b.Lease.Holder != w.Holder {
			return errStopped
		}
	}
}
