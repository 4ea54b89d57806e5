package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"earworm/schema"
)

// The tests run in bubbles, where time passes as soon as all wait for it:
// asynq's minutes of leases and retries cost nothing.

func job(track string) Job {
	return Job{TrackID: schema.TrackID(track), Source: "file:///" + track, ModelVersion: "m1", Lane: Ingest}
}

func batchJob(track string) Job {
	j := job(track)
	j.Lane = Reprocess
	return j
}

// fleet is several queues on one Redis.
type fleet struct {
	t      *testing.T
	server *miniredis.Miniredis
}

func newFleet(t *testing.T) fleet {
	t.Helper()
	f := fleet{t, miniredis.NewMiniRedis()}
	f.server.ClockTTL(true)
	t.Cleanup(f.server.Close)
	return f
}

func (f fleet) queue(c Config) *Queue {
	if c.PollInterval == 0 {
		c.PollInterval = time.Second // time is free here, polling is not
	}
	q := open(c.WithDefaults(), inProcess(f.server), "redis of the test", func() {})
	f.t.Cleanup(func() { q.Close() })
	return q
}

func enqueue(t *testing.T, q *Queue, jobs ...Job) {
	t.Helper()
	for _, j := range jobs {
		if added, err := q.Enqueue(t.Context(), j); err != nil || !added {
			t.Fatalf("Enqueue(%s, %s) = %v, %v", j.TrackID, j.Lane, added, err)
		}
	}
}

// start runs a worker and returns what stops it, and waits for it.
func start(t *testing.T, q *Queue, h Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() {
		if err := q.Run(ctx, h); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return func() {
		cancel()
		run.Wait()
	}
}

// record is a handler that remembers deliveries and answers as told.
type record struct {
	mu     sync.Mutex
	got    []Delivery
	at     []time.Time
	answer func(context.Context, Delivery) error
}

func (r *record) handle(ctx context.Context, d Delivery) error {
	r.mu.Lock()
	r.got, r.at = append(r.got, d), append(r.at, time.Now())
	r.mu.Unlock()
	if r.answer == nil {
		return nil
	}
	return r.answer(ctx, d)
}

func (r *record) tracks() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, d := range r.got {
		names = append(names, string(d.TrackID))
	}
	return names
}

func lane(t *testing.T, q *Queue, l Lane) LaneStatus {
	t.Helper()
	s, err := q.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Lanes[slices.Index(Lanes(), l)]
}

func TestJobIsDeliveredOnceAndForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{})
		want := Job{TrackID: "a", Source: "file:///a", ModelVersion: "m1", Lane: Ingest, Batch: "b1", Force: true}
		enqueue(t, q, want)
		r := &record{}
		stop := start(t, q, r.handle)
		time.Sleep(5 * time.Second)
		stop()
		if len(r.got) != 1 || r.got[0] != (Delivery{Job: want, Attempt: 1}) {
			t.Errorf("delivered %+v", r.got)
		}
		if s := lane(t, q, Ingest); s != (LaneStatus{Lane: Ingest, DoneToday: 1}) {
			t.Errorf("status %+v", s)
		}
	})
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer   func(Delivery) error
		attempts int
		dead     int
	}{
		"done":                  {func(Delivery) error { return nil }, 1, 0},
		"failed for good":       {func(Delivery) error { return schema.Fail(schema.Silent, "no sound") }, 1, 1},
		"wrapped failure":       {func(Delivery) error { return errors.Join(schema.Fail(schema.Silent, "no sound")) }, 1, 1},
		"panic":                 {func(Delivery) error { panic("broken") }, 1, 1},
		"transient for ever":    {func(Delivery) error { return errors.New("store is away") }, 3, 1},
		"transient, then done":  {func(d Delivery) error { return ifBefore(d, 2, errors.New("store is away")) }, 2, 0},
		"fails on last attempt": {func(d Delivery) error { return ifBefore(d, 3, errors.New("store is away")) }, 3, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{Attempts: 3, FirstRetry: 2 * time.Second})
				enqueue(t, q, job("a"))
				r := &record{answer: func(_ context.Context, d Delivery) error { return c.answer(d) }}
				stop := start(t, q, r.handle)
				time.Sleep(20 * time.Second)
				stop()
				if len(r.got) != c.attempts {
					t.Fatalf("%d attempts, want %d", len(r.got), c.attempts)
				}
				for i, d := range r.got {
					if d.Attempt != i+1 || d.Last != (i == 2) || d.Crashed {
						t.Errorf("attempt %d: %+v", i+1, d)
					}
				}
				if s := lane(t, q, Ingest); s.Dead != c.dead || s.Waiting+s.Active+s.Retrying != 0 {
					t.Errorf("status %+v, want %d dead", s, c.dead)
				}
			})
		})
	}
}

