package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"earworm/dsp/decode"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
)

// storeTimeout is for writing an outcome down after the job's own time is over.
const storeTimeout = 10 * time.Second

// run is one delivery as far as it has come.
type run struct {
	queue.Delivery
	began   time.Time
	content string // SHA-256 of what was fetched, "": nothing was
}

// settle turns what became of a run into the job's outcome, and stores it where
// it is final: a *schema.Failure, or nil where the job is done, or another error
// where it is worth another try. Nothing is final that the store does not know.
func (w *Worker) settle(ctx context.Context, r run, err error, panicked any) error {
	log := w.log().With(r.LogAttrs()...).With("source", source.Name(r.Source), "seconds", time.Since(r.began).Seconds())
	if panicked != nil {
		log.ErrorContext(ctx, "panic", "value", panicked, "stack", string(debug.Stack()))
		err = schema.Fail(schema.Internal, "analyse %q: panic: %v", source.Name(r.Source), panicked)
	}
	if err == nil {
		log.InfoContext(ctx, "track done")
		return w.note(ctx, r.Delivery, "")
	}
	failure := verdict(ctx, r.Delivery, err)
	if failure == nil {
		log.DebugContext(ctx, "track put off", "error", err)
		return retryable(ctx, r.Delivery, err)
	}
	log.WarnContext(ctx, "track failed", "code", failure.Code, "error", failure)
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
		defer cancel()
	}
	heard, err := w.fail(ctx, r, *failure)
	switch {
	case err != nil && !errors.Is(err, schema.ErrNotFound):
		return fmt.Errorf("%w: save that track %s failed (%s): %w", queue.ErrAway, r.TrackID, failure.Message, err)
	case heard:
		log.WarnContext(ctx, "the track stays analysed: this model version has heard the same content")
		return w.note(ctx, r.Delivery, "")
	}
	if err := w.note(ctx, r.Delivery, failure.Code); err != nil {
		return err
	}
	return failure
}

// note tells a job's batch how it ended. A job that cannot tell is run again,
// which then costs nothing.
func (w *Worker) note(ctx context.Context, d queue.Delivery, code schema.Code) error {
	if d.Batch == "" || w.Batches == nil {
		return nil
	}
	err := w.insist(ctx, func(ctx context.Context) error {
		return w.Batches.SaveOutcome(ctx, d.Batch, d.Part, d.TrackID, code)
	})
	if err != nil {
		return fmt.Errorf("%w: note in batch %s how track %s ended: %w", queue.ErrAway, d.Batch, d.TrackID, err)
	}
	return nil
}

// fail stores a failure, unless this model version has heard the same content:
// then it says something of the run, which may have been frozen for an hour
// while another was done with the job, and nothing of the track.
func (w *Worker) fail(ctx context.Context, r run, f schema.Failure) (heard bool, err error) {
	version := w.Model.Version()
	if r.content != "" {
		if heard, err = w.known(ctx, r.TrackID, version, r.content); heard || err != nil {
			return heard, err
		}
	}
	return false, w.insist(ctx, func(ctx context.Context) error {
		return w.Store.SaveFailure(ctx, r.TrackID, version, f)
	})
}

// verdict is the failure an error stands for, nil where it is to be tried
// again.
func verdict(ctx context.Context, d queue.Delivery, err error) *schema.Failure {
	name := source.Name(d.Source)
	switch {
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, errOtherModel), errors.Is(err, queue.ErrAway):
		return nil // says nothing of the track
	case ctx.Err() != nil && !d.Last:
		return nil
	case ctx.Err() != nil:
		return schema.Fail(schema.DecodeTimeout, "analyse %q: not done in the time for one job", name)
	}
	if f := permanent(err); f != nil || !d.Last {
		return f
	}
	if errors.Is(err, source.ErrUnavailable) {
		return schema.Fail(schema.Unavailable, "%v (attempt %d, the last)", err, d.Attempt)
	}
	return schema.Fail(schema.Internal, "%v (attempt %d, the last)", err, d.Attempt)
}

// retryable hides from the queue a failure that was only the job's own end.
func retryable(ctx context.Context, d queue.Delivery, err error) error {
	if ctx.Err() != nil && !errors.Is(err, queue.ErrAway) {
		return fmt.Errorf("analyse %q: %w", source.Name(d.Source), ctx.Err())
	}
	return err
}

// permanent gives the errors that last their codes; nil for all others. The
// file system's are not among them: Fetch has said what there is to say of the
// track's file, so they are of something else, a store's or ffmpeg's.
func permanent(err error) *schema.Failure {
	if failure, ok := errors.AsType[*schema.Failure](err); ok {
		return failure
	}
	for _, kind := range []struct {
		err  error
		code schema.Code
	}{
		{decode.ErrUnsupported, schema.UnsupportedFormat},
		{decode.ErrCorrupt, schema.Corrupt},
		{decode.ErrTooLong, schema.TooLong},
		{decode.ErrTooLarge, schema.TooLarge},
		{decode.ErrTimeout, schema.DecodeTimeout},
		{schema.ErrNotFound, schema.NotFound}, // deleted from the catalogue while it waited
	} {
		if errors.Is(err, kind.err) {
			return schema.Fail(kind.code, "%v", err)
		}
	}
	return nil
}
