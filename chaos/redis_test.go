//go:build chaos

package chaos

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9" //nolint:depguard // looks at, and breaks, what the queue keeps
)

// redisServer is a Redis of one scenario, with an append-only file.
type redisServer struct {
	*redis.Client
	addr string
	dir  string
	cmd  *exec.Cmd
	done chan struct{}
}

func startRedis(t *testing.T, dir string) *redisServer {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	r := &redisServer{Client: redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1}), addr: addr, dir: dir}
	r.start(t)
	t.Cleanup(func() {
		r.Close()
		r.kill(t)
	})
	return r
}

func (r *redisServer) start(t *testing.T) {
	t.Helper()
	_, port, _ := net.SplitHostPort(r.addr)
	r.cmd = exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", r.dir, //nolint:noctx // ended by kill
		"--save", "", "--appendonly", "yes", "--logfile", filepath.Join(r.dir, "redis.log"))
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	r.done = done
	go func(cmd *exec.Cmd) {
		_ = cmd.Wait() // it is killed
		close(done)
	}(r.cmd)
	eventually(t, 30*time.Second, "redis answers", func() bool { return r.Ping(context.Background()).Err() == nil })
}

func (r *redisServer) kill(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, syscall.ESRCH) {
		select {
		case <-r.done: // by itself
		default:
			t.Error(err)
		}
	}
	<-r.done
}

// passMinute is what passes for the minute after a worker's death: the leases
// of jobs and the signs of life that nobody renews are over at once. A worker
// that lives renews its own within seconds.
func (r *redisServer) passMinute(t *testing.T) {
	t.Helper()
	signs, err := r.Keys(t.Context(), "earworm:alive:*").Result()
	if err == nil && len(signs) > 0 {
		err = r.Del(t.Context(), signs...).Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, lane := range []string{"ingest", "reprocess"} {
		key := "asynq:{" + lane + "}:lease"
		ids, err := r.ZRange(t.Context(), key, 0, -1).Result()
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			past := redis.Z{Score: float64(time.Now().Add(-time.Hour).Unix()), Member: id}
			if err := r.ZAddXX(t.Context(), key, past).Err(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, limit time.Duration, what string, ask func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ask(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it is not so that %s", limit, what)
		}
	}
}
