package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"earworm/queue"
	"earworm/schema"
)

const (
	// storeTries is how often a store that answers may refuse the same before
	// it is the job's own matter.
	storeTries = 3

	// storePause is between them, and between looks at a store that is away.
	storePause = time.Second
)

// insist does what has to do with the store until the store has done it. While
// the store is away the job stays in hand, with what was heard: it costs no
// attempt, and the worker takes no other job that would fare no better. Where
// the job's time ends first, the error is a queue.ErrAway.
func (w *Worker) insist(ctx context.Context, do func(context.Context) error) error {
	for try := 1; ; {
		err := do(ctx)
		if err == nil || errors.Is(err, schema.ErrNotFound) {
			return err
		}
		if answers := w.ping(ctx) == nil; !answers {
			w.log().WarnContext(ctx, "the store is waited for", "error", err)
			for !answers && ctx.Err() == nil {
				pause(ctx, storePause)
				answers = w.ping(ctx) == nil
			}
			if !answers {
				return fmt.Errorf("%w: %w", queue.ErrAway, err)
			}
			continue
		}
		if try++; try > storeTries || ctx.Err() != nil {
			return err
		}
		pause(ctx, storePause)
	}
}

func (w *Worker) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return w.Store.Ping(ctx)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
