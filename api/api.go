// Package api is earworm's HTTP face: catalogues hand tracks in, other
// services read what was heard in them and ask for their like. It describes
// itself in OpenAPI 3.1, at /v1/openapi.json.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"earworm/auth"
	"earworm/problem"
	"earworm/queue"
	"earworm/schema"
	"earworm/upload"
)

// Store is what the API reads and where it registers tracks. All of its
// methods answer as those of schema.Store do: schema.ErrNotFound, wrapped,
// where there is no such row.
type Store interface {
	schema.Tracks
	schema.Analyses
	schema.Labels
	schema.Versions
	schema.Vectors
	schema.Scanner
	schema.Answers
	List(ctx context.Context, l schema.Listing) (schema.Page, error)
}

// Queue takes jobs. A job that waits or runs already is not added again.
type Queue interface {
	// Room is queue.ErrFull where nothing may be handed in for now.
	Room(ctx context.Context) error
	Enqueue(ctx context.Context, j queue.Job) (added bool, err error)
	// EnqueueFor also has an address told of the job's end.
	EnqueueFor(ctx context.Context, j queue.Job, webhook string) (added bool, err error)
}

// Config is what the API needs.
type Config struct {
	Intake  Intake
	Store   Store
	Batches Batches
	Uploads *upload.Folder // nil: no files are taken
	Door    *auth.Door     // nil: unlocked
	Log     *slog.Logger
	MaxBody int64 // bytes of a JSON request; default 1 MiB
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
type server struct {
	Config
	api huma.API
}

// New makes the handler of all the API's addresses, with request identifiers,
// a log line for each request and errors as RFC 9457 has them.
func New(c Config) http.Handler {
	mux := http.NewServeMux()
	s := server{Config: c.WithDefaults(), api: humago.New(mux, huma.Config{
		OpenAPI:                      description(),
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	})}
	s.tracks()
	s.heard()
	s.batches()
	s.versions()
	s.vectors()
	s.similarity()
	s.spotify()
	s.describe(mux)
	for path, item := range s.api.OpenAPI().Paths {
		mux.Handle(path, only(item))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		problem.New(http.StatusNotFound, "not_found", "there is nothing at %s; /v1/openapi.json lists what there is", r.URL.Path).Write(w)
	})
	return s.logged(mux)
}

// only refuses the methods that an address does not have.
func only(item *huma.PathItem) http.HandlerFunc {
	var has []string
	for method, op := range map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodDelete: item.Delete,
	} {
		if op != nil {
			has = append(has, method)
		}
	}
	if item.Get != nil {
		has = append(has, http.MethodHead)
	}
	slices.Sort(has)
	allowed := strings.Join(has, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allowed)
		problem.New(http.StatusMethodNotAllowed, "method_not_allowed", "%s is not allowed here; want %s", r.Method, allowed).Write(w)
	}
}

// description is what the API says of itself before its operations.
func description() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "earworm", Version: "1",
			Description: "Tempo, key, time signature and similarity of music. Errors are RFC 9457 problems with a stable code. " +
				"Lists are paged by an opaque cursor. Writes may carry an Idempotency-Key: sent again with the same body within 24 hours, " +
				"a write is not done again and its answer is the same; another body is 422, a write still at work 409.",
		},
		Components: &huma.Components{
			Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "A token made by earworm token."}},
		},
		Tags: []*huma.Tag{
			{Name: "tracks", Description: "Hand tracks in and see where they stand."},
			{Name: "features", Description: "What was heard, and what people say of it."},
			{Name: "similarity", Description: "Tracks that are like others, and the vectors that say so."},
			{Name: "batches", Description: "Have the catalogue analysed again."},
			{Name: "versions", Description: "Which model version readers are served by."},
			{Name: "spotify", Description: "The closed shapes of Spotify's Web API: what is not computed here is null."},
		},
	}
}

// describe serves the description, which is complete by now.
func (s server) describe(mux *http.ServeMux) {
	json, err := s.api.OpenAPI().MarshalJSON()
	if err != nil {
		panic("api: description: " + err.Error())
	}
	yaml, err := s.api.OpenAPI().YAML()
	if err != nil {
		panic("api: description: " + err.Error())
	}
	for path, file := range map[string]struct {
		kind string
		text []byte
	}{
		"/v1/openapi.json": {"application/openapi+json", json},
		"/v1/openapi.yaml": {"application/openapi+yaml", yaml},
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file.kind)
			_, _ = w.Write(file.text)
		})
	}
}
