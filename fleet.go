package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/google/uuid"

	"earworm/batch"
	"earworm/cnn"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/watched"
	"earworm/webhook"
	"earworm/worker"
)

// fleetSettings are those of a process that works through the queue.
type fleetSettings struct {
	store  storeSettings
	queue  queueSettings
	work   workSettings
	log    logSettings
	trace  traceSettings
	hooks  webhookSettings
	grace  time.Duration
	refill time.Duration
}

func (c *fleetSettings) declare(s *settings) {
	c.queue.flags(s)
	c.store.flags(s)
	c.work.flags(s)
	s.span(&c.grace, "grace", 30*time.Second, "how long running tracks may go on after the signal to stop")
	s.span(&c.refill, "refill", 30*time.Minute, "how often one of the fleet looks for pending tracks that no job is for")
	c.hooks.flags(s)
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
	refill time.Duration
	opened time.Time
	log    *slog.Logger

	webhooks *webhook.Sender // nil: nobody is told
}

func (c *fleetSettings) open(ctx context.Context, con console) (_ *fleet, err error) {
	f := &fleet{log: c.log.logger(con.err), refill: c.refill, opened: time.Now()}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.close())
		}
	}()
	if f.webhooks, err = c.hooks.sender(); err != nil {
		return nil, err
	}
	if f.model, err = cnn.Load(); err != nil {
		return nil, err
	}
	if f.traces, err = c.trace.open(ctx, f.log); err != nil {
		return nil, err
	}
	f.watch = &watch{metrics: newMetrics(), tracer: f.traces.Tracer("earworm")}
	if f.queue, err = c.queue.open(ctx, queue.Config{
		Version: f.model.Version(), Concurrency: c.work.concurrency, Grace: c.grace, Log: f.log, Sending: f.watch.sending,
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
	f.worker.Batches = f.store
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

const (
	refillLook  = 10 * time.Second // how soon a queue that was lost is filled again
	refillClaim = 2 * time.Minute  // until another takes over from one that died of it
	handingIn   = 10 * time.Second // between a track's row and its job, at the most
)

// work runs workers until ctx ends. Beside them it keeps the queue true to the
// store: what is pending there has a job, however that was lost.
func (f *fleet) work(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() {
		look := time.NewTicker(refillLook)
		defer look.Stop()
		for ctx.Err() == nil {
			if err := f.refillOnce(ctx); err != nil && ctx.Err() == nil {
				f.log.WarnContext(ctx, "pending tracks not all enqueued", "error", err)
			}
			select {
			case <-look.C:
			case <-ctx.Done():
			}
		}
	})
	if f.webhooks != nil {
		beside.Go(func() {
			if err := f.queue.RunWebhooks(ctx, f.tell); err != nil {
				f.log.ErrorContext(ctx, "webhooks are not sent", "error", err)
			}
		})
	}
	beside.Go(func() { f.planner().Run(ctx) })
	return f.queue.Run(ctx, f.watch.job(f.worker.Handle))
}

// batches is what makes and changes batches.
func (f *fleet) batches() *batch.Service {
	return &batch.Service{Store: f.store, Queue: f.queue, ModelVersion: f.model.Version()}
}

// planner turns batches into jobs, where no other process is at it.
func (f *fleet) planner() *batch.Planner {
	host, err := os.Hostname()
	if err != nil {
		host = "unnamed"
	}
	holder := fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8])
	return &batch.Planner{Service: *f.batches(), Holder: holder, Log: f.log}
}

// refillOnce enqueues what is pending, if it is this process's turn: at the
// start, every so often, and as soon as Redis has lost what it held.
func (f *fleet) refillOnce(ctx context.Context) error {
	turn := "refill " + f.model.Version()
	mine, err := f.queue.Claim(ctx, turn, refillClaim)
	if err != nil || !mine {
		return err
	}
	before := f.opened // whoever hands in at this process comes after it
	if settled := time.Now().Add(-handingIn); settled.After(before) {
		before = settled
	}
	added, left, err := refill(ctx, f.store, f.queue, f.model.Version(), before)
	if added > 0 {
		f.log.InfoContext(ctx, "pending tracks enqueued", "added", added)
	}
	if err != nil {
		return err
	}
	next := f.refill
	if left > 0 {
		next = min(next, refillClaim)
	}
	return f.queue.Hold(ctx, turn, next)
}
