package main

import (
	"context"
	"errors"

	"earworm/api"
	"earworm/cnn"
	"earworm/queue"
)

// enqueueConfig is what the enqueue command reads from its settings.
type enqueueConfig struct {
	queue queueSettings
	store storeSettings
	addr  string
	token string
	lane  string
	force bool
	json  bool
}

func enqueueCommand() *command {
	var e enqueueConfig
	return &command{
		name: "enqueue", operands: "PATH|FOLDER|URL|-…",
		brief: "hand tracks in to be analysed by workers",
		about: `
Registers tracks and enqueues their analysis: in Redis where --redis names one,
else by the API of a running earworm serve at --addr. Prints a line for each:
new, again (it was known) or waiting (its job is in the queue already), then
the track's identifier and source. Workers read a path as it is here.

From stdin (-) it reads a path, an address or a JSON object a line, as POST
/v1/tracks takes them: {"source": "/music/a.flac", "track_id": "cat:1", "title":
"A"}. Lines are handed in as they come, so that the pipe may stay open. What is
wrong with a line is said, and the others are handed in.`,
		examples: `
earworm enqueue ~/Music
earworm enqueue --redis redis://queue:6379 --cassandra db1 https://example.org/waltz.flac
find /music -name '*.flac' | earworm enqueue --lane reprocess --force -
kcat -C -b kafka -t new-tracks -u | earworm enqueue --json -`,
		flags: func(s *settings) {
			s.choice(&e.lane, "lane", []string{string(queue.Ingest), string(queue.Reprocess)}, "ingest, or reprocess, which lets ingest go first")
			s.BoolVar(&e.force, "force", false, "analyse again what is analysed already")
			s.BoolVar(&e.json, "json", false, "print an object a line (NDJSON), for failures too")
			s.text(&e.addr, "addr", "127.0.0.1:8080", "`address` of earworm serve, used where --redis is not")
			s.secret(&e.token, "token", "`token` that earworm serve asks for; rather in EARWORM_TOKEN")
			e.queue.flags(s)
			e.store.flags(s)
		},
		run: e.run,
	}
}

func (e *enqueueConfig) run(ctx context.Context, c console, operands []string) (err error) {
	send, done, err := e.sender(ctx)
	if err != nil {
		return err
	}
	defer closing(&err, done)
	h := &handIn{console: c, config: e, send: send}
	for _, operand := range operands {
		if operand == "-" {
			err = h.lines(ctx)
		} else {
			err = h.operand(ctx, operand)
		}
		if err != nil {
			return err
		}
	}
	if err := h.flush(ctx); err != nil {
		return err
	}
	switch {
	case h.met == 0:
		return errors.New("the list on stdin names no track")
	case h.failed:
		return errReported
	}
	return nil
}

// sender hands a few submissions in. There is an outcome for each.
type sender func(context.Context, []api.Submission) ([]api.Line, error)

func (e *enqueueConfig) sender(ctx context.Context) (send sender, done func() error, err error) {
	if e.queue.redis == "" {
		return serveAt{e.addr, e.token}.send, func() error { return nil }, nil
	}
	model, err := cnn.Load()
	if err != nil {
		return nil, nil, err
	}
	q, err := e.queue.open(ctx, queue.Config{})
	if err != nil {
		return nil, nil, err
	}
	store, err := e.store.open(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, q.Close())
	}
	intake := api.Intake{Store: store, Queue: q, ModelVersion: model.Version()}
	send = func(ctx context.Context, subs []api.Submission) (outcomes []api.Line, err error) {
		for i, sub := range subs {
			line, err := intake.Line(ctx, i+1, sub)
			if err != nil {
				return outcomes, err
			}
			outcomes = append(outcomes, line)
		}
		return outcomes, nil
	}
	return send, func() error { return errors.Join(q.Close(), store.Close()) }, nil
}
