package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/redis/go-redis/v9"
)

// asynqLog passes on what asynq says. Its warnings are of single jobs, which
// their outcome says better, so they come a level lower.
type asynqLog struct{ log *slog.Logger }

func (l asynqLog) say(level slog.Level, args []any) {
	l.log.Log(context.Background(), level, "asynq", "message", fmt.Sprint(args...))
}

func (l asynqLog) Debug(args ...any) { l.say(slog.LevelDebug, args) }
func (l asynqLog) Info(args ...any)  { l.say(slog.LevelDebug, args) }
func (l asynqLog) Warn(args ...any)  { l.say(slog.LevelInfo, args) }
func (l asynqLog) Error(args ...any) { l.say(slog.LevelError, args) }

// Fatal does not end the process, as asynq means it to: only main may.
func (l asynqLog) Fatal(args ...any) { l.say(slog.LevelError, args) }

// redisLog keeps the client's remarks on its connections, of which there is
// one for all clients of the process, from going to stderr past slog.
type redisLog struct{}

func (redisLog) Printf(ctx context.Context, format string, args ...any) {
	slog.DebugContext(ctx, "redis", "message", fmt.Sprintf(format, args...))
}

var quietRedis = sync.OnceFunc(func() { redis.SetLogger(redisLog{}) })
