package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"earworm/schema"
)

const (
	webhookType  = "webhook"
	webhookQueue = "webhooks"

	webhookAttempts = 12 // by FirstRetry and MaxRetry as they are preset, over about an hour
	webhooksAtOnce  = 8
	webhookTimeout  = 30 * time.Second

	// webhooksKept bounds how long a job's end is waited for.
	webhooksKept = 7 * 24 * time.Hour

	// endedKept is longer than a job can be on its way from its outcome to its
	// removal from the queue.
	endedKept = time.Minute
)

// Webhook is someone to be told that a job has ended.
type Webhook struct {
	ID           string         `json:"id"` // the same at each attempt
	URL          string         `json:"url"`
	TrackID      schema.TrackID `json:"track_id"`
	ModelVersion string         `json:"model_version"`
}

// webhooksKey holds who is to be told of a job's end, endedKey is there for a
// while after it.
func webhooksKey(id string) string { return "earworm:webhooks:" + id }
func endedKey(id string) string    { return "earworm:ended:" + id }

// EnqueueFor enqueues a job as Enqueue does and has url told of its end, that
// of the same job where it waits or runs already.
func (q *Queue) EnqueueFor(ctx context.Context, j Job, url string) (added bool, err error) {
	hook, err := json.Marshal(Webhook{ID: uuid.NewString(), URL: url, TrackID: j.TrackID, ModelVersion: j.ModelVersion})
	if err != nil {
		return false, err
	}
	// Before the job, which may end at once.
	pipe := q.client.TxPipeline()
	pipe.SAdd(ctx, webhooksKey(j.ID()), hook)
	pipe.Expire(ctx, webhooksKey(j.ID()), webhooksKept)
	if _, err := pipe.Exec(ctx); err != nil {
		return false, fmt.Errorf("webhook of track %s: %w", j.TrackID, q.fault(ctx, err))
	}
	added, err = q.Enqueue(ctx, j)
	if err != nil {
		return false, errors.Join(err, q.client.SRem(ctx, webhooksKey(j.ID()), hook).Err())
	}
	if added {
		return true, nil
	}
	if err := q.tellLate(ctx, j.ID()); err != nil {
		return false, fmt.Errorf("webhook of track %s: %w", j.TrackID, q.fault(ctx, err))
	}
	return false, nil
}

// tellLate tells of a job that has ended while it was asked for, and whose own
// telling may have come before. Who is told twice has the same ID told.
func (q *Queue) tellLate(ctx context.Context, id string) error {
	for _, lane := range Lanes() {
		info, err := q.inspect.GetTaskInfo(string(lane), id)
		switch {
		case errors.Is(err, asynq.ErrTaskNotFound), errors.Is(err, asynq.ErrQueueNotFound):
			continue
		case err != nil:
			return err
		case info.State == asynq.TaskStateActive:
			ended, err := q.client.Exists(ctx, endedKey(id)).Result()
			if err != nil || ended == 0 {
				return err
			}
		case info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted:
			return nil // it waits, and will tell
		}
	}
	return q.tell(ctx, id)
}

// tell enqueues the webhooks of a job that has ended.
func (q *Queue) tell(ctx context.Context, id string) error {
	pipe := q.client.TxPipeline()
	pipe.Set(ctx, endedKey(id), "", endedKept)
	hooks := pipe.SMembers(ctx, webhooksKey(id))
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	for _, raw := range hooks.Val() {
		var hook Webhook
		if err := json.Unmarshal([]byte(raw), &hook); err == nil {
			_, err := q.tasks.EnqueueContext(
				ctx, asynq.NewTask(webhookType, []byte(raw)),
				asynq.TaskID(hook.ID), asynq.Queue(webhookQueue), asynq.MaxRetry(webhookAttempts-1), asynq.Timeout(webhookTimeout),
			)
			if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) {
				return err
			}
		}
		if err := q.client.SRem(ctx, webhooksKey(id), raw).Err(); err != nil {
			return err
		}
	}
	return nil
}

// RunWebhooks hands webhooks to send, some at once, until ctx ends. An error is
// tried again later, for about an hour; a *schema.Failure is final. What is in
// flight when ctx ends is sent again by whoever runs next.
func (q *Queue) RunWebhooks(ctx context.Context, send func(context.Context, Webhook) error) error {
	if !q.runs.enter() {
		return errors.New("queue is closed")
	}
	defer q.runs.leave()
	if err := q.Ping(ctx); err != nil {
		return err
	}
	work, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	server := asynq.NewServerFromRedisClient(q.client, asynq.Config{
		BaseContext:              func() context.Context { return work },
		TaskCheckInterval:        max(500*time.Millisecond, q.config.PollInterval),
		DelayedTaskCheckInterval: max(time.Second, q.config.PollInterval),
		ShutdownTimeout:          time.Second,
		RetryDelayFunc: func(retried int, _ error, _ *asynq.Task) time.Duration {
			now := time.Now()
			return retryAt(now, retried+1, q.config.FirstRetry, q.config.MaxRetry, rand.Float64()).Sub(now)
		},
		Logger: asynqLog{q.config.Log}, LogLevel: asynq.WarnLevel,
		Concurrency: webhooksAtOnce,
		Queues:      map[string]int{webhookQueue: 1},
	})
	err := server.Start(asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		var hook Webhook
		if err := json.Unmarshal(task.Payload(), &hook); err != nil {
			return dead{fmt.Errorf("webhook: %w", err)}
		}
		err := send(ctx, hook)
		if _, permanent := errors.AsType[*schema.Failure](err); permanent {
			return dead{err}
		}
		return err
	}))
	if err != nil {
		return fmt.Errorf("start sending webhooks: %w", err)
	}
	select {
	case <-ctx.Done():
	case <-q.closing:
	}
	server.Shutdown()
	return nil
}
