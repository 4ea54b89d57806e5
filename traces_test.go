package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"earworm/schema"
	"earworm/source"
)

// receiver is an OTLP collector that keeps the spans it is sent.
type receiver struct {
	mu    sync.Mutex
	spans map[string]*otlp.Span // by span ID
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	var sent collector.ExportTraceServiceRequest
	if err != nil || req.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range sent.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				r.spans[hex.EncodeToString(span.SpanId)] = span
			}
		}
	}
}

// ancestry is the way from the root to a span, by name.
func (r *receiver) ancestry(s *otlp.Span) string {
	if parent := r.spans[hex.EncodeToString(s.ParentSpanId)]; parent != nil {
		return r.ancestry(parent) + " > " + s.Name
	}
	return s.Name
}

// TestTraceOfATrack: one trace leads from the request of a caller, through
// the queue, to the rows in the store.
func TestTraceOfATrack(t *testing.T) {
	t.Parallel()
	r := &receiver{spans: map[string]*otlp.Span{}}
	collecting := httptest.NewServer(r)
	defer collecting.Close()
	folder := t.TempDir()
	path := filepath.Join(folder, "a.wav")
	if err := os.WriteFile(path, clickTrack(4, 120), 0o644); err != nil {
		t.Fatal(err)
	}
	uri, err := source.Canonical(path)
	if err != nil {
		t.Fatal(err)
	}

	url, stop := serving(t, "--store", folder, "--otlp-endpoint", collecting.URL)
	const callers = "4bf92f3577b34da6a3ce929d0e0e4736"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/tracks", strings.NewReader(fmt.Sprintf(`{"source": %q}`, uri)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Traceparent", "00-"+callers+"-00f067aa0ba902b7-01")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	awaitAnalysed(t, url, schema.TrackIDOf(uri))
	if code := stop(); code != exitOK {
		t.Fatalf("serve ends with %d", code)
	}

	missing := map[string]bool{
		"POST > enqueue":                                    true,
		"POST > store add_track":                            true,
		"POST > enqueue > job":                              true,
		"POST > enqueue > job > hear":                       true,
		"POST > enqueue > job > fetch":                      true,
		"POST > enqueue > job > save > store save_analysis": true,
	}
	for _, span := range r.spans {
		way := r.ancestry(span)
		if name, rest, ok := strings.Cut(way, " > "); ok && strings.HasPrefix(name, "POST") {
			way = "POST > " + rest
		}
		if strings.HasPrefix(way, "POST") && hex.EncodeToString(span.TraceId) != callers {
			t.Errorf("%s is of another trace than the caller's: %x", way, span.TraceId)
		}
		if strings.Contains(way, "/metrics") || strings.Contains(way, "/healthz") {
			t.Errorf("those who watch are traced: %s", way)
		}
		delete(missing, way)
	}
	for way := range missing {
		t.Errorf("no span %s", way)
	}
	if t.Failed() {
		for _, span := range r.spans {
			t.Log(r.ancestry(span))
		}
	}
}

func TestCollectorIsRefused(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"collector:4318", "grpc://collector:4317", "http://"} {
		var errs bytes.Buffer
		code := run(t.Context(), console{strings.NewReader(""), io.Discard, &errs},
			[]string{"serve", "--addr", "127.0.0.1:0", "--store", t.TempDir(), "--otlp-endpoint", endpoint}, noEnvironment)
		if code != exitUsage || !strings.Contains(errs.String(), "want http://host:port") {
			t.Errorf("%q: exit code %d, %q; want 2 and the accepted form", endpoint, code, &errs)
		}
	}
}

// A log line says in which trace it was written, whatever was added to the logger.
func TestLogLinesNameTheirTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(tracedLog{slog.NewTextHandler(&out, nil)}).With("track_id", "a").WithGroup("g")
	at := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	log.InfoContext(trace.ContextWithSpanContext(t.Context(), at), "said")
	if want := "trace_id=" + at.TraceID().String(); !strings.Contains(out.String(), want) {
		t.Errorf("the line is %q; want %s in it", &out, want)
	}
	out.Reset()
	log.InfoContext(t.Context(), "said")
	if strings.Contains(out.String(), "trace_id") {
		t.Errorf("outside of a trace the line is %q", &out)
	}
}
