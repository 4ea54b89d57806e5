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
	"strings"
	"time"

	"earworm/api"
	"earworm/auth"
	"earworm/problem"
)

// serveAt is a running earworm serve.
type serveAt struct{ addr, token string }

// send hands submissions in as a stream, so that each stands for itself.
func (s serveAt) send(ctx context.Context, subs []api.Submission) (outcomes []api.Line, err error) {
	var stream bytes.Buffer
	if err := printLines(&stream, subs); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	res, err := s.do(ctx, http.MethodPost, "/v1/tracks", "application/x-ndjson", &stream)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return nil, s.complaint(res, auth.Ingest)
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

// ask sends one object, or nothing where it is nil, and reads the answer into
// another. The scope is what a token must have.
func (s serveAt) ask(ctx context.Context, scope auth.Scope, method, path string, object, into any) error {
	var body io.Reader = http.NoBody
	if object != nil {
		raw, err := json.Marshal(object)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	res, err := s.do(ctx, method, path, "application/json", body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return s.complaint(res, scope)
	}
	if err := json.NewDecoder(res.Body).Decode(into); err != nil {
		return fmt.Errorf("earworm serve at %s: its answer is not from this earworm: %w", s.addr, err)
	}
	return nil
}

func (s serveAt) do(ctx context.Context, method, path, kind string, body io.Reader) (*http.Response, error) {
	base := s.addr
	if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(base, "/")+path, body)
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
func (s serveAt) complaint(res *http.Response, scope auth.Scope) error {
	var why problem.Problem
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&why); err != nil || why.Code == "" {
		return fmt.Errorf("earworm serve at %s: its answer (%s) is not from earworm", s.addr, res.Status)
	}
	err := fmt.Errorf("earworm serve at %s: %w", s.addr, &why)
	if why.Status == http.StatusUnauthorized || why.Status == http.StatusForbidden {
		return hinted{err, "EARWORM_TOKEN or --token gives the token; earworm token --scopes " + string(scope) + " makes one"}
	}
	return err
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
