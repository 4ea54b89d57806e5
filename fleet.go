package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"earworm/cnn"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/watched"
	"earworm/worker"
)

// fleetSettings are those of a process that works through the queue.
type fleetSettings struct {
	store storeSettings
	queue queueSettings
	work  workSettings
	log   logSettings
	trace traceSettings
	grace time.Duration
}

func (c *fleetSettings) declare(s *settings) {
	c.queue.flags(s)
	c.store.flags(s)
	c.work.flags(s)
	s.span(&c.grace, "grace", 30*time.Second, "how long running tracks may go on after the signal to stop")
	c.trace.flags(s)
	c.log.flags(s)
}

// fleet is what such a process holds open.
type fleet struct {
	store  schema.Store
	queue  *queue.Queue
	model  *cnn.Model
	worker *worker.Worker
	watch  *watch
	traces *traces
	log    *slog.Logger
}

func (c *fleetSettings) open(ctx context.Context, con console) (_ *fleet, err error) {
	f := &fleet{log: c.log.logger(con.err)}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.model, err = cnn.Load(); err != nil {
		return nil, err
	}
	if f.traces, err = c.trace.open(ctx, f.log); err != nil {
		return nil, err
	}
	f.watch = &watch{metrics: newMetrics(), tracer: f.traces.Tracer("earworm")}
	if f.queue, err = c.queue.open(ctx, queue.Config{
		Concurrency: c.work.concurrency, Grace: c.grace, Log: f.log, Sending: f.watch.sending,
	}); err != nil {
		return nil, err
	}
	store, err := c.store.open(ctx)
	if err != nil {
		return nil, err
	}
	f.store = watched.Store(store, f.watch.operation)
	f.watch.follow(f.queue, f.log)
	f.watch.info.WithLabelValues(version(), f.model.Version(), c.store.kind()).Set(1)
	if f.worker, err = c.work.worker(f.store, f.model, f.log); err != nil {
		return nil, err
	}
	f.worker.Watch = worker.Watch{Begin: f.watch.stage, Heard: f.watch.heard}
	return f, nil
}

func (f *fleet) close() error {
	var errs []error
	if f.queue != nil {
		errs = append(errs, f.queue.Close())
	}
	if f.store != nil {
		errs = append(errs, f.store.Close())
	}
	if f.traces != nil {
		errs = append(errs, f.traces.close())
	}
	return errors.Join(errs...)
}

// work runs workers until ctx ends. It first enqueues what the store calls
// pending, beside the work itself, so that a long list delays nobody.
func (f *fleet) work(ctx context.Context) error {
	refilled := make(chan struct{})
	go func() {
		defer close(refilled)
		added, err := refill(ctx, f.store, f.queue, f.model.Version())
		switch {
		case ctx.Err() != nil:
		case err != nil:
			f.log.ErrorContext(ctx, "pending tracks not all enqueued", "added", added, "error", err)
		case added > 0:
			f.log.InfoContext(ctx, "pending tracks enqueued", "added", added)
		}
	}()
	err := f.queue.Run(ctx, f.watch.job(f.worker.Handle))
	<-refilled
	return err
}
