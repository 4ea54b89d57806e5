package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// workerConfig is what the worker command reads from its settings.
type workerConfig struct {
	fleetSettings
	addr string
}

func workerCommand() *command {
	var w workerConfig
	return &command{
		name:  "worker",
		brief: "take tracks from the queue and analyse them",
		about: `
One worker process of a fleet: it takes jobs from Redis and writes what it
hears to the store. Run as many as there are machines. Tracks that the store
calls pending are enqueued at start and every --refill. SIGTERM lets running
tracks finish and gives the others back. --metrics-addr serves /metrics,
/healthz and /readyz for those who watch it.`,
		examples: `
earworm worker --redis redis://queue:6379 --cassandra db1,db2,db3
EARWORM_REDIS=redis://queue:6379 EARWORM_CASSANDRA=db1 earworm worker --concurrency 8`,
		flags: func(s *settings) {
			s.text(&w.addr, "metrics-addr", "", "`address` for /metrics, /healthz and /readyz (default: none)")
			w.declare(s)
		},
		run: w.run,
	}
}

func (w *workerConfig) run(ctx context.Context, c console, _ []string) (err error) {
	if w.queue.redis == "" {
		return hinted{usageError{errors.New("worker wants --redis, the queue to take tracks from")}, "earworm serve works by itself, without one"}
	}
	f, err := w.open(ctx, c)
	if err != nil {
		return err
	}
	defer closing(&err, f.close)
	f.log.InfoContext(ctx, "working",
		"queue", w.queue.name(), "store", w.store.name(), "concurrency", w.work.concurrency,
		"model_version", f.model.Version())
	if w.addr == "" {
		return f.work(ctx)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", w.addr, plainNetwork(err))
	}
	f.log.InfoContext(ctx, "answering", "addr", "http://"+listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", f.watch.handler())
	f.health(ctx, mux)
	return f.answering(ctx, listener, mux)
}
