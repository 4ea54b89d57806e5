package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"earworm/schema"
)

// answerer handles a request, or says why not: a problem with its status,
// schema.ErrNotFound, or an error of our own side.
type answerer func(http.ResponseWriter, *http.Request) error

// problem is an error that the caller can act upon.
type problem struct {
	status  int
	code    string
	message string
}

func (p problem) Error() string { return p.message }

func (p problem) body() any {
	return map[string]any{"error": map[string]string{"code": p.code, "message": p.message}}
}

func badRequest(format string, args ...any) error {
	return problem{http.StatusBadRequest, "bad_request", fmt.Sprintf(format, args...)}
}

// json turns an answerer's error into a JSON answer. What went wrong on our
// side is logged in full, and the caller is told only that it did.
func (s server) json(answer answerer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := answer(w, r)
		var p problem
		switch {
		case err == nil:
			return
		case errors.As(err, &p):
		case errors.Is(err, schema.ErrNotFound):
			p = problem{http.StatusNotFound, "not_found", err.Error()}
		case r.Context().Err() != nil:
			return // nobody listens any more
		case errors.Is(err, context.DeadlineExceeded):
			s.Log.ErrorContext(r.Context(), "request timed out", "error", err)
			p = problem{http.StatusServiceUnavailable, "unavailable", "the store or the queue took too long"}
		default:
			s.Log.ErrorContext(r.Context(), "request failed", "path", r.URL.Path, "error", err)
			p = problem{http.StatusServiceUnavailable, "unavailable", "the store or the queue does not answer as it should"}
		}
		if err := write(w, p.status, p.body()); err != nil {
			s.Log.DebugContext(r.Context(), "answer not delivered", "error", err)
		}
	})
}

func write(w http.ResponseWriter, status int, body any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // who asked may be gone
	return nil
}

// requestID is the header that names a request in answers and logs.
const requestID = "X-Request-Id"

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// logged gives every request an identifier and a line in the log, and turns a
// panic into an answer.
func (s server) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(requestID)
		if !plainID(id) {
			id = rand.Text()
		}
		w.Header().Set(requestID, id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		rec := &recorder{ResponseWriter: w}
		began := time.Now()
		s.guarded(next, rec, r, id)
		s.Log.InfoContext(r.Context(), "request", "request_id", id, "method", r.Method, "path", r.URL.Path,
			"status", rec.status, "took_ms", time.Since(began).Milliseconds())
	})
}

// guarded serves a request, and answers it too where that panics.
func (s server) guarded(next http.Handler, rec *recorder, r *http.Request, id string) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		s.Log.Error("request panicked", "request_id", id, "path", r.URL.Path, "cause", cause)
		if rec.status == 0 {
			p := problem{http.StatusInternalServerError, "internal", "earworm failed on this request; its log says where"}
			_ = write(rec, p.status, p.body()) // it marshals: it is text
		}
	}()
	next.ServeHTTP(rec, r)
}

// wantID words what plainID accepts.
const wantID = "want 1 to 128 letters, digits and - _ . :"

// plainID tells an identifier that may be repeated in logs and addresses: 1 to
// 128 letters, digits, hyphens, underscores, full stops and colons.
func plainID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '_' && c != '.' && c != ':' {
			return false
		}
	}
	return true
}
