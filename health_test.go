package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"earworm/queue"
)

func TestReadiness(t *testing.T) {
	t.Parallel()
	well := func(context.Context) error { return nil }
	stopped, stop := context.WithCancel(t.Context())
	stop()
	cases := map[string]struct {
		checks map[string]check
		status int
		says   string
	}{
		"all well":       {map[string]check{"queue": well, "store": well}, 200, `{"status":"ok","checks":{"queue":"ok","store":"ok"}}`},
		"one away":       {map[string]check{"queue": func(context.Context) error { return errors.New("connection refused") }, "store": well}, 503, `"queue":"connection refused","store":"ok"`},
		"one hangs":      {map[string]check{"queue": func(context.Context) error { select {} }, "store": well}, 503, `"queue":"no answer in time","store":"ok"`},
		"told to stop":   {map[string]check{"process": accepting(stopped)}, 503, `"process":"it is shutting down"`},
		"not told to":    {map[string]check{"process": accepting(t.Context())}, 200, `"process":"ok"`},
		"full of nought": {map[string]check{"temp": func(context.Context) error { return writable("/nowhere") }}, 503, `"temp":"open /nowhere`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := httptest.NewRecorder()
			answer(c.checks)(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", http.NoBody))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("%d %s; want %d %s", w.Code, w.Body, c.status, c.says)
			}
		})
	}
}

// A handler that runs on against its context holds a slot until a restart.
func TestAliveUntilAJobIsWedged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{watch: &watch{metrics: newMetrics(), tracer: noop.NewTracerProvider().Tracer("")}}
		release := make(chan struct{})
		go func() {
			_ = f.watch.job(func(context.Context, queue.Delivery) error { <-release; return nil })(t.Context(), queue.Delivery{})
		}()
		time.Sleep(15 * time.Minute)
		if err := f.alive(t.Context()); err != nil {
			t.Errorf("at the end of a job's time: %v", err)
		}
		time.Sleep(wedged + time.Second)
		if err := f.alive(t.Context()); err == nil {
			t.Error("alive, with a job that should have ended long ago")
		}
		close(release)
		synctest.Wait()
		if err := f.alive(t.Context()); err != nil {
			t.Errorf("after it has ended: %v", err)
		}
	})
}
