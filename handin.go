package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"earworm/api"
	"earworm/queue"
	"earworm/schema"
)

// handIn is a run of enqueue: submissions that were read and not yet sent.
type handIn struct {
	console
	config *enqueueConfig
	send   sender

	names  []string         // as the person or the line calls them
	some   []api.Submission // not yet sent
	met    int              // lines and operands so far
	failed bool
	waited bool // for room, at least once
}

// atOnce is how many submissions are sent together.
const atOnce = 50

// roomPatience is how long a full queue is left alone.
const roomPatience = 2 * time.Second

// longestSubmission is how long a line of stdin may be.
const longestSubmission = 64 << 10

// operand takes a path, a folder or an address.
func (h *handIn) operand(ctx context.Context, operand string) error {
	for _, in := range expandOne(ctx, operand) {
		h.met++
		if in.failure != nil {
			if err := h.refuse(in.path, string(in.failure.Code), in.reason()); err != nil {
				return err
			}
			continue
		}
		tags := in.tags()
		if err := h.add(ctx, in.path, api.Submission{Source: in.uri, Title: tags.Title, Artist: tags.Artist, Album: tags.Album}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// lines takes what stdin names. Where no line is there yet, what was read is
// sent first.
func (h *handIn) lines(ctx context.Context) error {
	in := bufio.NewReaderSize(h.in, longestSubmission)
	for {
		raw, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return fmt.Errorf("a line on stdin is above %d bytes", longestSubmission)
		}
		if line := bytes.TrimRight(raw, "\r\n"); len(line) > 0 {
			if err := h.line(ctx, line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("read the list on stdin: %w", err)
		}
		if in.Buffered() == 0 {
			if err := h.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// line takes one line: a JSON object, or else an operand.
func (h *handIn) line(ctx context.Context, line []byte) error {
	if line[0] != '{' {
		return h.operand(ctx, string(line))
	}
	h.met++
	sub, err := api.ParseSubmission(line)
	if err != nil {
		return h.refuse(string(line), "bad_request", err.Error())
	}
	name := sub.Source
	if sub.Source != "" && !isURL(sub.Source) {
		in := named(sub.Source)
		if in.failure != nil {
			return h.refuse(name, string(in.failure.Code), in.reason())
		}
		sub.Source = in.uri
	}
	return h.add(ctx, name, sub)
}

func (h *handIn) add(ctx context.Context, name string, sub api.Submission) error {
	sub.Force = sub.Force || h.config.force
	if sub.Lane == "" {
		sub.Lane = queue.Lane(h.config.lane)
	}
	h.names, h.some = append(h.names, name), append(h.some, sub)
	if len(h.some) < atOnce {
		return nil
	}
	return h.flush(ctx)
}

// flush sends what was read, and reports what became of it.
func (h *handIn) flush(ctx context.Context) error {
	if len(h.some) == 0 {
		return ctx.Err()
	}
	names, some := h.names, h.some
	h.names, h.some = nil, nil
	outcomes, err := h.send(ctx, some)
	for i, o := range outcomes[:min(len(outcomes), len(names))] {
		switch {
		case o.Error == nil:
			err = errors.Join(err, h.report(*o.Receipt))
		case o.Error.Code == "queue_full":
			h.names, h.some = append(h.names, names[i]), append(h.some, some[i])
		default:
			err = errors.Join(err, h.refuse(names[i], o.Error.Code, o.Error.Detail))
		}
	}
	if err != nil || len(h.some) == 0 {
		return err
	}
	if err := h.await(ctx); err != nil {
		return err
	}
	return h.flush(ctx)
}

// await waits for room in a queue that is full.
func (h *handIn) await(ctx context.Context) error {
	if !h.waited {
		complain(h.err, "the queue is full; the rest is handed in as workers make room")
		h.waited = true
	}
	select {
	case <-time.After(roomPatience):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// report prints what became of a track.
func (h *handIn) report(r api.Receipt) error {
	if h.config.json {
		return json.NewEncoder(h.out).Encode(outcomeLine{TrackID: r.TrackID, Source: r.Source, Added: r.Added, Enqueued: r.Enqueued})
	}
	state := "waiting"
	switch {
	case r.Added && r.Enqueued:
		state = "new"
	case r.Enqueued:
		state = "again"
	}
	_, err := fmt.Fprintf(h.out, "%-7s  %s  %s\n", state, r.TrackID, r.Source)
	return err
}

// refuse tells of what was not handed in.
func (h *handIn) refuse(name, code, why string) error {
	h.failed = true
	complain(h.err, name+": "+why)
	if !h.config.json {
		return nil
	}
	return json.NewEncoder(h.out).Encode(outcomeLine{Source: name, Error: &outcomeError{code, why}})
}

// outcomeLine is what --json prints of a track.
type outcomeLine struct {
	TrackID  schema.TrackID `json:"track_id"`
	Source   string         `json:"source"` // canonical; of a failure, as it was given
	Added    bool           `json:"added"`
	Enqueued bool           `json:"enqueued"`
	Error    *outcomeError  `json:"error"`
}

type outcomeError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}
