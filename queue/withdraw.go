package queue

import (
	"context"

	"github.com/hibiken/asynq"
)

// Withdraw takes the jobs of a batch out of the reprocess lane that do not run
// yet, and says how many. Those that someone asked for in the ingest lane stay.
func (q *Queue) Withdraw(ctx context.Context, batch string) (withdrawn int, err error) {
	if err := q.announce(ctx); err != nil {
		return 0, q.fault(ctx, err)
	}
	for _, list := range []lister{q.inspect.ListPendingTasks, q.inspect.ListRetryTasks, q.inspect.ListScheduledTasks} {
		ids, err := jobsOf(ctx, batch, list)
		if err != nil {
			return withdrawn, q.fault(ctx, err)
		}
		for _, id := range ids {
			err := q.inspect.DeleteTask(string(Reprocess), id)
			switch {
			case err == nil:
				withdrawn++
			case q.Ping(ctx) != nil:
				return withdrawn, q.fault(ctx, err)
			} // else it has begun to run, or ended, meanwhile
		}
	}
	return withdrawn, nil
}

// lister lists a page of the tasks of a queue that are in some state.
type lister func(queue string, opts ...asynq.ListOption) ([]*asynq.TaskInfo, error)

// jobsOf are the tasks of a batch among those of a list.
func jobsOf(ctx context.Context, batch string, list lister) (ids []string, err error) {
	const size = 1000
	for page := 1; ctx.Err() == nil; page++ {
		tasks, err := list(string(Reprocess), asynq.Page(page), asynq.PageSize(size))
		if err != nil {
			return nil, err
		}
		for _, task := range tasks {
			if j, err := parseJob(task.Payload); err == nil && j.Batch == batch {
				ids = append(ids, task.ID)
			}
		}
		if len(tasks) < size {
			return ids, nil
		}
	}
	return nil, ctx.Err()
}
