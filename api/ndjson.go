package api

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"earworm/problem"
)

// longestLine is how long a line of a stream may be.
const longestLine = 64 << 10

// linePatience is how long the next line of a stream may take, and how long
// an answer may take to be read.
const linePatience = 60 * time.Second

// Line answers one line of a stream of submissions.
type Line struct {
	Line int `json:"line" doc:"The line that this answers, from 1."`
	*Receipt
	Error *problem.Problem `json:"error,omitempty" doc:"Why the line was refused; the others stand."`
}

// lines writes NDJSON. Each line is on its way before the next is begun where
// flushed says so, and extends the time that the connection may live.
type lines struct {
	out   http.ResponseWriter
	ctl   *http.ResponseController
	enc   *json.Encoder
	began bool
}

func newLines(w http.ResponseWriter) *lines {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return &lines{out: w, ctl: http.NewResponseController(w), enc: enc}
}

// begin sends the head of the answer.
func (l *lines) begin(status int) {
	l.began = true
	l.out.Header().Set("Content-Type", typeNDJSON)
	l.out.WriteHeader(status)
}

func (l *lines) write(v any) error {
	// Not every writer has deadlines; those of tests need none.
	_ = l.ctl.SetWriteDeadline(time.Now().Add(linePatience))
	return l.enc.Encode(v)
}

// flush sends what was written, so that it is not kept from who waits for it.
func (l *lines) flush() { _ = l.ctl.Flush() }

// addLines adds a track for each line of a stream, and answers each by a line.
// A bad line is refused by itself.
func (s server) addLines(ctx context.Context, x exchange) {
	out := newLines(x.writer)
	// Answers go out while lines still come in.
	_ = out.ctl.EnableFullDuplex()
	out.begin(http.StatusAccepted)
	in := bufio.NewReaderSize(patient{x.request.Body, out.ctl}, longestLine)
	for n := 1; ; n++ {
		raw, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			_ = out.write(Line{Line: n, Error: problem.New(http.StatusRequestEntityTooLarge, "too_large", "the line is above %d bytes; nothing after it was read", longestLine)})
			return
		}
		if raw = bytes.TrimSpace(raw); len(raw) > 0 {
			if out.write(s.addLine(ctx, n, raw)) != nil {
				return // who asked is gone
			}
		}
		if in.Buffered() == 0 {
			out.flush()
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				s.Log.WarnContext(ctx, "stream of tracks broke off", "line", n, "error", err)
			}
			return
		}
	}
}

func (s server) addLine(ctx context.Context, n int, raw []byte) Line {
	sub, err := ParseSubmission(raw)
	if err == nil {
		var line Line
		if line, err = s.Intake.Line(ctx, n, sub); err == nil {
			return line
		}
	}
	return Line{Line: n, Error: s.problem(ctx, err)}
}

// ParseSubmission reads a line of a stream: one JSON object.
func ParseSubmission(line []byte) (sub Submission, err error) {
	err = parseStrictly(line, &sub)
	return sub, err
}

// Line checks and adds one submission of a stream. What is wrong with it is
// told in the line; the error is the store's or the queue's.
func (in Intake) Line(ctx context.Context, n int, sub Submission) (Line, error) {
	sub, err := in.Check(ctx, sub)
	if err == nil {
		var receipt Receipt
		receipt, err = in.Add(ctx, sub, time.Now())
		if err == nil {
			return Line{Line: n, Receipt: &receipt}, nil
		}
	}
	if why, ok := errors.AsType[*problem.Problem](refused("", err)); ok {
		return Line{Line: n, Error: why}, nil
	}
	return Line{}, err
}

// patient reads a request's body, each piece of which may take its time.
type patient struct {
	body io.Reader
	ctl  *http.ResponseController
}

// Read is io.Reader's.
func (p patient) Read(b []byte) (int, error) {
	_ = p.ctl.SetReadDeadline(time.Now().Add(linePatience))
	return p.body.Read(b)
}
