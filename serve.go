package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"earworm/api"
	"earworm/auth"
	"earworm/upload"
	"earworm/web"
)

// serveConfig is what the serve command reads from its settings.
type serveConfig struct {
	fleetSettings
	addr    string
	tokens  string
	asked   int
	uploads string
}

func serveCommand() *command {
	var s serveConfig
	return &command{
		name:  "serve",
		brief: "run workers, the pages, the HTTP API and metrics in one process",
		about: `
Everything in one process: pages to see, hear and correct what was heard, the
HTTP API under /v1, the queue's page under /queues, Prometheus metrics under
/metrics, /healthz and /readyz. By itself it
needs no server: the queue lives in the process and results in an SQLite file.
With --redis and --cassandra it is one of a fleet. Tracks that the store calls
pending are enqueued at start and every --refill. Ctrl-C lets running tracks finish.

On a loopback address whoever uses this machine is let in. Any other address
wants --tokens; then every request but /healthz, /readyz and the API's own
description needs one.`,
		examples: `
earworm serve
earworm serve --addr 0.0.0.0:8080 --tokens tokens.ndjson --redis redis://queue:6379 --cassandra db1,db2
curl --json '{"source": "/music/waltz.flac"}' http://127.0.0.1:8080/v1/tracks`,
		flags: func(set *settings) {
			set.text(&s.addr, "addr", "127.0.0.1:8080", "`address` to listen on")
			tokensFlag(set, &s.tokens)
			set.count(&s.asked, "request-rate", auth.RequestRate, 1, "requests a second of one token; twice as many at once")
			set.text(&s.uploads, "uploads", "", "`folder` for files that people upload (default: beside the SQLite file; in a fleet none are taken)")
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
	door, err := s.door(listener.Addr(), s.log.logger(c.err))
	if err != nil {
		return err
	}
	if err := s.placeUploads(); err != nil {
		return err
	}
	f, err := s.open(ctx, c)
	if err != nil {
		return err
	}
	defer closing(&err, f.close)

	f.log.Info("listening", "addr", "http://"+listener.Addr().String(), "store", s.store.name(), "queue", s.queue.name())

	if at, ok := listener.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && len(s.work.sources.roots) == 0 {
		f.log.Warn("whoever reaches this address may have any file analysed that earworm can read; --roots limits that")
	}

	site, err := s.site(f, door)
	if err != nil {
		return err
	}
	defer closing(&err, site.Close)
	go site.Run(ctx)
	return f.answering(ctx, listener, s.handler(ctx, f, door, site))
}

// placeUploads settles where uploads go, and lets workers read there. In a
// fleet that must be said: every worker must reach it.
func (s *serveConfig) placeUploads() error {
	if s.uploads == "" {
		if s.store.fleet() || s.queue.redis != "" {
			return nil
		}
		store, err := s.store.file()
		if err != nil {
			return hinted{err, "--uploads FOLDER says where uploads go"}
		}
		s.uploads = filepath.Join(filepath.Dir(store), "uploads")
	}
	folder, err := filepath.Abs(s.uploads)
	if err != nil {
		return fmt.Errorf("uploads is %q: %w", s.uploads, err)
	}
	s.uploads = folder
	if len(s.work.sources.roots) > 0 {
		s.work.sources.roots = append(s.work.sources.roots, folder)
	}
	return nil
}

// uploadFolder takes the files that are sent; nil: none are taken.
func (s *serveConfig) uploadFolder() *upload.Folder {
	if s.uploads == "" {
		return nil
	}
	return &upload.Folder{Path: s.uploads, MostBytes: s.work.decode().WithDefaults().MaxBytes}
}

// site is the pages that people see.
func (s *serveConfig) site(f *fleet, door *auth.Door) (*web.Site, error) {
	return web.New(web.Config{
		Store: f.store, Queue: f.queue, Source: f.worker.Source, Decode: s.work.decode(), ModelVersion: f.model.Version(),
		Batches: f.batches(),
		Uploads: s.uploadFolder(), Door: door, Log: f.log,
	})
}

// answering serves while this process works. It still answers while the work
// ends, which takes as long as the jobs in flight, and closes last.
func (f *fleet) answering(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(f.log.Handler(), slog.LevelWarn),
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	}()
	err := f.work(ctx)
	if lost := context.Cause(ctx); lost != nil && !errors.Is(lost, context.Canceled) {
		err = errors.Join(err, lost)
	}
	shutdown, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	err = errors.Join(err, server.Shutdown(shutdown))
	<-served
	return err
}

// door asks for tokens where there are any. Without them only this machine's
// own addresses may be listened on.
func (s *serveConfig) door(at net.Addr, log *slog.Logger) (*auth.Door, error) {
	if s.tokens != "" {
		door, err := auth.Locked(s.tokens, log)
		if err != nil {
			return nil, hinted{err, "earworm token --tokens " + s.tokens + " NAME makes one"}
		}
		door.Limit(s.asked)
		return door, nil
	}
	if tcp, ok := at.(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, hinted{
			fmt.Errorf("listen on %s: other machines reach this address, so that tokens are needed", s.addr),
			"earworm token --tokens FILE NAME makes one, serve --tokens FILE asks for it; or listen on 127.0.0.1",
		}
	}
	return auth.Unlocked(), nil
}

// handler puts the pages, the API, the queue's page and the metrics under one roof.
func (s *serveConfig) handler(ctx context.Context, f *fleet, door *auth.Door, site *web.Site) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", site)
	intake := api.Intake{Store: f.store, Queue: f.queue, ModelVersion: f.model.Version()}
	if f.webhooks != nil {
		intake.Webhooks = f.webhooks
	}
	mux.Handle("/v1/", api.New(api.Config{
		Intake:  intake,
		Store:   f.store,
		Batches: f.batches(),
		Uploads: s.uploadFolder(),
		Door:    door,
		Log:     f.log,
	}))
	mux.Handle("/login", door.Login())
	mux.Handle("/logout", door.Login())
	mux.Handle("/queues/", door.Guard(auth.Admin, f.queue.Monitor("/queues")))
	mux.Handle("GET /metrics", door.Guard(auth.Read, f.watch.handler()))
	f.health(ctx, mux)
	return f.traces.requests(mux)
}
