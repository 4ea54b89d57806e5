// Package api is earworm's HTTP face: catalogues hand tracks in, other
// services read what was heard in them. It speaks JSON and nothing else.
package api

import (
	"context"
	_ "embed" // for the description
	"log/slog"
	"net/http"
	"strings"
	"time"

	"earworm/auth"
	"earworm/queue"
	"earworm/schema"
)

// Store is what the API reads and where it registers tracks. All of its
// methods answer as those of schema.Store do: schema.ErrNotFound, wrapped,
// where there is no such row.
type Store interface {
	AddTrack(ctx context.Context, t schema.Track) (added bool, err error)
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error)
	Features(ctx context.Context, id schema.TrackID) (schema.Features, error)
}

// Queue takes jobs. A job that waits or runs already is not added again.
type Queue interface {
	Enqueue(ctx context.Context, j queue.Job) (added bool, err error)
}

// Check reports whether something the service leans on answers.
type Check func(ctx context.Context) error

// Config is what the API needs.
type Config struct {
	Intake  Intake
	Store   Store
	Door    *auth.Door       // nil: unlocked
	Checks  map[string]Check // by name, for /readyz
	Log     *slog.Logger
	MaxBody int64 // bytes of a request; default 1 MiB
}

// WithDefaults returns a copy with the empty fields filled in.
func (c Config) WithDefaults() Config {
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	if c.Door == nil {
		c.Door = auth.Unlocked()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// server answers the requests.
type server struct{ Config }

// New makes the handler of all the API's addresses, with request identifiers,
// a log line for each request and JSON errors.
func New(c Config) http.Handler {
	s := server{c.WithDefaults()}
	mux := http.NewServeMux()
	for pattern, answer := range map[string]answerer{
		"POST /v1/tracks":              s.addTracks,
		"GET /v1/tracks/{id}":          s.track,
		"GET /v1/tracks/{id}/features": s.features,
		"GET /v1/tracks/{id}/analysis": s.analysis,
		"GET /v1/openapi.yaml":         describe,
		"GET /healthz":                 s.live,
		"GET /readyz":                  s.ready,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		switch {
		case !strings.HasPrefix(path, "/v1/tracks"):
		case method == http.MethodGet:
			answer = s.admitting(auth.Read, answer)
		default:
			answer = s.admitting(auth.Ingest, answer)
		}
		mux.Handle(pattern, s.json(answer))
		mux.Handle(path, s.json(only(method)))
	}
	mux.Handle("/", s.json(func(http.ResponseWriter, *http.Request) error {
		return problem{http.StatusNotFound, "not_found", "there is nothing at this address"}
	}))
	return s.logged(mux)
}

// admitting asks the door first.
func (s server) admitting(scope auth.Scope, next answerer) answerer {
	return func(w http.ResponseWriter, r *http.Request) error {
		admitted, why := s.Door.Admit(r, scope)
		if why != nil {
			auth.Refuse(w, why)
			return nil
		}
		return next(w, admitted)
	}
}

// only refuses every method but the one that the address has.
func only(method string) answerer {
	allowed := method
	if method == http.MethodGet {
		allowed = "GET, HEAD"
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		w.Header().Set("Allow", allowed)
		return problem{http.StatusMethodNotAllowed, "method_not_allowed", r.Method + " is not allowed here; want " + allowed}
	}
}

func (s server) live(w http.ResponseWriter, _ *http.Request) error {
	return write(w, http.StatusOK, map[string]string{"status": "ok"})
}

// ready asks every part, each for at most two seconds, and names those that
// do not answer.
func (s server) ready(w http.ResponseWriter, r *http.Request) error {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
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
	status, parts := http.StatusOK, map[string]string{}
	for range s.Checks {
		o := <-outcomes
		parts[o.name] = o.state
		if o.state != "ok" {
			status = http.StatusServiceUnavailable
		}
	}
	verdict := "ok"
	if status != http.StatusOK {
		verdict = "unavailable"
	}
	return write(w, status, map[string]any{"status": verdict, "checks": parts})
}

//go:embed openapi.yaml
var openapi []byte

// describe answers with the API's own description.
func describe(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openapi)
	return nil
}
