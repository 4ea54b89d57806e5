package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"earworm/queue"
	"earworm/schema"
)

const (
	chunk    = 100         // tracks planned between checkpoints, and so the most that are planned after a pause
	lookedAt = 5000        // tracks looked at between checkpoints, where few are meant
	longest  = time.Second // between checkpoints
	abreast  = 8           // tracks that are noted and enqueued at once
)

// planned is a track on its way into the queue.
type planned struct {
	part  int
	track schema.Track
}

// plan goes on through the catalogue until room jobs are enqueued, or the
// batch's rate has none left, or all is planned.
func (w *work) plan(ctx context.Context, room int) error {
	if w.batch.Rate > 0 {
		room = min(room, int(w.pace.limit.Tokens()))
	}
	c := &course{work: w, room: room, parts: slices.Clone(w.batch.Parts), saved: time.Now()}
	for part := range c.parts {
		if c.parts[part].Whole {
			continue
		}
		if c.room-len(c.next) <= 0 {
			break
		}
		if err := c.walk(ctx, part); err != nil {
			return err
		}
	}
	return c.checkpoint(ctx)
}

// course is where planning is: parts are ahead of the batch's by what is next.
type course struct {
	*work
	room   int
	parts  []schema.Part
	next   []planned
	looked int
	saved  time.Time
}

// walk plans in one part, from its checkpoint to its end, or while there is room.
func (c *course) walk(ctx context.Context, part int) error {
	for e, err := range c.scan.Scan(ctx, part, c.parts[part].After) {
		if err != nil {
			return fmt.Errorf("scan part %d of the catalogue: %w", part, err)
		}
		wanted, err := wants(ctx, c.Store, c.selector, e, c.batch.ModelVersion)
		if err != nil {
			return err
		}
		c.looked++
		c.parts[part].After = e.Checkpoint
		if wanted {
			c.parts[part].Planned++
			c.next = append(c.next, planned{part, e.Track})
		}
		if len(c.next) >= min(chunk, c.room) || c.looked >= lookedAt || time.Since(c.saved) > longest {
			if err := c.checkpoint(ctx); err != nil {
				return err
			}
			if c.room <= 0 {
				return nil
			}
		}
	}
	c.parts[part].Whole = true
	return ctx.Err()
}

// checkpoint enqueues what is next and then keeps how far that is.
func (c *course) checkpoint(ctx context.Context) error {
	sends, limited := errgroup.WithContext(ctx)
	sends.SetLimit(abreast)
	for _, p := range c.next {
		sends.Go(func() error { return c.send(limited, p) })
	}
	if err := sends.Wait(); err != nil {
		return err
	}
	c.pace.limit.AllowN(time.Now(), len(c.next))
	c.room -= len(c.next)
	c.next, c.looked, c.saved = nil, 0, time.Now()
	if slices.Equal(c.batch.Parts, c.parts) {
		return nil
	}
	c.batch.Parts = slices.Clone(c.parts)
	return c.save(ctx)
}

// send notes that a track is planned, and then enqueues it.
func (w *work) send(ctx context.Context, p planned) error {
	if err := w.Store.SaveOutcome(ctx, w.batch.ID, p.part, p.track.ID, schema.Waiting); err != nil {
		return err
	}
	_, err := w.enqueue(ctx, p)
	return err
}

func (w *work) enqueue(ctx context.Context, p planned) (added bool, err error) {
	return w.Queue.Enqueue(ctx, queue.Job{
		TrackID: p.track.ID, Source: p.track.Source, ModelVersion: w.batch.ModelVersion, Lane: queue.Reprocess,
		Batch: w.batch.ID, Part: p.part, Since: w.batch.CreatedAt, Force: w.batch.Force,
	})
}

// settle counts what has ended, and ends the parts of which all has, and with
// the last of them the batch. Where more tracks wait than the lane holds jobs,
// twice in a row, the queue has lost some, and they are enqueued again: sent is
// how many. lane was looked at before, so that jobs which end meanwhile raise
// no suspicion.
func (w *work) settle(ctx context.Context, lane queue.LaneStatus, room int) (sent int, err error) {
	parts, waiting, ended, began := slices.Clone(w.batch.Parts), 0, true, time.Now()
	for i := range parts {
		part := &parts[i]
		if part.Ended != nil {
			continue
		}
		if part.After == "" && !part.Whole {
			ended = false
			continue
		}
		counts, err := w.Store.CountOutcomes(ctx, w.batch.ID, i)
		if err != nil {
			return 0, err
		}
		waiting += counts.Failures[schema.Waiting]
		if part.Whole && counts.Failures[schema.Waiting] == 0 {
			part.Planned, part.Ended = counts.Done+counts.Failed, &counts
		}
		ended = ended && part.Ended != nil
	}
	// Counting takes a tenth of the time at most, however many there are.
	w.pace.recount = time.Now().Add(max(w.Look, 10*time.Since(began)))
	if ended {
		parts, w.batch.State = []schema.Part{sum(parts)}, schema.BatchDone
	}
	if !slices.Equal(parts, w.batch.Parts) {
		w.batch.Parts = parts
		if err := w.save(ctx); err != nil {
			return 0, err
		}
	}
	if ended {
		w.Log.InfoContext(ctx, "batch done", "batch_id", w.batch.ID, "tracks", w.batch.Parts[0].Planned, "failed", w.batch.Parts[0].Ended.Failed)
		return 0, nil
	}
	if waiting <= lane.Waiting+lane.Retrying+lane.Active {
		w.pace.suspects = 0
		return 0, nil
	}
	if w.pace.suspects++; w.pace.suspects < 2 || room <= 0 {
		return 0, nil
	}
	w.pace.suspects = 0
	return w.again(ctx, room)
}

// sum makes one part of all those that have ended: nobody asks any more how
// far each is.
func sum(parts []schema.Part) schema.Part {
	all := schema.Part{Whole: true, Ended: &schema.BatchCounts{Failures: map[schema.Code]int{}}}
	for _, p := range parts {
		all.Planned += p.Planned
		all.Ended.Done += p.Ended.Done
		all.Ended.Failed += p.Ended.Failed
		for code, n := range p.Ended.Failures {
			all.Ended.Failures[code] += n
		}
	}
	return all
}

// again enqueues tracks that wait, at most room of them. Jobs that are in the
// queue after all are not added twice.
func (w *work) again(ctx context.Context, room int) (sent int, err error) {
	for i, part := range w.batch.Parts {
		if part.Ended != nil || part.After == "" && !part.Whole {
			continue
		}
		for o, err := range w.Store.Outcomes(ctx, w.batch.ID, i) {
			switch {
			case err != nil:
				return sent, err
			case sent >= room:
				return sent, nil
			case o.Code != schema.Waiting:
				continue
			}
			added, err := w.sendAgain(ctx, i, o.TrackID)
			if err != nil {
				return sent, err
			}
			if added {
				sent++
			}
		}
	}
	if sent > 0 {
		w.Log.InfoContext(ctx, "jobs that the queue had lost enqueued again", "batch_id", w.batch.ID, "tracks", sent)
	}
	return sent, nil
}

func (w *work) sendAgain(ctx context.Context, part int, id schema.TrackID) (added bool, err error) {
	track, err := w.Store.Track(ctx, id)
	if errors.Is(err, schema.ErrNotFound) { // deleted from the catalogue
		return false, w.Store.SaveOutcome(ctx, w.batch.ID, part, id, schema.NotFound)
	}
	if err != nil {
		return false, err
	}
	return w.enqueue(ctx, planned{part, track})
}
