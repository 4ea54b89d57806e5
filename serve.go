package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"earworm/api"
)

// serveConfig is what the serve command reads from its settings.
type serveConfig struct {
	fleetSettings
	addr string
}

func serveCommand() *command {
	var s serveConfig
	return &command{
		name:  "serve",
		brief: "run workers, the HTTP API, metrics and the queue's page in one process",
		about: `
Everything in one process: the HTTP API under /v1, the queue's page under
/queues, Prometheus metrics under /metrics, /healthz and /readyz. By itself it
needs no server: the queue lives in the process and results in an SQLite file.
With --redis and --cassandra it is one of a fleet. Tracks that the store calls
pending are enqueued at start. Ctrl-C lets running tracks finish.`,
		examples: `
earworm serve
earworm serve --addr 0.0.0.0:8080 --redis redis://queue:6379 --cassandra db1,db2
curl --json '{"source": "/music/waltz.flac"}' http://127.0.0.1:8080/v1/tracks`,
		flags: func(set *settings) {
			set.text(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
			s.declare(set)
		},
		run: s.run,
	}
}

func (s *serveConfig) run(ctx context.Context, c console, _ []string) (err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return hinted{fmt.Errorf("listen on %s: %w", s.addr, plainNetwork(err)), "--addr 127.0.0.1:0 takes any free port"}
	}
	defer listener.Close()
	f, err := s.open(ctx, c)
	if err != nil {
		return err
	}
	defer closing(&err, f.close)

	server := &http.Server{
		Handler:           s.handler(f),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(f.log.Handler(), slog.LevelWarn),
	}
	f.log.Info("listening", "addr", "http://"+listener.Addr().String(), "store", s.store.name(), "queue", s.queue.name())

	if at, ok := listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && len(s.work.roots) == 0 {
		f.log.Warn("whoever reaches this address may have any file analysed that earworm can read; --roots limits that")
	}

	// The API goes on answering while workers finish, and closes last.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	}()
	err = f.work(ctx)
	shutdown, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	err = errors.Join(err, server.Shutdown(shutdown))
	<-served
	return err
}

// handler puts the API, the queue's page and the metrics under one roof.
func (s *serveConfig) handler(f *fleet) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", api.New(api.Config{
		Intake: api.Intake{Store: f.store, Queue: f.queue, ModelVersion: f.model.Version()},
		Store:  f.store,
		Checks: map[string]api.Check{"queue": f.queue.Ping, "store": f.store.Ping},
		Log:    f.log,
	}))
	mux.Handle("/queues/", f.queue.Monitor("/queues"))
	mux.Handle("/metrics", f.metrics.handler())
	return mux
}
