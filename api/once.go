package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
)

// onceKey is the header by which a write names itself, so that it can be sent
// again without being done again: draft-ietf-httpapi-idempotency-key-header.
const onceKey = "Idempotency-Key"

const (
	longestKey = 255
	// workTime is how long a write that has claimed its key may take. Its claim
	// outlives it, so that no other does the same write meanwhile.
	workTime = schema.ClaimKept - 5*time.Second
	// saveTime is how long keeping its answer may take after that.
	saveTime = 4 * time.Second
)

// keyParameter describes the header.
func keyParameter() *huma.Param {
	least, most := 1, longestKey
	return &huma.Param{
		Name: onceKey, In: "header",
		Description: "Of the caller's making. The same request with the same key is done once, and answered the same for 24 hours.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most},
	}
}

// once does a write that names itself by a key once: sent again, it is given
// the answer that was given. Only good answers are kept.
func (s server) once(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	if len(r.Header.Values(onceKey)) == 0 {
		next(ctx)
		return
	}
	key, request, err := s.named(r, w)
	if err != nil {
		s.problem(r.Context(), err).Write(w)
		return
	}
	kept, claimed, err := s.Store.ClaimAnswer(r.Context(), key, request, time.Now())
	switch {
	case err != nil:
		s.problem(r.Context(), err).Write(w)
	case claimed:
		s.answer(ctx, key, request, next)
	case kept.Request != request:
		problem.New(http.StatusUnprocessableEntity, "key_reused",
			"%s already names another request; want a new key for each, and the same body where one is sent again", onceKey).Write(w)
	case kept.Status == 0:
		w.Header().Set("Retry-After", "1")
		problem.New(http.StatusConflict, "in_progress", "the request that this %s names is still at work; ask again in a second", onceKey).Write(w)
	default:
		send(w, kept)
	}
}

// named is the key that a request is kept under, which is of its token alone,
// and a digest that tells the request from others. The request's body can be
// read again after it.
func (s server) named(r *http.Request, w http.ResponseWriter) (key, request string, err error) {
	key = r.Header.Get(onceKey)
	if !plainKey(key) || len(r.Header.Values(onceKey)) > 1 {
		return "", "", badRequest("%s is not one; want 1 to %d characters of ASCII that can be seen, once", onceKey, longestKey)
	}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.ContentLength != 0 && kind != typeJSON {
		return "", "", badRequest("%s comes with %s alone; other bodies are safe to send again as they are", onceKey, typeJSON)
	}
	body, err := s.readAll(r, w)
	if err != nil {
		return "", "", err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return digest(auth.Who(r.Context()).Name, key), digest(r.Method, r.URL.RequestURI(), string(body)), nil
}

func plainKey(key string) bool {
	return key != "" && len(key) <= longestKey && strings.IndexFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
}

// digest tells one list of texts from another, none of which but the last
// holds a NUL.
func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// answer does a write whose key was claimed. Its answer is kept before it is
// sent: who has it and asks again finds it. Whatever else happens, a panic too,
// the key is given back.
func (s server) answer(ctx huma.Context, key, request string, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	held := &heldAnswer{ResponseWriter: w}
	defer func() {
		if !held.good() {
			after, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), saveTime)
			defer cancel()
			if err := s.Store.DropAnswer(after, key); err != nil {
				s.Log.WarnContext(after, "key of a failed write not given back; it ends by itself", "error", err)
			}
		}
	}()
	work, cancel := context.WithTimeout(r.Context(), workTime)
	defer cancel()
	onward(ctx, r.WithContext(work), held, next)
	answer := schema.Answer{Request: request, Status: held.status, Kind: w.Header().Get("Content-Type"), Body: held.body.Bytes()}
	if held.good() {
		after, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), saveTime)
		defer cancel()
		if err := s.Store.SaveAnswer(after, key, answer, time.Now()); err != nil {
			s.Log.ErrorContext(after, "answer to a write not kept; sent again after a minute it is done again", "error", err)
		}
	}
	send(w, answer)
}

func send(w http.ResponseWriter, a schema.Answer) {
	if a.Kind != "" {
		w.Header().Set("Content-Type", a.Kind)
	}
	w.WriteHeader(a.Status)
	_, _ = w.Write(a.Body) // who asked may be gone
}

// heldAnswer keeps an answer back.
type heldAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (h *heldAnswer) good() bool { return h.status >= 200 && h.status < 300 }

func (h *heldAnswer) WriteHeader(status int) {
	if h.status == 0 {
		h.status = status
	}
}

func (h *heldAnswer) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	return h.body.Write(b)
}

func (h *heldAnswer) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// readAll reads a request's body as far as it may be.
func (s server) readAll(r *http.Request, w http.ResponseWriter) ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, problem.New(http.StatusRequestEntityTooLarge, "too_large", "the request is above %d bytes; send less at once", s.MaxBody)
	}
	if err != nil {
		return nil, badRequest("read the request: %s", err)
	}
	return raw, nil
}
