package queue

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// patience waits after Redis refused to say what the next job is. asynq asks by
// a script and, on an error, asks again at once: without a pause an idle worker
// would spin for as long as Redis refuses it. Other scripts have errors of their
// own, such as that a job is not there yet, which nobody is to wait after.
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
		unknown := redis.HasErrorPrefix(err, "NOSCRIPT") // it is sent in full next
		if err == nil || unknown || errors.Is(err, redis.Nil) || !asksForJob(cmd) {
			return err
		}
		select {
		case <-time.After(p.pause):
		case <-ctx.Done():
		}
		return err
	}
}

// asksForJob tells asynq's script by its second key: no other takes the one
// that says whether a queue is paused.
func asksForJob(cmd redis.Cmder) bool {
	args := cmd.Args() // evalsha, script, number of keys, keys, …
	if cmd.Name() != "evalsha" && cmd.Name() != "eval" || len(args) < 5 {
		return false
	}
	key, _ := args[4].(string)
	return strings.HasSuffix(key, ":paused")
}
