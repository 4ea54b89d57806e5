package queue

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	// maxLost is how many runs of a job may end with their worker before the
	// job is held to be the cause.
	maxLost = 3

	// lostKept bounds how long a job that nobody enqueued again is remembered;
	// one that comes back at the end of a long lane must still be.
	lostKept = 7 * 24 * time.Hour

	// A dead process's sign of life is gone before asynq gives its jobs to
	// others, which is a minute after the last renewal of their leases.
	beat = 10 * time.Second
	life = 45 * time.Second
)

// runsKey holds the runs of a job that have begun and not ended: those of now,
// and those whose worker died. asynq does not tell a job that came back because
// its worker died from one that it retries, so it is counted here.
func runsKey(id string) string { return "earworm:runs:" + id }

// aliveKey is there for as long as a process renews it. A run of a process that
// lives is not lost, whatever asynq holds of its lease: clocks may differ, or
// Redis was away when the run ended.
func aliveKey(process string) string { return "earworm:alive:" + process }

// versionKey is there for as long as a process of that model version lives.
func versionKey(version string) string { return "earworm:version:" + version }

// foreign tells a job that this process has not the model version for: an
// errForeign where another process has. Where none has, it counts as an attempt,
// so that jobs for a version that is gone do not go round for ever.
func (q *Queue) foreign(ctx context.Context, version string) error {
	own := q.config.Version
	if own == "" || version == "" || version == own {
		return nil
	}
	alive, err := q.client.Exists(ctx, versionKey(version)).Result()
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", ErrAway, q.fault(ctx, err))
	case alive > 0:
		return fmt.Errorf("%w, %s; this one has %s", errForeign, version, own)
	}
	return fmt.Errorf("no worker has model version %s; this one has %s", version, own)
}

// lostRuns counts the runs of a job that no worker lived to end.
func (q *Queue) lostRuns(ctx context.Context, id string) (lost int, err error) {
	runs, err := q.client.SMembers(ctx, runsKey(id)).Result()
	for _, run := range runs {
		process, _, _ := strings.Cut(run, "/")
		alive, err := q.client.Exists(ctx, aliveKey(process)).Result()
		if err != nil {
			return 0, err
		}
		if alive == 0 {
			lost++
		}
	}
	return lost, err
}

// beginRun marks a run as begun.
func (q *Queue) beginRun(ctx context.Context, id string) (run string, err error) {
	run = q.process + "/" + uuid.NewString()
	pipe := q.client.TxPipeline()
	pipe.SAdd(ctx, runsKey(id), run)
	pipe.Expire(ctx, runsKey(id), lostKept)
	pipe.Del(ctx, endedKey(id))
	_, err = pipe.Exec(ctx)
	return run, err
}

// endRun marks a run as ended, whatever its outcome. With a final outcome the
// job's past is forgotten too. Where Redis does not take it, it is told again
// with the next beat.
func (q *Queue) endRun(ctx context.Context, id, run string, final bool) error {
	// The outcome counts even where the job's own time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	err := q.forget(ctx, id, run, final)
	if err != nil {
		q.untold.Store(run, func(ctx context.Context) error { return q.forget(ctx, id, run, final) })
	}
	return err
}

func (q *Queue) forget(ctx context.Context, id, run string, final bool) error {
	if final {
		if err := q.tell(ctx, id); err != nil {
			return err
		}
		return q.client.Del(ctx, runsKey(id)).Err()
	}
	return q.client.SRem(ctx, runsKey(id), run).Err()
}

// live keeps this process's sign of life, and tells of the runs whose end Redis
// did not take, until end is called. The sign is there when it returns: no run
// begins without.
func (q *Queue) live(ctx context.Context) (end func()) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	q.beat(ctx)
	go func() {
		defer close(stopped)
		tick := time.NewTicker(beat)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				q.beat(ctx)
			case <-stop:
				q.beat(ctx)
				return
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

func (q *Queue) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	signs := []string{aliveKey(q.process)}
	if q.config.Version != "" {
		signs = append(signs, versionKey(q.config.Version))
	}
	for _, sign := range signs {
		if err := q.client.Set(ctx, sign, "", life).Err(); err != nil {
			return // asynq says that Redis is away, and the next beat will do
		}
	}
	for run, tell := range q.untold.Range {
		if tell.(func(context.Context) error)(ctx) == nil {
			q.untold.Delete(run)
		}
	}
}
