package queue

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"earworm/schema"
)

// mortal is a worker whose connections can be cut for good: to Redis, and so
// to the fleet, it is then a process that was killed.
type mortal struct {
	mu    sync.Mutex
	conns []net.Conn
	dead  bool
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	for _, c := range m.conns {
		c.Close()
	}
}

func (m *mortal) queue(f fleet, c Config) *Queue {
	c.PollInterval = 5 * time.Second
	client := redis.NewClient(&redis.Options{
		DisableIdentity: true,
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if m.dead {
				return nil, errors.New("killed")
			}
			conn, err := f.server.Dial()
			m.conns = append(m.conns, conn)
			return conn, err
		},
	})
	return open(c.WithDefaults(), client, "redis of the test", func() {})
}

// leaseOver is the longest that asynq takes to give a dead worker's job to
// another: 30 s of lease, 30 s for clocks that differ, a minute between looks.
const leaseOver = 2*time.Minute + 20*time.Second

// die runs a worker that is killed in the middle of the job it takes.
func die(t *testing.T, f fleet) (took []Delivery) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var m mortal
	q := m.queue(f, Config{Concurrency: 1, Grace: time.Second})
	r := &record{answer: func(context.Context, Delivery) error {
		m.kill()
		<-ctx.Done()
		return ctx.Err()
	}}
	var run sync.WaitGroup
	run.Go(func() {
		if err := q.Run(ctx, r.handle); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	time.Sleep(leaseOver)
	cancel()
	run.Wait()
	q.Close()
	time.Sleep(2 * time.Second) // its pool gives up dialling
	return r.got
}

func TestJobThatEndsItsWorkersIsSetAside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		q := f.queue(Config{PollInterval: 5 * time.Second})
		enqueue(t, q, job("killer"))
		for run := 1; run <= 3; run++ {
			got := die(t, f)
			if len(got) != 1 || got[0].Crashed || got[0].Attempt != 1 {
				t.Fatalf("run %d: delivered %+v; want the first attempt, to be run", run, got)
			}
		}
		r := &record{answer: func(_ context.Context, d Delivery) error {
			return schema.Fail(schema.Crashed, "three times")
		}}
		stop := start(t, q, r.handle)
		time.Sleep(leaseOver)
		if len(r.got) != 1 || !r.got[0].Crashed {
			t.Fatalf("third return: delivered %+v, want one marked as crashed", r.got)
		}
		if s := lane(t, q, Ingest); s.Dead != 1 || s.Waiting+s.Active+s.Retrying != 0 {
			t.Errorf("status %+v, want it dead", s)
		}

		enqueue(t, q, job("killer"))
		time.Sleep(10 * time.Second)
		stop()
		if len(r.got) != 2 || r.got[1].Crashed {
			t.Errorf("enqueued again: delivered %+v, want a fresh start", r.got)
		}
	})
}

// lose leaves a run of a job behind as a process does that died of it.
func lose(t *testing.T, q *Queue, j Job) {
	t.Helper()
	dead := &Queue{client: q.client, process: uuid.NewString()}
	if _, err := dead.beginRun(t.Context(), j.ID()); err != nil {
		t.Fatal(err)
	}
}

func TestCrashesAreForgottenOnceAJobEnds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answer error
		lost   int
	}{
		"done":              {nil, 0},
		"failed for good":   {schema.Fail(schema.Silent, "no sound"), 0},
		"to be tried again": {errors.New("store is away"), 2},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := newFleet(t).queue(Config{FirstRetry: time.Hour, MaxRetry: time.Hour})
				j := job("a")
				for range 2 {
					lose(t, q, j)
				}
				enqueue(t, q, j)
				r := &record{answer: func(context.Context, Delivery) error { return c.answer }}
				stop := start(t, q, r.handle)
				time.Sleep(5 * time.Second)
				stop()
				if len(r.got) != 1 || r.got[0].Crashed {
					t.Errorf("delivered %+v, want one to be run", r.got)
				}
				if lost, err := q.lostRuns(t.Context(), j.ID()); lost != c.lost || err != nil {
					t.Errorf("%d runs held to be lost, %v; want %d", lost, err, c.lost)
				}
			})
		})
	}
}

// A run whose end Redis did not hear of is no lost one: the process that ran it
// lives, and tells again.
func TestOutagesOfRedisCountNobodyOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		q := f.queue(Config{FirstRetry: time.Minute, MaxRetry: time.Minute, Attempts: 10})
		j := job("a")
		enqueue(t, q, j)
		runs := 0
		r := &record{answer: func(context.Context, Delivery) error {
			if runs++; runs > 4 {
				return nil
			}
			f.server.SetError("LOADING Redis is loading the dataset in memory")
			time.AfterFunc(8*time.Second, func() { f.server.SetError("") })
			return errors.New("origin is away")
		}}
		stop := start(t, q, r.handle)
		time.Sleep(15 * time.Minute)
		stop()
		for _, d := range r.got {
			if d.Crashed {
				t.Fatalf("delivered %+v", r.got)
			}
		}
		if s := lane(t, q, Ingest); s.Waiting+s.Active+s.Retrying+s.Dead != 0 {
			t.Errorf("status %+v, want it done", s)
		}
		if left := q.client.Exists(t.Context(), runsKey(j.ID())).Val(); left != 0 {
			t.Error("runs are left of a job that is done")
		}
	})
}

// Where clocks differ by more than asynq allows for, a worker gives away what
// another is busy with. The job is run twice then, and not held to be deadly.
func TestLeaseTakenFromTheLivingIsNoDeath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		j := job("long")
		r := &record{answer: func(context.Context, Delivery) error {
			time.Sleep(5 * time.Minute)
			return nil
		}}
		var stops []func()
		for range 5 {
			stops = append(stops, start(t, f.queue(Config{Concurrency: 1, PollInterval: 5 * time.Second}), r.handle))
		}
		q := f.queue(Config{})
		enqueue(t, q, j)
		for range 240 {
			time.Sleep(time.Second)
			past := redis.Z{Score: float64(time.Now().Add(-time.Hour).Unix()), Member: j.ID()}
			if err := q.client.ZAddXX(t.Context(), "asynq:{ingest}:lease", past).Err(); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(7 * time.Minute)
		for _, stop := range stops {
			stop()
		}
		if len(r.got) < 4 {
			t.Fatalf("%d runs; want the job taken away three times", len(r.got))
		}
		for _, d := range r.got {
			if d.Crashed {
				t.Fatalf("held to be deadly: %+v", r.got)
			}
		}
	})
}

// Jobs that came back from a dead worker are run one at a time: had one of
// them killed it, its neighbours would be counted out with it.
func TestSuspectsRunAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newFleet(t).queue(Config{Concurrency: 4, FirstRetry: time.Second})
		var suspects []string
		for i := range 3 {
			j := job(fmt.Sprint("suspect-", i))
			suspects = append(suspects, string(j.TrackID))
			lose(t, q, j)
			enqueue(t, q, j)
		}
		var mu sync.Mutex
		running := 0
		r := &record{answer: func(context.Context, Delivery) error {
			mu.Lock()
			running++
			if running > 1 {
				t.Error("two suspects run together")
			}
			mu.Unlock()
			time.Sleep(5 * time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return nil
		}}
		stop := start(t, q, r.handle)
		time.Sleep(time.Minute)
		stop()
		got := r.tracks()
		if slices.Sort(got); !slices.Equal(got, suspects) {
			t.Errorf("ran %v, want each once", got)
		}
		for _, d := range r.got {
			if d.Attempt != 1 {
				t.Errorf("putting %s off counted as an attempt", d.TrackID)
			}
		}
	})
}
