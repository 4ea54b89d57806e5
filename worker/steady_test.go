package worker

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"earworm/dsp/decode"
	"earworm/queue"
	"earworm/schema"
)

// outage is a store that, once it has been asked to save, is away for so many
// looks at it.
type outage struct {
	Store
	left  atomic.Int64
	asked atomic.Int64
}

var errNoHost = errors.New("no hosts available in the pool")

func (o *outage) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	o.asked.Add(1)
	if o.left.Load() > 0 {
		return errNoHost
	}
	return o.Store.SaveAnalysis(ctx, a)
}

func (o *outage) SaveFailure(ctx context.Context, id schema.TrackID, version string, f schema.Failure) error {
	if o.left.Load() > 0 {
		return errNoHost
	}
	return o.Store.SaveFailure(ctx, id, version, f)
}

func (o *outage) Ping(context.Context) error {
	if o.left.Add(-1) >= 0 {
		return errNoHost
	}
	return nil
}

func TestStoreThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	store := &outage{Store: b.store}
	store.left.Store(2)
	b.Store = store
	d := b.delivery()
	d.Attempt, d.Last = 5, true
	if err := b.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if track := b.track(); track.Status != schema.Analysed {
		t.Errorf("stored %s %+v", track.Status, track.Failure)
	}
	if heard, asked := b.ear.heard.Load(), store.asked.Load(); heard != 1 || asked != 2 {
		t.Errorf("heard %d times and saved %d times; want once, and again after the outage", heard, asked)
	}
}

// An outage that outlasts the job's time is no attempt, not even the last.
func TestOutageOutlastsTheJob(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		content []byte
		last    bool
	}{
		"of a track that can be heard":     {wav(1, 0.5), false},
		"at its last attempt":              {wav(1, 0.5), true},
		"of a track that fails, at either": {wav(1, 0), true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // time passes only while the store is waited for
				b := newBench(t, c.content)
				store := &outage{Store: b.store}
				store.left.Store(1000)
				b.Store = store
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				d := b.delivery()
				d.Last = c.last
				err := b.Handle(ctx, d)
				b.untouched(err)
				if !errors.Is(err, queue.ErrAway) {
					t.Errorf("outcome is %v, want it not to be counted", err)
				}
			})
		})
	}
}

// A full disk is waited for, of the store as of downloads.
func TestFullDiskIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	full := &fullDisk{Store: b.store}
	b.Store = full
	if err := b.Handle(t.Context(), b.delivery()); err != nil {
		t.Fatal(err)
	}
	if track := b.track(); track.Status != schema.Analysed || b.ear.heard.Load() != 1 {
		t.Errorf("stored %s %+v, heard %d times", track.Status, track.Failure, b.ear.heard.Load())
	}
}

// fullDisk has room at the fifth try.
type fullDisk struct {
	Store
	tries int
}

func (f *fullDisk) SaveAnalysis(ctx context.Context, a schema.Analysis) error {
	if f.tries++; f.tries < 5 {
		return fmt.Errorf("store: %w", syscall.ENOSPC)
	}
	return f.Store.SaveAnalysis(ctx, a)
}

// A store that answers and refuses one track's row is that job's own matter.
func TestRefusedRowIsAnAttempt(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	b.Store = refusing{b.store}
	err := b.Handle(t.Context(), b.delivery())
	b.untouched(err)
	if errors.Is(err, queue.ErrAway) {
		t.Errorf("outcome is %v, want it counted", err)
	}
}

type refusing struct{ Store }

func (refusing) SaveAnalysis(context.Context, schema.Analysis) error {
	return errors.New("batch too large")
}

// A worker that was frozen for an hour finds its decoder out of time. Another
// has been done with the track meanwhile, and that stays.
func TestLateFailureHidesNoAnalysis(t *testing.T) {
	t.Parallel()
	b := newBench(t, wav(1, 0.5))
	d := b.delivery()
	b.ear.instead = func(ctx context.Context) error {
		b.ear.instead = nil
		if err := b.Handle(ctx, d); err != nil { // another worker's
			t.Error(err)
		}
		return fmt.Errorf("read: %w", decode.ErrTimeout)
	}
	if err := b.Handle(t.Context(), b.delivery()); err != nil {
		t.Errorf("outcome is %v, want it done", err)
	}
	if track := b.track(); track.Status != schema.Analysed {
		t.Errorf("stored %s %+v", track.Status, track.Failure)
	}
	b.write(wav(1, 0)) // other content: a failure that counts
	b.failed(b.Handle(t.Context(), b.delivery()), schema.Silent)
}
