package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"earworm/api"
	"earworm/auth"
	"earworm/batch"
	"earworm/cnn"
	"earworm/problem"
	"earworm/queue"
	"earworm/schema"
	"earworm/selector"
)

// batches makes batches and changes them: through the queue and the store, or
// through the API of a running earworm serve.
type batches interface {
	estimate(ctx context.Context, o batch.Order) (batch.Estimate, error)
	create(ctx context.Context, o batch.Order) (batch.Status, error)
	status(ctx context.Context, id string) (batch.Status, error)
	list(ctx context.Context) ([]batch.Status, error)
	// change does what the action says: pause, resume or cancel.
	change(ctx context.Context, id, action string) (batch.Status, error)
}

// batchSettings choose between the queue's Redis and a running earworm serve.
type batchSettings struct {
	queue queueSettings
	store storeSettings
	at    serveAt
}

func (b *batchSettings) flags(s *settings) {
	s.text(&b.at.addr, "addr", "127.0.0.1:8080", "`address` of earworm serve, used where --redis is not")
	s.secret(&b.at.token, "token", "`token` that earworm serve asks for; rather in EARWORM_TOKEN")
	b.queue.flags(s)
	b.store.flags(s)
}

func (b *batchSettings) open(ctx context.Context) (_ batches, done func() error, err error) {
	if b.queue.redis == "" {
		return b.at, func() error { return nil }, nil
	}
	model, err := cnn.Load()
	if err != nil {
		return nil, nil, err
	}
	q, err := b.queue.open(ctx, queue.Config{})
	if err != nil {
		return nil, nil, err
	}
	store, err := b.store.open(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, q.Close())
	}
	service := &batch.Service{Store: store, Queue: q, ModelVersion: model.Version()}
	return ownBatches{service}, func() error { return errors.Join(q.Close(), store.Close()) }, nil
}

// ownBatches are made by this process.
type ownBatches struct{ *batch.Service }

func (b ownBatches) estimate(ctx context.Context, o batch.Order) (batch.Estimate, error) {
	return b.Estimate(ctx, o)
}

func (b ownBatches) create(ctx context.Context, o batch.Order) (batch.Status, error) {
	made, err := b.Create(ctx, o, time.Now())
	if err != nil {
		return batch.Status{}, err
	}
	return b.status(ctx, made.ID)
}

func (b ownBatches) status(ctx context.Context, id string) (batch.Status, error) {
	status, err := b.Status(ctx, id, time.Now())
	return status, noBatch(err, id)
}

func (b ownBatches) list(ctx context.Context) ([]batch.Status, error) {
	return b.List(ctx, time.Now())
}

func (b ownBatches) change(ctx context.Context, id, action string) (batch.Status, error) {
	do := map[string]func(context.Context, string) (schema.Batch, error){"pause": b.Pause, "resume": b.Resume, "cancel": b.Cancel}
	if _, err := do[action](ctx, id); err != nil {
		return batch.Status{}, noBatch(err, id)
	}
	return b.status(ctx, id)
}

// noBatch says in a line that there is no such batch.
func noBatch(err error, id string) error {
	answer, asked := errors.AsType[*problem.Problem](err)
	if errors.Is(err, schema.ErrNotFound) || asked && answer.Status == http.StatusNotFound {
		return hinted{fmt.Errorf("there is no batch %q", id), "earworm batch lists them"}
	}
	return err
}

func (s serveAt) estimate(ctx context.Context, o batch.Order) (batch.Estimate, error) {
	made, err := s.order(ctx, o, true)
	if err != nil || made.Estimate == nil {
		return batch.Estimate{}, err
	}
	return *made.Estimate, nil
}

func (s serveAt) create(ctx context.Context, o batch.Order) (batch.Status, error) {
	made, err := s.order(ctx, o, false)
	if err != nil || made.Batch == nil {
		return batch.Status{}, err
	}
	return *made.Batch, nil
}

func (s serveAt) order(ctx context.Context, o batch.Order, dry bool) (made api.BatchMade, err error) {
	err = s.ask(ctx, auth.Admin, http.MethodPost, "/v1/batches", api.BatchOrder{
		Selector: apiSelector(o.Selector), Force: o.Force, Rate: o.Rate, DryRun: dry,
	}, &made)
	if err == nil && made.Batch == nil && made.Estimate == nil {
		err = fmt.Errorf("earworm serve at %s: its answer holds neither a batch nor an estimate", s.addr)
	}
	return made, err
}

// apiSelector is a selector as the API takes it, where none at all means stale.
func apiSelector(s selector.Selector) api.BatchSelector {
	a := api.BatchSelector{Stale: s.Stale, ModelVersion: s.ModelVersion, Failed: s.Failed, Where: s.Where.String(), IDs: s.IDs}
	a.All = !a.Stale && a.ModelVersion == "" && a.Failed == "" && a.Where == "" && len(a.IDs) == 0
	return a
}

func (s serveAt) status(ctx context.Context, id string) (status batch.Status, err error) {
	err = s.ask(ctx, auth.Read, http.MethodGet, "/v1/batches/"+url.PathEscape(id), nil, &status)
	return status, noBatch(err, id)
}

func (s serveAt) list(ctx context.Context) ([]batch.Status, error) {
	var all api.BatchList
	err := s.ask(ctx, auth.Read, http.MethodGet, "/v1/batches", nil, &all)
	return all.Batches, err
}

func (s serveAt) change(ctx context.Context, id, action string) (status batch.Status, err error) {
	err = s.ask(ctx, auth.Admin, http.MethodPost, "/v1/batches/"+url.PathEscape(id)+"/"+action, nil, &status)
	return status, noBatch(err, id)
}
