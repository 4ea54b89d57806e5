package api

import (
	"crypto/rand"
	"net/http"
	"time"

	"earworm/problem"
)

// requestID is the header that names a request in answers and logs.
const requestID = "X-Request-Id"

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader writes one status: to whoever leaves amid an answer, huma would
// say in a second one that they have left.
func (r *recorder) WriteHeader(status int) {
	if r.status >= http.StatusOK {
		return
	}
	r.status = status
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
			problem.New(http.StatusInternalServerError, "internal", "earworm failed on this request; its log says where").Write(rec)
		}
	}()
	next.ServeHTTP(rec, r)
}
