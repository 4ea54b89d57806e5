package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"earworm/api"
	"earworm/problem"
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
}

// atOnce is how many submissions are sent together.
const atOnce = 50

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
		if o.Error != nil {
			err = errors.Join(err, h.refuse(names[i], o.Error.Code, o.Error.Detail))
		} else {
			err = errors.Join(err, h.report(*o.Receipt))
		}
	}
	return err
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

// serveAt is a running earworm serve.
type serveAt struct{ addr, token string }

// send hands submissions in as a stream, so that each stands for itself.
func (s serveAt) send(ctx context.Context, subs []api.Submission) (outcomes []api.Line, err error) {
	var stream bytes.Buffer
	for _, sub := range subs {
		if err := json.NewEncoder(&stream).Encode(sub); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	res, err := s.post(ctx, "/v1/tracks", "application/x-ndjson", &stream)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return nil, s.complaint(res)
	}
	for dec := json.NewDecoder(res.Body); ; {
		var line api.Line
		switch err := dec.Decode(&line); {
		case errors.Is(err, io.EOF) && len(outcomes) == len(subs):
			return outcomes, nil
		case err != nil, line.Receipt == nil && line.Error == nil:
			return outcomes, fmt.Errorf("earworm serve at %s: its answer ends after %s", s.addr, plural(len(outcomes), "track"))
		}
		outcomes = append(outcomes, line)
	}
}

func (s serveAt) post(ctx context.Context, path, kind string, body io.Reader) (*http.Response, error) {
	base := s.addr
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(base, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("addr is %q; want host:port or an address such as https://earworm.example", s.addr)
	}
	req.Header.Set("Content-Type", kind)
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, hinted{fmt.Errorf("earworm serve at %s: %w", s.addr, plainNetwork(err)), "start it, name its --addr, or name a queue by --redis"}
	}
	return res, nil
}

// complaint is what an answer says is wrong.
func (s serveAt) complaint(res *http.Response) error {
	var why problem.Problem
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&why); err != nil || why.Code == "" {
		return fmt.Errorf("earworm serve at %s: its answer (%s) is not from earworm", s.addr, res.Status)
	}
	err := fmt.Errorf("earworm serve at %s: %s", s.addr, why.Detail)
	if why.Status == http.StatusUnauthorized || why.Status == http.StatusForbidden {
		return hinted{err, "EARWORM_TOKEN or --token gives the token; earworm token --scopes ingest makes one"}
	}
	return err
}
