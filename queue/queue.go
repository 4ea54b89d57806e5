package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/hibiken/asynqmon"
	"github.com/redis/go-redis/v9"
)

const (
	taskType     = "analyse"
	redisTimeout = 5 * time.Second
)

// Queue is a connection to the two lanes. It is safe for concurrent use.
type Queue struct {
	config  Config
	name    string // of the Redis server, for messages
	client  redis.UniversalClient
	tasks   *asynq.Client
	inspect *asynq.Inspector
	process string        // names this process among those of the fleet
	untold  sync.Map      // run -> what tells Redis that it has ended
	suspect chan struct{} // holds a place for the one suspect that may run
	stop    func()        // ends the Redis of this process
	closing chan struct{} // closed by Close, once
	close   sync.Once
	runs    gate
	room    room
}

// Open makes a queue. It does not wait for Redis to answer: Ping does. Its
// error names the setting that cannot be.
func Open(c Config) (*Queue, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Redis == "" && c.TLS != (TLS{}) {
		return nil, errors.New("redis tls has files and there is no address; want rediss://host:port/db, or no files")
	}
	if c.Redis == "" {
		server := miniredis.NewMiniRedis()
		still := passTime(server)
		return open(c, inProcess(server), "redis in this process", func() { still(); server.Close() }), nil
	}
	a, err := parseAddress(c.Redis)
	if err != nil {
		return nil, err
	}
	if err := c.TLS.apply(a.options.TLSConfig); err != nil {
		return nil, err
	}
	return open(c, a.client(), "redis at "+a.name, func() {}), nil
}

// passTime lets a server's keys grow older once a second, until still is called.
// By its own clock it looks at each key at every command, which a long lane
// would make dear.
func passTime(server *miniredis.Miniredis) (still func()) {
	const step = time.Second
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(step)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-stop:
				return
			case now := <-tick.C:
				server.FastForward(now.Sub(last))
				last = now
			}
		}
	}()
	return func() {
		close(stop)
		<-stopped
	}
}

// inProcess is a client that reaches its server without a network, so that no
// one else can.
func inProcess(server *miniredis.Miniredis) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                  "in-process",
		Dialer:                func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
		ContextTimeoutEnabled: true,
		DisableIdentity:       true,
	})
}

func open(c Config, client redis.UniversalClient, name string, stop func()) *Queue {
	quietRedis()
	client.AddHook(patience{200 * time.Millisecond})
	return &Queue{
		config: c, name: name, client: client, stop: stop, process: uuid.NewString(),
		tasks:   asynq.NewClientFromRedisClient(client),
		inspect: asynq.NewInspectorFromRedisClient(client),
		suspect: make(chan struct{}, 1),
		closing: make(chan struct{}),
	}
}

// Close ends each Run as the end of its context does, waits for it, and ends
// the connection: asynq does not survive losing that under its feet.
func (q *Queue) Close() (err error) {
	q.close.Do(func() {
		close(q.closing)
		<-q.runs.shut()
		err = q.client.Close()
		q.stop()
	})
	return err
}

// Ping reports whether Redis answers, within 5 s.
func (q *Queue) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := q.client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("%s: %w", q.name, cause(err))
	}
	return nil
}

// fault says what went wrong with Redis. asynq keeps of an error only its
// text; asking once more brings the cause to light.
func (q *Queue) fault(ctx context.Context, err error) error {
	if ping := q.Ping(ctx); ping != nil {
		return ping
	}
	return fmt.Errorf("%s: %w", q.name, cause(err))
}

// Enqueue adds a job, unless the same track and model version waits or runs in
// either lane: then added is false. A job that has ended, well or not, can be
// added again. One that waits in the reprocess lane moves over when it is asked
// for in the ingest lane.
func (q *Queue) Enqueue(ctx context.Context, j Job) (added bool, err error) {
	if err := j.Validate(); err != nil {
		return false, fmt.Errorf("enqueue: %w", err)
	}
	trace, end := q.config.Sending(ctx, j)
	defer func() { end(err) }()
	j.Trace = trace
	other := Reprocess
	if j.Lane == Reprocess {
		other = Ingest
	}
	moved, free, err := q.clearWay(ctx, other, j, j.Lane == Ingest)
	if err == nil && free {
		added, err = q.add(ctx, moved)
	}
	if err != nil {
		return false, fmt.Errorf("enqueue track %s: %w", j.TrackID, q.fault(ctx, err))
	}
	return added, nil
}

// clearWay removes the same job from a lane where it no longer waits to be
// run, or where take says so and it does not run yet. free is false where the
// job stays. Of a job that is taken, batch and force live on.
func (q *Queue) clearWay(ctx context.Context, lane Lane, j Job, take bool) (_ Job, free bool, err error) {
	info, err := q.inspect.GetTaskInfo(string(lane), j.ID())
	if errors.Is(err, asynq.ErrQueueNotFound) {
		if err = q.announce(ctx); err == nil {
			info, err = q.inspect.GetTaskInfo(string(lane), j.ID())
		}
	}
	switch {
	case errors.Is(err, asynq.ErrTaskNotFound):
		return j, true, nil
	case err != nil:
		return j, false, err
	case info.State == asynq.TaskStateActive:
		return j, false, nil
	case info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted:
		if !take {
			return j, false, nil
		}
		if old, err := parseJob(info.Payload); err == nil {
			if j.Force {
				old.Since = time.Time{} // what is asked for now is after it
			}
			j.Force = j.Force || old.Force
			if j.Batch == "" {
				j.Batch, j.Part, j.Since = old.Batch, old.Part, old.Since
			}
		}
	}
	err = q.inspect.DeleteTask(string(lane), j.ID())
	if errors.Is(err, asynq.ErrTaskNotFound) {
		err = nil // it has just ended by itself
	}
	return j, err == nil, err
}

// announce puts the lanes on asynq's list of queues. Its client does so at its
// first job alone: after a Redis was emptied, it would call them unknown.
func (q *Queue) announce(ctx context.Context) error {
	const queues = "asynq:queues"
	return q.client.SAdd(ctx, queues, string(Ingest), string(Reprocess)).Err()
}

// add puts a job at the end of its lane. A dead letter of the same job, which
// would be in its way, makes place for it.
func (q *Queue) add(ctx context.Context, j Job) (added bool, err error) {
	payload, err := json.Marshal(j)
	if err != nil {
		return false, err
	}
	task := asynq.NewTask(taskType, payload)
	for {
		_, err = q.tasks.EnqueueContext(
			ctx, task,
			asynq.TaskID(j.ID()),
			asynq.Queue(string(j.Lane)),
			asynq.MaxRetry(q.config.Attempts),
			// Past the time its context gives a handler: abandoned.
			asynq.Timeout(q.config.JobTimeout+time.Minute),
		)
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return err == nil, err
		}
		if _, free, err := q.clearWay(ctx, j.Lane, j, false); err != nil || !free {
			return false, err
		}
	}
}

// Monitor serves asynq's own pages on the lanes below prefix, such as
// "/queues". They can delete and run jobs, so requests that another site
// makes a browser send are refused.
func (q *Queue) Monitor(prefix string) http.Handler {
	pages := asynqmon.New(asynqmon.Options{RootPath: prefix, RedisConnOpt: shared{q.client}})
	return http.NewCrossOriginProtection().Handler(pages)
}

// shared lends the queue's client to asynqmon, which would else make its own.
type shared struct{ client redis.UniversalClient }

// MakeRedisClient is asynq's way to ask for a client.
func (s shared) MakeRedisClient() any { return s.client }
