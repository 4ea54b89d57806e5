package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Health is whether the service, or each part it leans on, answers.
type Health struct {
	Status string            `json:"status" enum:"ok,unavailable"`
	Checks map[string]string `json:"checks,omitempty" doc:"By part: ok, or why not."`
}

type healthOutput struct {
	Status int
	Body   Health
}

func (s server) health() {
	public(s, huma.Operation{
		OperationID: "live", Method: http.MethodGet, Path: "/healthz", Tags: []string{"service"},
		Summary: "Whether the process lives.",
	}, func(context.Context, *struct{}) (*healthOutput, error) {
		return &healthOutput{http.StatusOK, Health{Status: "ok"}}, nil
	})
	public(s, huma.Operation{
		OperationID: "ready", Method: http.MethodGet, Path: "/readyz", Tags: []string{"service"},
		Summary: "Whether the queue and the store answer; 503 where one does not.",
	}, s.ready)
}

// ready asks every part, each for at most two seconds, and names those that
// do not answer.
func (s server) ready(ctx context.Context, _ *struct{}) (*healthOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	type outcome struct{ name, state string }
	outcomes := make(chan outcome, len(s.Checks))
	for name, check := range s.Checks {
		go func() {
			state := "ok"
			if err := check(ctx); err != nil {
				state = err.Error()
			}
			outcomes <- outcome{name, state}
		}()
	}
	out := &healthOutput{http.StatusOK, Health{Status: "ok", Checks: map[string]string{}}}
	for range s.Checks {
		o := <-outcomes
		out.Body.Checks[o.name] = o.state
		if o.state != "ok" {
			out.Status, out.Body.Status = http.StatusServiceUnavailable, "unavailable"
		}
	}
	return out, nil
}
