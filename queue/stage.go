package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
)

// Stage is where a job stands, for who waits for it.
type Stage string

// A job waits for a worker, runs, and waits again to be retried where it went
// wrong. One that has ended, or was never added, is away.
const (
	Away    Stage = ""
	Waits   Stage = "waits"
	Runs    Stage = "runs"
	Retries Stage = "retries"
)

// Stage tells where a job stands, in whichever lane it is. What a worker does
// with it, the queue does not know.
func (q *Queue) Stage(ctx context.Context, j Job) (Stage, error) {
	for _, lane := range Lanes() {
		info, err := q.inspect.GetTaskInfo(string(lane), j.ID())
		switch {
		case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
			continue
		case err != nil:
			return Away, fmt.Errorf("look for track %s: %w", j.TrackID, q.fault(ctx, err))
		}
		switch info.State { //nolint:exhaustive // the others have ended
		case asynq.TaskStateActive:
			return Runs, nil
		case asynq.TaskStatePending:
			return Waits, nil
		case asynq.TaskStateRetry, asynq.TaskStateScheduled:
			return Retries, nil
		}
	}
	return Away, nil
}
