package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"earworm/dsp/decode"
	"earworm/schema"
)

func TestPermanentFailures(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		content []byte // nil: no file
		instead func(context.Context) error
		want    schema.Code
	}{
		"missing":       {nil, nil, schema.NotFound},
		"too large":     {make([]byte, 1<<20+1), nil, schema.TooLarge},
		"no audio":      {[]byte(strings.Repeat("these are words, not sound. ", 100)), nil, schema.UnsupportedFormat},
		"cut short":     {wav(3, 0.5)[:40000], nil, schema.Corrupt},
		"too long":      {wav(11, 0.5), nil, schema.TooLong},
		"silent":        {wav(3, 0), nil, schema.Silent},
		"model panics":  {wav(3, 0.5), func(context.Context) error { panic("index out of range") }, schema.Internal},
		"takes forever": {wav(3, 0.5), func(context.Context) error { return fmt.Errorf("read: %w", decode.ErrTimeout) }, schema.DecodeTimeout},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.content)
			b.ear.instead = c.instead
			err := b.Handle(t.Context(), b.delivery())
			b.failed(err, c.want)
			if c.want != schema.DecodeTimeout && !strings.Contains(err.Error(), fmt.Sprintf("%q: ", b.path)) {
				t.Errorf("the message does not name its subject: %v", err)
			}
		})
	}
}

func TestTransientErrors(t *testing.T) {
	t.Parallel()
	away := func(context.Context) error { return errors.New("disk: input/output error") }
	t.Run("are tried again", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, wav(1, 0.5))
		b.ear.instead = away
		b.untouched(b.Handle(t.Context(), b.delivery()))
	})
	t.Run("are final on the last attempt", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, wav(1, 0.5))
		b.ear.instead = away
		d := b.delivery()
		d.Attempt, d.Last = 5, true
		b.failed(b.Handle(t.Context(), d), schema.Internal)
	})
}

func TestEndOfTheContext(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		cause  error // of the end
		result error // of the model, after it
		last   bool
		want   schema.Code // "": to be tried again
	}{
		"shutdown":                     {context.Canceled, context.Canceled, false, ""},
		"shutdown on the last attempt": {context.Canceled, context.Canceled, true, ""},
		"shutdown taken for a bad file": {
			context.Canceled, schema.Fail(schema.Corrupt, "cut off"), true, "",
		},
		"timeout":                     {context.DeadlineExceeded, context.DeadlineExceeded, false, ""},
		"timeout taken for bad file":  {context.DeadlineExceeded, schema.Fail(schema.Corrupt, "cut off"), false, ""},
		"timeout on the last attempt": {context.DeadlineExceeded, context.DeadlineExceeded, true, schema.DecodeTimeout},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, wav(1, 0.5))
			ctx, end := endless(t, c.cause)
			b.ear.instead = func(context.Context) error {
				end()
				return c.result
			}
			d := b.delivery()
			d.Last = c.last
			err := b.Handle(ctx, d)
			if c.want == "" {
				b.untouched(err)
				return
			}
			b.failed(err, c.want)
		})
	}
}

// endless is a context that ends when told to, as if by that cause.
func endless(t *testing.T, cause error) (context.Context, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	return ending{ctx, cause}, cancel
}

type ending struct {
	context.Context //nolint:containedctx // it is one
	cause           error
}

func (e ending) Err() error {
	if e.Context.Err() != nil {
		return e.cause
	}
	return nil
}

func TestCrashedJobIsNotRun(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	d := b.delivery()
	d.Crashed = true
	b.failed(b.Handle(t.Context(), d), schema.Crashed)
	if b.ear.heard.Load() != 0 {
		t.Error("it was run")
	}
}

func TestJobForAnotherModelIsLeftToAnother(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	d := b.delivery()
	d.ModelVersion, d.Last = "ear-2", true
	b.untouched(b.Handle(t.Context(), d))
}

func TestDeletedTrackIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	d := b.delivery()
	d.TrackID = "deleted"
	var failure *schema.Failure
	if err := b.Handle(t.Context(), d); !errors.As(err, &failure) || failure.Code != schema.NotFound {
		t.Errorf("outcome is %v, want %s", err, schema.NotFound)
	}
}

// awayStore keeps nothing.
type awayStore struct{ Store }

func (awayStore) SaveFailure(context.Context, schema.TrackID, string, schema.Failure) error {
	return errors.New("store is away")
}

func TestFailureThatCannotBeStoredIsTriedAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.Store = awayStore{b.store}
	b.untouched(b.Handle(t.Context(), b.delivery()))
}
