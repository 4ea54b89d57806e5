package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"earworm/auth"
	"earworm/problem"
	"earworm/schema"
)

// huma has one maker of errors for the whole program.
func init() { huma.NewError = refusal }

// operation adds an operation, which asks for a scope. What handle
// returns as an error becomes a problem.
func operation[I, O any](s server, op huma.Operation, scope auth.Scope, handle func(context.Context, *I) (*O, error)) {
	op.Middlewares = append(huma.Middlewares{s.admitting(scope)}, op.Middlewares...)
	if op.Method != http.MethodGet && scope != auth.Read { // it writes
		op.Middlewares = append(op.Middlewares, s.once)
		op.Parameters = append(op.Parameters, keyParameter())
	}
	op.Security = []map[string][]string{{"token": {string(scope)}}}
	op.Description = strings.TrimSpace(op.Description + " Wants the scope " + string(scope) + ".")
	op.MaxBodyBytes = s.MaxBody
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err == nil {
			return out, nil
		}
		if worded, ok := errors.AsType[huma.StatusError](err); ok {
			return nil, worded
		}
		return nil, s.problem(ctx, err)
	})
}

// admitting asks the door before anything else.
func (s server) admitting(scope auth.Scope) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		admitted, why := s.Door.Admit(r, scope)
		if why != nil {
			auth.Refuse(w, why)
			return
		}
		onward(ctx, admitted, w, next)
	}
}

// onward goes on with another request and another place for its answer.
func onward(ctx huma.Context, r *http.Request, w http.ResponseWriter, next func(huma.Context)) {
	r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, exchange{r, w}))
	next(humago.NewContext(ctx.Operation(), r, w))
}

// schemaOf describes the type of a value, for operations that write their own
// description.
func (s server) schemaOf(v any) *huma.Schema {
	t := reflect.TypeOf(v)
	return s.api.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

// exchange is a request and where its answer goes, for the operations that
// read or write a stream.
type exchange struct {
	request *http.Request
	writer  http.ResponseWriter
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) exchange {
	e, ok := ctx.Value(exchangeKey{}).(exchange)
	if !ok {
		panic("api: a stream without its request")
	}
	return e
}

func badRequest(format string, args ...any) error {
	return problem.New(http.StatusBadRequest, "bad_request", format, args...)
}

// problem words an error for the caller. What went wrong on our side is logged
// in full, and the caller is told only that it did.
func (s server) problem(ctx context.Context, err error) *problem.Problem {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, schema.ErrNotFound):
		return problem.New(http.StatusNotFound, "not_found", "not found: nothing is stored under this identifier yet")
	case errors.Is(err, schema.ErrConflict):
		return problem.New(http.StatusConflict, "conflict", "%s", err)
	case errors.Is(err, schema.ErrLength), errors.Is(err, schema.ErrZero):
		return problem.New(http.StatusBadRequest, "bad_vector", "%s", err)
	case errors.Is(err, schema.ErrCursor):
		return problem.New(http.StatusBadRequest, "bad_cursor", "cursor is not one that this list gave; want the next of a page with the same filters, or none for the first page")
	case ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded):
		return problem.New(499, "cancelled", "the request was given up") // nobody listens any more
	case errors.Is(err, context.DeadlineExceeded):
		s.Log.ErrorContext(ctx, "request timed out", "error", err)
		return problem.New(http.StatusServiceUnavailable, "unavailable", "the store or the queue took too long")
	}
	s.Log.ErrorContext(ctx, "request failed", "error", err)
	return problem.New(http.StatusServiceUnavailable, "unavailable", "the store or the queue does not answer as it should")
}

var expected = regexp.MustCompile(`\bexpected `)

// mostComplaints is how many of a request's faults are told at once.
const mostComplaints = 3

// refusal words what huma finds wrong with a request in our way: one sentence,
// with where it is wrong and what is wanted.
func refusal(status int, message string, errs ...error) huma.StatusError {
	var complaints []string
	for _, err := range errs[:min(len(errs), mostComplaints)] {
		detail, ok := errors.AsType[*huma.ErrorDetail](err)
		switch {
		case !ok:
			complaints = append(complaints, err.Error())
		case detail.Location == "":
			complaints = append(complaints, detail.Message)
		default:
			complaints = append(complaints, detail.Location+": "+detail.Message)
		}
	}
	if len(complaints) > 0 {
		message = strings.Join(complaints, "; ")
	}
	message = expected.ReplaceAllString(message, "want ")
	switch status {
	case http.StatusUnprocessableEntity, http.StatusBadRequest:
		return problem.New(http.StatusBadRequest, "bad_request", "%s", message)
	case http.StatusUnsupportedMediaType:
		return problem.New(status, "unsupported_media_type", "%s; want Content-Type: application/json", message)
	case http.StatusRequestEntityTooLarge:
		return problem.New(status, "too_large", "%s; send less at once", message)
	case http.StatusRequestTimeout:
		return problem.New(status, "timeout", "%s", message)
	}
	return problem.New(status, "internal", "earworm failed on this request; its log says where")
}
