package queue

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// These tests reach a Redis over the network, in real time.

func quiet(t *testing.T, redis string) *Queue {
	t.Helper()
	q, err := Open(Config{Redis: redis, PollInterval: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

func TestTLSAndPassword(t *testing.T) {
	t.Parallel()
	// A test server's certificate will do.
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	server, err := miniredis.RunTLS(&tls.Config{Certificates: web.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	server.RequireUserAuth("me", "s/cret")
	at := server.Addr()
	cases := map[string]struct{ redis, want string }{
		"all is right":        {"rediss://me:s%2Fcret@" + at + "/2?skip_verify=true", ""},
		"wrong password":      {"rediss://me:secret@" + at + "?skip_verify=true", "WRONGPASS"},
		"unknown certificate": {"rediss://me:s%2Fcret@" + at, "certificate"},
		"no password":         {"rediss://" + at + "?skip_verify=true", "NOAUTH"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := quiet(t, c.redis).Ping(t.Context())
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), "redis at "+at+": ") || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "cret") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line of %s", err, c.want)
			}
		})
	}
}

func TestRunSurvivesAnAbsentRedis(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	q := quiet(t, "redis://"+server.Addr())
	got := make(chan Delivery)
	stop := start(t, q, func(_ context.Context, d Delivery) error {
		got <- d
		return nil
	})
	enqueue(t, q, job("before"))
	<-got
	server.Close()
	if _, err := q.Enqueue(t.Context(), job("while")); err == nil {
		t.Error("enqueued while Redis was away")
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	for q.Ping(t.Context()) != nil { // the pool looks for its server once a second
		<-time.After(10 * time.Millisecond)
	}
	enqueue(t, q, job("after"))
	if d := <-got; d.TrackID != "after" {
		t.Errorf("delivered %+v", d)
	}
	stop()
}

// An idle worker that Redis refuses asks again a few times a second, not as
// fast as it can.
func TestRefusedWorkerDoesNotSpin(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	q := quiet(t, "redis://"+server.Addr())
	asked := &asked{}
	q.client.AddHook(asked)
	got := make(chan Delivery)
	stop := start(t, q, func(_ context.Context, d Delivery) error {
		got <- d
		return nil
	})
	enqueue(t, q, job("before"))
	<-got
	server.SetError("NOAUTH Authentication required.")
	before := asked.Load()
	<-time.After(time.Second)
	if n := asked.Load() - before; n > 50 {
		t.Errorf("asked %d times in a second", n)
	}
	server.SetError("")
	stop()
}

// Handing a job in waits for nothing: that it is not there yet is no refusal.
func TestEnqueueDoesNotPause(t *testing.T) {
	t.Parallel()
	q := quiet(t, "redis://"+miniredis.RunT(t).Addr())
	began := time.Now()
	for i := range 20 {
		enqueue(t, q, job(fmt.Sprint("track-", i)))
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("20 jobs were handed in in %v", took)
	}
}

// asked counts commands.
type asked struct{ atomic.Int64 }

func (a *asked) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *asked) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (a *asked) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		a.Add(1)
		return next(ctx, cmd)
	}
}
