// Package web is what people see of earworm: pages on which predictions are
// seen, heard and corrected. Pages are made on the server; scripts draw and
// play. Everything they need is in the binary.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"earworm/auth"
	"earworm/batch"
	"earworm/dsp/decode"
	"earworm/queue"
	"earworm/schema"
	"earworm/source"
	"earworm/upload"
)

// Store is what the pages read and write. Its methods answer as those of
// schema.Store, schema.Review and schema.Versions do.
type Store interface {
	Track(ctx context.Context, id schema.TrackID) (schema.Track, error)
	AddTrack(ctx context.Context, t schema.Track) (added bool, err error)
	Features(ctx context.Context, id schema.TrackID) (schema.Features, error)
	Analysis(ctx context.Context, id schema.TrackID, modelVersion string) (schema.Analysis, error)
	AddLabel(ctx context.Context, l schema.Label) error
	TrackLabels(ctx context.Context, id schema.TrackID) ([]schema.Label, error)
	schema.Review
	schema.Versions
	schema.Vectors
	schema.Scanner
}

// Source fetches a track's bytes; *source.Opener is one.
type Source interface {
	Fetch(ctx context.Context, uri string) (*source.File, error)
}

// Queue takes jobs and tells how it stands; *queue.Queue is one.
type Queue interface {
	Room(ctx context.Context) error
	Enqueue(ctx context.Context, j queue.Job) (added bool, err error)
	Stage(ctx context.Context, j queue.Job) (queue.Stage, error)
	Status(ctx context.Context) (queue.Status, error)
}

// Batches are made, stopped and watched; *batch.Service is one. Its errors are
// a *batch.Refusal and schema.ErrNotFound.
type Batches interface {
	Create(ctx context.Context, o batch.Order, now time.Time) (schema.Batch, error)
	Pause(ctx context.Context, id string) (schema.Batch, error)
	Resume(ctx context.Context, id string) (schema.Batch, error)
	Cancel(ctx context.Context, id string) (schema.Batch, error)
	List(ctx context.Context, now time.Time) ([]batch.Status, error)
}

// author is who is signed in; empty where nobody is asked to.
func author(r *http.Request) string { return auth.Who(r.Context()).Name }

// Config is what the pages need.
type Config struct {
	Store        Store
	Queue        Queue
	Source       Source
	Decode       decode.Options
	ModelVersion string // that new jobs ask for
	Batches      Batches
	Door         *auth.Door
	Uploads      *upload.Folder // where files from a browser go; nil: none are taken
	Log          *slog.Logger
}

// Site answers the requests for pages until it is closed.
type Site struct {
	Config
	mux     *http.ServeMux
	sound   *recordings
	watch   watch
	closing chan struct{} // closed when Run ends

	compared comparisons
	working  sync.WaitGroup // in the background
}

// New makes the site. Close gives up the sound it holds.
func New(c Config) (*Site, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	sound, err := newRecordings(c.Source, c.Decode)
	if err != nil {
		return nil, err
	}
	s := &Site{Config: c, mux: http.NewServeMux(), sound: sound, closing: make(chan struct{})}
	for scope, answers := range map[auth.Scope]map[string]answerer{
		auth.Read: {
			"GET /tracks/{id}":                 s.track,
			"GET /tracks/{id}/pictures/{kind}": s.picture,
			"GET /tracks/{id}/audio":           s.audio,
			"GET /tracks/{id}/similar":         s.similar,
			"GET /worklist":                    s.worklist,
			"GET /worklist/ids":                s.ids,
			"GET /{$}":                         s.overview,
			"GET /live":                        s.live,
			"GET /compare":                     s.compare,
			"GET /upload":                      s.uploadPage,
			"GET /upload/state":                s.uploadState,
			"/": func(http.ResponseWriter, *http.Request) error {
				return refusal{http.StatusNotFound, "There is nothing at this address."}
			},
		},
		auth.Label: {
			"POST /tracks/{id}/labels": s.label,
			"POST /worklist/act":       s.act,
			"POST /worklist/undo":      s.undo,
		},
		auth.Ingest: {
			"POST /upload": s.upload,
		},
		auth.Admin: {
			"POST /batches/{id}/{act}": s.changeBatch,
			"POST /compare/promote":    s.promote,
		},
	} {
		for pattern, answer := range answers {
			s.mux.Handle(pattern, c.Door.Guard(scope, s.page(answer)))
		}
	}
	s.mux.Handle("GET /static/", assets) // they tell nothing of the catalogue
	return s, nil
}

// Close waits for what goes on in the background, which ends with Run, and
// removes the sound that was rendered.
func (s *Site) Close() error {
	s.working.Wait()
	return s.sound.close()
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	guardPage(w.Header())
	s.mux.ServeHTTP(w, r)
}

// guardPage tells a browser to run and show nothing but what earworm serves
// itself, whatever a track's tags hold.
func guardPage(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"font-src 'self'; connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
}

// answerer answers a request, or says why not: a refusal, schema.ErrNotFound,
// or an error of our own side.
type answerer func(http.ResponseWriter, *http.Request) error

// refusal is an error that the person can act upon.
type refusal struct {
	status  int
	message string
}

func (r refusal) Error() string { return r.message }

// page turns an answerer's error into a page.
func (s *Site) page(answer answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := answer(w, r)
		var refused refusal
		switch {
		case err == nil, r.Context().Err() != nil:
		case errors.As(err, &refused):
			s.trouble(w, r, refused.status, refused.message)
		case errors.Is(err, schema.ErrNotFound):
			s.trouble(w, r, http.StatusNotFound, "There is no such track here.")
		default:
			s.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err)
			s.trouble(w, r, http.StatusServiceUnavailable, "The store does not answer. This page tries again by itself.")
		}
	})
}

// trouble is a page that says what is wrong. To a script it is the sentence alone.
func (s *Site) trouble(w http.ResponseWriter, r *http.Request, status int, message string) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Header.Get("Hx-Request") != "" || r.Header.Get("Sec-Fetch-Dest") == "empty" {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(message)) // who asked may be gone
		return
	}
	view := struct {
		frame
		Message string
		Retry   bool
	}{s.frame(r, http.StatusText(status)), message, status == http.StatusServiceUnavailable}
	if err := show(w, status, "trouble.html", view); err != nil {
		s.Log.Error("page not made", "error", err)
	}
}
