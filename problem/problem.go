// Package problem says what is wrong with a request in the form of RFC 9457,
// with a stable code beside it that programs can act upon.
package problem

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"
)

// MediaType is that of a problem in JSON.
const MediaType = "application/problem+json"

// Problem is an error that its caller can act upon. Its type is always
// about:blank and is left out, as the RFC allows: Code tells problems apart.
type Problem struct {
	Title  string `json:"title" doc:"The status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Code   string `json:"code" doc:"What went wrong, for programs: it never changes."`
	Detail string `json:"detail" doc:"What went wrong, for people; where the request is wrong, the form that is accepted."`

	Wait time.Duration `json:"-"` // until it may be asked again, for the header Retry-After; zero: nobody knows
}

// New makes a problem with a formatted detail.
func New(status int, code, format string, args ...any) *Problem {
	return &Problem{Title: http.StatusText(status), Status: status, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Error is the detail.
func (p *Problem) Error() string { return p.Detail }

// GetStatus is how huma asks for the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is how huma asks for the media type of the answer.
func (p *Problem) ContentType(string) string { return MediaType }

// GetHeaders is how huma asks for the headers of the answer.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.Wait.Seconds()))))
	}
	return h
}

// Write answers a request with the problem.
func (p *Problem) Write(w http.ResponseWriter) {
	raw, err := json.Marshal(p)
	if err != nil {
		panic("problem: " + err.Error()) // it is text and a number
	}
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", MediaType)
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(raw, '\n')) // who asked may be gone
}
