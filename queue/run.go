package queue

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"earworm/schema"
)

const (
	// ingestShare is the ingest lane's part, to the reprocess lane's one, of
	// the slot that serves both.
	ingestShare = 4

	// windDown is how long a handler may go on after its job was given back.
	windDown = 5 * time.Second
)

// Run takes jobs and hands them to h, Concurrency at once, until ctx ends. Then
// it takes no more, lets those in flight finish within the grace period, gives
// back the rest, whose contexts end, and returns nil. An error means that Redis
// did not answer at the start; later it is waited for.
func (q *Queue) Run(ctx context.Context, h Handler) error {
	if !q.runs.enter() {
		return errors.New("queue is closed")
	}
	defer q.runs.leave()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-q.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := q.Ping(ctx); err != nil {
		return err
	}
	// Jobs outlive ctx by the grace period.
	work, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	defer q.live(context.WithoutCancel(ctx))()
	r := &runner{queue: q, handle: h}
	var servers sync.WaitGroup
	for _, s := range q.servers(work) {
		if err := s.Start(r); err != nil {
			return fmt.Errorf("start taking jobs: %w", err)
		}
		servers.Go(func() {
			<-ctx.Done()
			s.Shutdown()
		})
	}
	servers.Wait()
	giveUp()
	r.await(windDown)
	return nil
}

// servers share the slots out. All but one serve the ingest lane first, so an
// ingested track waits at most for the first of them to be free. In the one
// left the lanes draw lots, so the reprocess lane never stands still.
func (q *Queue) servers(work context.Context) []*asynq.Server {
	config := asynq.Config{
		BaseContext:              func() context.Context { return work },
		TaskCheckInterval:        q.config.PollInterval,
		DelayedTaskCheckInterval: max(time.Second, q.config.PollInterval),
		ShutdownTimeout:          q.config.Grace,
		RetryDelayFunc:           q.retryDelay,
		IsFailure:                isFailure,
		Logger:                   asynqLog{q.config.Log},
		LogLevel:                 asynq.WarnLevel,
		Concurrency:              1,
		Queues:                   map[string]int{string(Ingest): ingestShare, string(Reprocess): 1},
	}
	servers := []*asynq.Server{asynq.NewServerFromRedisClient(q.client, config)}
	if rest := q.config.Concurrency - 1; rest > 0 {
		config.Concurrency, config.StrictPriority = rest, true
		servers = append(servers, asynq.NewServerFromRedisClient(q.client, config))
	}
	return servers
}

// errLater puts a job off that is held to have ended a worker while another
// such job runs here: were they to run together, the innocent would be counted
// out with the guilty.
var errLater = errors.New("waits for another job that may end the worker")

// errForeign puts a job off whose model version a living process has, and not
// this one. While versions change, workers of both take from one queue.
var errForeign = errors.New("waits for a worker of its model version")

// ErrAway is an outcome, wrapped, that says nothing of the job: a server that
// is needed for any job did not answer. The job is tried again, and the run is
// not counted as an attempt, the last one included.
var ErrAway = errors.New("a server is away")

// isFailure tells attempts, which are counted, from a job's other returns.
func isFailure(err error) bool {
	for _, other := range []error{asynq.ErrLeaseExpired, errLater, errForeign, ErrAway} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

func (q *Queue) retryDelay(retried int, err error, _ *asynq.Task) time.Duration {
	attempt := retried + 1
	if !isFailure(err) {
		attempt = 1
	}
	now := time.Now()
	return retryAt(now, attempt, q.config.FirstRetry, q.config.MaxRetry, rand.Float64()).Sub(now)
}

// runner is a Handler as asynq sees it.
type runner struct {
	queue  *Queue
	handle Handler
	flight gate
}

// await waits for handlers that were told to stop, but not for ever.
func (r *runner) await(limit time.Duration) {
	select {
	case <-r.flight.shut():
	case <-time.After(limit):
		r.queue.config.Log.Warn("jobs given back go on against their context")
	}
}

// ProcessTask runs one job and tells asynq the outcome in asynq's words.
func (r *runner) ProcessTask(ctx context.Context, task *asynq.Task) error {
	if !r.flight.enter() {
		return errLater // given back before it began
	}
	defer r.flight.leave()
	job, err := parseJob(task.Payload())
	if err != nil {
		return dead{err}
	}
	retried, _ := asynq.GetRetryCount(ctx)
	attempts, _ := asynq.GetMaxRetry(ctx)
	d := Delivery{Job: job, Attempt: retried + 1, Last: retried+1 >= attempts}
	err = r.queue.deliver(ctx, d, r.handle)
	if d.ended(err) && err != nil {
		return dead{err}
	}
	return err
}

// ended tells an outcome after which the job is not tried again.
func (d Delivery) ended(outcome error) bool {
	_, permanent := errors.AsType[*schema.Failure](outcome)
	return outcome == nil || permanent || d.Last && isFailure(outcome)
}

// deliver runs a job under its time limit, and keeps count of runs that no
// worker lived to end.
func (q *Queue) deliver(ctx context.Context, d Delivery, h Handler) error {
	if err := q.foreign(ctx, d.ModelVersion); err != nil {
		return err
	}
	id := d.ID()
	lost, err := q.lostRuns(ctx, id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, q.fault(ctx, err))
	}
	if lost > 0 {
		select {
		case q.suspect <- struct{}{}:
			defer func() { <-q.suspect }()
		default:
			return errLater
		}
	}
	d.Crashed = lost >= maxLost
	run, err := q.beginRun(ctx, id)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, q.fault(ctx, err))
	}
	limited, cancel := context.WithTimeout(ctx, q.config.JobTimeout)
	defer cancel()
	outcome := call(limited, h, d)
	final := d.ended(outcome)
	if err := q.endRun(ctx, id, run, final); err != nil {
		q.config.Log.With(d.LogAttrs()...).WarnContext(ctx, "run not marked as ended", "error", q.fault(ctx, err))
	}
	if !final {
		q.config.Log.With(d.LogAttrs()...).WarnContext(ctx, "job will be tried again", "error", outcome)
	}
	return outcome
}

// call turns a panic into an outcome: it would end the worker, and the same
// job would raise it again.
func call(ctx context.Context, h Handler, d Delivery) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = schema.Fail(schema.Internal, "analyse %q: panic: %v", d.Source, p)
		}
	}()
	return h(ctx, d)
}

// dead is an error after which asynq keeps the job as a dead letter.
type dead struct{ error }

// Unwrap lets asynq find its sign, and others the reason.
func (d dead) Unwrap() []error { return []error{d.error, asynq.SkipRetry} }

// Error says the code before the message: it is what the monitor shows.
func (d dead) Error() string {
	if failure, ok := errors.AsType[*schema.Failure](d.error); ok {
		return string(failure.Code) + ": " + failure.Message
	}
	return d.error.Error()
}
