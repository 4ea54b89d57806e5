package queue

import (
	"context"
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
)

// runsKey holds the runs of a job that have begun and not ended: those of now,
// and those whose worker died. asynq does not tell a job that came back because
// its worker died from one that it retries, so it is counted here.
func runsKey(id string) string { return "earworm:runs:" + id }

// lostRuns counts the runs of a job that never came to an end.
func (q *Queue) lostRuns(ctx context.Context, id string) (int, error) {
	n, err := q.client.SCard(ctx, runsKey(id)).Result()
	return int(n), err
}

// beginRun marks a run as begun.
func (q *Queue) beginRun(ctx context.Context, id string) (run string, err error) {
	run = uuid.NewString()
	pipe := q.client.TxPipeline()
	pipe.SAdd(ctx, runsKey(id), run)
	pipe.Expire(ctx, runsKey(id), lostKept)
	_, err = pipe.Exec(ctx)
	return run, err
}

// endRun marks a run as ended, whatever its outcome. With a final outcome the
// job's past is forgotten too.
func (q *Queue) endRun(ctx context.Context, id, run string, final bool) error {
	// The outcome counts even where the job's own time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	if final {
		return q.client.Del(ctx, runsKey(id)).Err()
	}
	return q.client.SRem(ctx, runsKey(id), run).Err()
}
