package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrFull says that nothing more may be handed in for now.
var ErrFull = errors.New("the queue is full")

// room is what is known of the room in the ingest lane.
type room struct {
	mu    sync.Mutex
	asked time.Time
	full  error // ErrFull, wrapped
}

// roomKept is how long an answer of Redis about room is good for.
const roomKept = time.Second

// Room is ErrFull, wrapped, while as many jobs of the ingest lane wait as
// Config.MostWaiting allows. Whoever hands tracks in asks before. A process looks
// once a second, so that what all of them hand in within one comes on top; the
// planners of batches keep to a bound of their own.
func (q *Queue) Room(ctx context.Context) error {
	q.room.mu.Lock()
	fresh, full := time.Since(q.room.asked) < roomKept, q.room.full
	q.room.mu.Unlock()
	if fresh {
		return full
	}
	waiting, err := q.client.LLen(ctx, "asynq:{"+string(Ingest)+"}:pending").Result()
	if err != nil {
		return fmt.Errorf("ask for room in the queue: %w", q.fault(ctx, err))
	}
	full = nil
	if waiting >= int64(q.config.MostWaiting) {
		full = fmt.Errorf("%w: %d tracks wait", ErrFull, waiting)
	}
	q.room.mu.Lock()
	q.room.asked, q.room.full = time.Now(), full
	q.room.mu.Unlock()
	return full
}
