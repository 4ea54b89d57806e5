package worker

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

const (
	// storeTries is how often a store that answers may refuse the same before
	// it is the job's own matter.
	storeTries = 3

	// storePause is between them, and between looks at a store that is away.
	storePause = time.Second

	// roomPause is between tries to download to a disk that is full.
	roomPause = 5 * time.Second
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
		if diskFull(err) || w.ping(ctx) != nil {
			w.log().WarnContext(ctx, "the store is waited for", "error", err)
			pause(ctx, storePause)
			for !diskFull(err) && w.ping(ctx) != nil && ctx.Err() == nil {
				pause(ctx, storePause)
			}
			if ctx.Err() != nil {
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

// diskFull tells what waiting, or a person, may mend: the disk of the store or
// of downloads has no room.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// roomy fetches until there is room for what is fetched. Were the job given
// back, the next one would fare no better, and after it the whole catalogue. A
// file that never fits has its attempts, of the time of a job each.
func (w *Worker) roomy(ctx context.Context, uri string) (*source.File, error) {
	for {
		file, err := w.Source.Fetch(ctx, uri)
		if !diskFull(err) || ctx.Err() != nil {
			return file, err
		}
		w.log().WarnContext(ctx, "room for a download is waited for", "error", err)
		pause(ctx, roomPause)
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
