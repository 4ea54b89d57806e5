package main

import (
	"context"
	"errors"
	"time"

	"earworm/cnn"
	"earworm/queue"
	"earworm/schema"
	"earworm/worker"
)

// local is the whole pipeline in one process, for as long as one command runs:
// asynq on an in-process Redis, a worker, the SQLite store.
type local struct {
	store  schema.Store
	queue  *queue.Queue
	worker *worker.Worker
	model  *cnn.Model
}

func (a *analyzeConfig) open(ctx context.Context) (_ *local, err error) {
	l := &local{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.model, err = cnn.Load(); err != nil {
		return nil, err
	}
	if l.store, err = a.store.open(ctx); err != nil {
		return nil, err
	}
	// Someone waits in front of it: few attempts, and Ctrl-C means now.
	patience := queue.Config{Concurrency: a.work.concurrency, Attempts: 3, FirstRetry: time.Second, Grace: 100 * time.Millisecond}
	if l.queue, err = queue.Open(patience); err != nil {
		return nil, err
	}
	l.worker, err = a.work.worker(l.store, l.model, nil)
	return l, err
}

func (l *local) close() error {
	var errs []error
	if l.queue != nil {
		errs = append(errs, l.queue.Close())
	}
	if l.store != nil {
		errs = append(errs, l.store.Close())
	}
	return errors.Join(errs...)
}

// submit registers the inputs as tracks and enqueues them.
func (l *local) submit(ctx context.Context, jobs []input, force bool) error {
	for _, in := range jobs {
		now, tags := time.Now(), in.tags()
		track := schema.Track{
			ID: in.id, Source: in.uri, Title: tags.Title, Artist: tags.Artist, Album: tags.Album,
			Status: schema.Pending, AddedAt: now, UpdatedAt: now,
		}
		if _, err := l.store.AddTrack(ctx, track); err != nil {
			return err
		}
		if _, err := l.queue.Enqueue(ctx, jobOf(track, l.model.Version(), queue.Ingest, force)); err != nil {
			return err
		}
	}
	return nil
}

// result reads from the store what became of an input whose job ended. An
// analysis older than this run was there already.
func (l *local) result(ctx context.Context, in input, e ending, began time.Time) (result, error) {
	r := result{input: in, took: e.took}
	if r.failure == nil {
		r.failure = e.failure
	}
	var err error
	if r.failure == nil {
		r.analysis, err = l.store.Analysis(ctx, in.id, l.model.Version())
		r.unchanged = r.analysis.AnalysedAt.Before(began.Truncate(time.Millisecond)) // as exact as the store
	}
	return r, err
}
