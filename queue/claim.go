package queue

import (
	"context"
	"fmt"
	"time"
)

func claimKey(what string) string { return "earworm:claim:" + what }

// Claim says whether this process is the one of the fleet to do something now:
// nobody has claimed it, or whoever did is past its time. A Redis that has lost
// its data has lost its claims too, so that what is done under one is done again.
func (q *Queue) Claim(ctx context.Context, what string, span time.Duration) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	claimed, err := q.client.SetNX(ctx, claimKey(what), q.process, span).Result()
	if err != nil {
		return false, fmt.Errorf("claim %s: %w", what, q.fault(ctx, err))
	}
	return claimed, nil
}

// Hold keeps others from claiming the same for so long from now.
func (q *Queue) Hold(ctx context.Context, what string, span time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	if err := q.client.Set(ctx, claimKey(what), q.process, span).Err(); err != nil {
		return fmt.Errorf("hold %s: %w", what, q.fault(ctx, err))
	}
	return nil
}
