package queue

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience waits after a script that Redis did not run. asynq asks for the
// next job by a script and, on an error, asks again at once: without a pause
// an idle worker would spin for as long as Redis refuses it.
type patience struct{ pause time.Duration }

// DialHook leaves dialling as it is.
func (patience) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook leaves pipelines as they are.
func (patience) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook adds the pause.
func (p patience) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		script := cmd.Name() == "evalsha" || cmd.Name() == "eval"
		unknown := redis.HasErrorPrefix(err, "NOSCRIPT") // it is sent in full next
		if err == nil || !script || unknown || errors.Is(err, redis.Nil) {
			return err
		}
		select {
		case <-time.After(p.pause):
		case <-ctx.Done():
		}
		return err
	}
}
