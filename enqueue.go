package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"earworm/api"
	"earworm/cnn"
	"earworm/queue"
)

// enqueueConfig is what the enqueue command reads from its settings.
type enqueueConfig struct {
	queue queueSettings
	store storeSettings
	addr  string
	lane  string
	force bool
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
the track's identifier and source. Workers read a path as it is here.`,
		examples: `
earworm enqueue ~/Music
earworm enqueue --redis redis://queue:6379 --cassandra db1 https://example.org/waltz.flac
find /music -name '*.flac' | earworm enqueue --lane reprocess --force -`,
		flags: func(s *settings) {
			s.choice(&e.lane, "lane", []string{string(queue.Ingest), string(queue.Reprocess)}, "ingest, or reprocess, which lets ingest go first")
			s.BoolVar(&e.force, "force", false, "analyse again what is analysed already")
			s.text(&e.addr, "addr", "127.0.0.1:8080", "`address` of earworm serve, used where --redis is not")
			e.queue.flags(s)
			e.store.flags(s)
		},
		run: e.run,
	}
}

func (e *enqueueConfig) run(ctx context.Context, c console, operands []string) (err error) {
	inputs, err := expand(ctx, operands, c.in)
	if err != nil {
		return err
	}
	if len(inputs) == 0 {
		return errors.New("the list on stdin names no track")
	}
	var good []api.Submission
	failed := false
	for _, in := range inputs {
		if in.failure != nil {
			complain(c.err, in.path+": "+in.reason())
			failed = true
			continue
		}
		tags := in.tags()
		good = append(good, api.Submission{
			Source: in.uri, Title: tags.Title, Artist: tags.Artist, Album: tags.Album,
			Force: e.force, Lane: queue.Lane(e.lane),
		})
	}
	if len(good) > 0 {
		send, done, err := e.sender(ctx)
		if err != nil {
			return err
		}
		defer closing(&err, done)
		if err := e.send(ctx, c.out, good, send); err != nil {
			return err
		}
	}
	if failed {
		return errReported
	}
	return nil
}

// sender is what hands a few submissions in.
type sender func(context.Context, []api.Submission) ([]api.Receipt, error)

func (e *enqueueConfig) sender(ctx context.Context) (send sender, done func() error, err error) {
	if e.queue.redis == "" {
		return serveAt(e.addr).send, func() error { return nil }, nil
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
	send = func(ctx context.Context, subs []api.Submission) (receipts []api.Receipt, err error) {
		for _, sub := range subs {
			if sub, err = intake.Check(ctx, sub); err != nil {
				return receipts, err
			}
			receipt, err := intake.Add(ctx, sub, time.Now())
			if err != nil {
				return receipts, err
			}
			receipts = append(receipts, receipt)
		}
		return receipts, nil
	}
	return send, func() error { return errors.Join(q.Close(), store.Close()) }, nil
}

func (e *enqueueConfig) send(ctx context.Context, out io.Writer, subs []api.Submission, send sender) error {
	for some := range slices.Chunk(subs, 50) {
		receipts, err := send(ctx, some)
		for _, r := range receipts {
			state := "waiting"
			switch {
			case r.Added && r.Enqueued:
				state = "new"
			case r.Enqueued:
				state = "again"
			}
			if _, err := fmt.Fprintf(out, "%-7s  %s  %s\n", state, r.TrackID, r.Source); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// serveAt is the address of a running earworm serve.
type serveAt string

func (addr serveAt) send(ctx context.Context, subs []api.Submission) ([]api.Receipt, error) {
	body, err := json.Marshal(map[string]any{"tracks": subs})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+string(addr)+"/v1/tracks", bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("addr is %q; want host:port", string(addr))
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, hinted{fmt.Errorf("earworm serve at %s: %w", addr, plainNetwork(err)), "start it, name its --addr, or name a queue by --redis"}
	}
	defer res.Body.Close()
	var answer struct {
		Tracks []api.Receipt
		Error  struct{ Message string }
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("earworm serve at %s: its answer (%s) is not from earworm", addr, res.Status)
	}
	if res.StatusCode != http.StatusAccepted {
		return nil, fmt.Errorf("earworm serve at %s: %s", addr, answer.Error.Message)
	}
	return answer.Tracks, nil
}

// plainNetwork takes the address, which is named already, out of an error.
func plainNetwork(err error) error {
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return err
}