func ifBefore(d Delivery, attempt int, err error) error {
	if d.Attempt < attempt {
		return err
	}
	return nil
}

func TestServerAwayIsNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{Attempts: 2})
		enqueue(t, q, job("a"))
		runs := 0
		r := &record{answer: func(_ context.Context, d Delivery) error {
			if runs++; runs < 20 {
				return fmt.Errorf("save: %w: cassandra", ErrAway)
			}
			return nil
		}}
		stop := start(t, q, r.handle)
		time.Sleep(10 * time.Minute)
		stop()
		if last := r.got[len(r.got)-1]; runs != 20 || last.Attempt != 1 || last.Last {
			t.Errorf("%d runs, the last as %+v; want 20, each a first attempt", runs, last)
		}
		if s := lane(t, q, Ingest); s.Dead+s.Retrying != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

// Workers of two versions take from one queue: each job reaches one of its
// version, however often it was in the wrong hands.
func TestJobsFindTheirVersion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		byVersion := map[string]*record{}
		var stops []func()
		for version, workers := range map[string]int{"m1": 5, "m2": 1} {
			r := &record{}
			byVersion[version] = r
			for range workers {
				stops = append(stops, start(t, f.queue(Config{Version: version, Concurrency: 2, Attempts: 2}), r.handle))
			}
		}
		time.Sleep(time.Second)
		q := f.queue(Config{Attempts: 2})
		for i := range 40 {
			j := job(fmt.Sprint("track-", i))
			j.ModelVersion = fmt.Sprint("m", 1+i%2)
			enqueue(t, q, j)
		}
		gone := job("a")
		gone.ModelVersion = "m0"
		enqueue(t, q, gone)
		time.Sleep(10 * time.Minute)
		for _, stop := range stops {
			stop()
		}
		for version, r := range byVersion {
			if len(r.got) != 20 {
				t.Errorf("%d jobs were done by %s, want 20", len(r.got), version)
			}
			for _, d := range r.got {
				if d.ModelVersion != version {
					t.Errorf("%s was given %+v", version, d)
				}
			}
		}
		if s := lane(t, q, Ingest); s.Dead != 1 || s.Waiting+s.Active+s.Retrying != 0 {
			t.Errorf("status %+v, want the job of a version that is gone dead", s)
		}
	})
}

func TestRetriesWaitLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{Attempts: 4, FirstRetry: 4 * time.Second, MaxRetry: 10 * time.Second})
		enqueue(t, q, job("a"))
		r := &record{answer: func(context.Context, Delivery) error { return errors.New("store is away") }}
		stop := start(t, q, r.handle)
		time.Sleep(40 * time.Second)
		stop()
		const slack = 3 * time.Second // to be looked for, and polled; due times are whole seconds
		for i, most := range []time.Duration{4 * time.Second, 8 * time.Second, 10 * time.Second} {
			if wait := r.at[i+1].Sub(r.at[i]); wait < most/2-time.Second || wait > most+slack {
				t.Errorf("retry %d came after %v, want %v to %v", i+1, wait, most/2, most)
			}
		}
	})
}

func TestJobTimeoutEndsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{JobTimeout: 10 * time.Second, Attempts: 1})
		enqueue(t, q, job("a"))
		var took time.Duration
		stop := start(t, q, func(ctx context.Context, _ Delivery) error {
			began := time.Now()
			<-ctx.Done()
			took = time.Since(began)
			return ctx.Err()
		})
		time.Sleep(15 * time.Second)
		stop()
		if took != 10*time.Second {
			t.Errorf("the context ended after %v", took)
		}
	})
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		works   time.Duration
		waiting int // jobs that stand in the queue afterwards
		took    time.Duration
	}{
		"what ends within the grace is finished": {10 * time.Second, 1, 10 * time.Second},
		"what does not is given back":            {time.Hour, 2, 20 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{Grace: 20 * time.Second, Concurrency: 1})
				enqueue(t, q, job("a"), job("b"))
				r := &record{answer: taking(c.works)}
				stop := start(t, q, r.handle)
				time.Sleep(time.Second)
				began := time.Now()
				stop()
				if took := time.Since(began); took < c.took-time.Second || took > c.took+time.Second {
					t.Errorf("shutdown took %v, want %v", took, c.took)
				}
				if s := lane(t, q, Ingest); s.Waiting != c.waiting || s.Active+s.Retrying+s.Dead != 0 {
					t.Errorf("status %+v, want %d waiting", s, c.waiting)
				}
				if lost, err := q.lostRuns(t.Context(), job("a").ID()); lost != 0 || err != nil {
					t.Errorf("%d runs held to be lost, %v", lost, err)
				}
			})
		})
	}
}

func TestCloseEndsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{})
		enqueue(t, q, job("a"))
		r := &record{answer: taking(10 * time.Second)}
		done := make(chan error, 1)
		go func() { done <- q.Run(t.Context(), r.handle) }()
		time.Sleep(5 * time.Second)
		if err := errors.Join(q.Close(), q.Close()); err != nil {
			t.Errorf("closing, twice: %v", err)
		}
		select {
		case err := <-done:
			if err != nil || len(r.got) != 1 {
				t.Errorf("Run returned %v after %d jobs", err, len(r.got))
			}
		default:
			t.Error("Run goes on after Close")
		}
	})
}

// With every slot busy on a batch, an ingested track goes next.
func TestIngestGoesBeforeABatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{Concurrency: 3})
		for i := range 40 {
			enqueue(t, q, batchJob(fmt.Sprint("batch-", i)))
		}
		r := &record{answer: taking(10 * time.Second)}
		stop := start(t, q, r.handle)
		for i := range 5 {
			time.Sleep(12 * time.Second)
			name := fmt.Sprint("ingest-", i)
			enqueue(t, q, job(name))
			time.Sleep(11 * time.Second)
			if !slices.Contains(r.tracks(), name) {
				t.Errorf("%s waited for more than the jobs in flight", name)
			}
		}
		stop()
	})
}

// With more ingested than can be done, a batch still gets its share.
func TestBatchIsNotStarved(t *testing.T) {
	t.Parallel()
	for _, slots := range []int{1, 2} {
		t.Run(fmt.Sprint(slots, " slots"), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{Concurrency: slots})
				for i := range 200 {
					enqueue(t, q, job(fmt.Sprint("ingest-", i)))
				}
				for i := range 5 {
					enqueue(t, q, batchJob(fmt.Sprint("batch-", i)))
				}
				r := &record{answer: taking(time.Second)}
				stop := start(t, q, r.handle)
				time.Sleep(95 * time.Second)
				stop()
				batch := slices.DeleteFunc(r.tracks(), func(s string) bool { return strings.HasPrefix(s, "ingest") })
				if len(batch) != 5 {
					t.Errorf("%d of the batch done beside a full ingest lane, want 5", len(batch))
				}
			})
		})
	}
}

// taking is a job's work of a given length.
func taking(d time.Duration) func(context.Context, Delivery) error {
	return func(ctx context.Context, _ Delivery) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
