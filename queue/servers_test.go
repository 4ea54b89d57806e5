//go:build servers

package queue

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"earworm/queue/redistest"
	"earworm/schema"
)

// victim, where set, is the Redis of a process that is to die of its job.
const victim = "EARWORM_TEST_VICTIM"

func TestMain(m *testing.M) {
	if at := os.Getenv(victim); at != "" {
		fmt.Fprintln(os.Stderr, dieOfAJob(at))
		os.Exit(1) // it should not have come to this
	}
	os.Exit(m.Run())
}

// dieOfAJob is what a worker process does whose job kills it.
func dieOfAJob(at string) error {
	q, err := Open(Config{Redis: at, Concurrency: 1, FirstRetry: time.Millisecond})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return q.Run(ctx, func(context.Context, Delivery) error {
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})
}

func onRedis(t *testing.T, at string, c Config) *Queue {
	t.Helper()
	c.Redis, c.Log = at, slog.New(slog.DiscardHandler)
	q, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// next is the next delivery. It may take a minute: so often are the jobs of dead
// workers looked for, and a busy machine may miss the first time.
func next(t *testing.T, got <-chan Delivery) Delivery {
	t.Helper()
	select {
	case d := <-got:
		return d
	case <-time.After(80 * time.Second):
		t.Fatal("nothing was delivered")
		panic("unreachable")
	}
}

// expireLease is what passes for a minute after a worker's death.
func expireLease(t *testing.T, client *redis.Client, j Job) {
	t.Helper()
	key := fmt.Sprintf("asynq:{%s}:lease", j.Lane)
	past := redis.Z{Score: float64(time.Now().Add(-time.Hour).Unix()), Member: j.ID()}
	changed, err := client.ZAddArgs(t.Context(), key, redis.ZAddArgs{XX: true, Ch: true, Members: []redis.Z{past}}).Result()
	if err != nil || changed != 1 {
		t.Fatalf("the dead worker held no lease: %d, %v", changed, err)
	}
	signs, err := client.Keys(t.Context(), aliveKey("*")).Result()
	if err != nil || len(signs) == 0 {
		t.Fatalf("the dead worker gave no sign of life: %v", err)
	}
	if err := client.Del(t.Context(), signs...).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestKilledProcessesOnRedis(t *testing.T) {
	t.Parallel()
	at, client := redistest.Database(t)
	q := onRedis(t, at, Config{FirstRetry: time.Millisecond})
	j := job("killer")
	enqueue(t, q, j)
	for run := 1; run <= 3; run++ {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), victim+"="+at)
		out, err := child.CombinedOutput()
		if child.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("run %d: the worker did not die of the job: %v: %s", run, err, out)
		}
		expireLease(t, client, j)
	}
	got := make(chan Delivery, 1)
	stop := start(t, q, func(_ context.Context, d Delivery) error {
		got <- d
		return schema.Fail(schema.Crashed, "three times")
	})
	if d := next(t, got); !d.Crashed || d.TrackID != "killer" {
		t.Errorf("delivered %+v, want it marked as crashed", d)
	}
	stop()
	if s := lane(t, q, Ingest); s.Dead != 1 || s.Waiting+s.Active+s.Retrying != 0 {
		t.Errorf("status %+v, want it dead", s)
	}
}

func TestGivenBackOnRedis(t *testing.T) {
	t.Parallel()
	at, _ := redistest.Database(t)
	q := onRedis(t, at, Config{Grace: 50 * time.Millisecond, Concurrency: 2})
	j := batchJob("long")
	j.Batch = "b1"
	enqueue(t, q, j)
	got := make(chan Delivery, 1)
	stop := start(t, q, func(ctx context.Context, d Delivery) error {
		got <- d
		<-ctx.Done()
		return ctx.Err()
	})
	next(t, got)
	if s, err := q.Status(t.Context()); err != nil || s.Workers != 1 || s.Lanes[1].Active != 1 {
		t.Errorf("status %+v, %v; want one worker, one active", s, err)
	}
	stop()
	stop = start(t, onRedis(t, at, Config{}), func(_ context.Context, d Delivery) error {
		got <- d
		return nil
	})
	if d := next(t, got); d != (Delivery{Job: j, Attempt: 1}) {
		t.Errorf("delivered %+v, want the first attempt again", d)
	}
	stop()
	if s := lane(t, q, Reprocess); s != (LaneStatus{Lane: Reprocess, DoneToday: 1}) {
		t.Errorf("status %+v", s)
	}
}

func TestExamineOnRedis(t *testing.T) {
	t.Parallel()
	at, _ := redistest.Database(t)
	s, err := onRedis(t, at, Config{}).Examine(t.Context())
	if err != nil || s.Version == "" || s.Eviction == "" || s.ClockSkew.Abs() > time.Second {
		t.Errorf("%+v, %v; want a version, a policy and this machine's clock", s, err)
	}
}
