package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/api"
	"earworm/batch"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/sqlite"
)

// service is the API over a real store and a real queue, in this process.
type service struct {
	*httptest.Server
	store *sqlite.Store
	queue *queue.Queue
	log   *bytes.Buffer
}

func newService(tb testing.TB, changes ...func(*api.Config)) *service {
	tb.Helper()
	store, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "earworm.db"))
	if err != nil {
		tb.Fatal(err)
	}
	q, err := queue.Open(queue.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	s := &service{store: store, queue: q, log: &bytes.Buffer{}}
	config := api.Config{
		Intake:  api.Intake{Store: store, Queue: q, ModelVersion: "m1"},
		Store:   store,
		Batches: &batch.Service{Store: store, Queue: q, ModelVersion: "m1"},
		Log:     slog.New(slog.NewTextHandler(s.log, nil)),
		MaxBody: 64 << 10,
	}
	for _, change := range changes {
		change(&config)
	}
	s.Server = httptest.NewServer(api.New(config))
	tb.Cleanup(func() {
		s.Close()
		if err := errors.Join(q.Close(), store.Close()); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// ask sends a request and reads the JSON that comes back.
func (s *service) ask(t *testing.T, method, path, body string, header ...string) (int, map[string]any, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(raw, &answer); err != nil {
		t.Fatalf("%s %s: answer %q: %v", method, path, raw, err)
	}
	return res.StatusCode, answer, res.Header
}

func TestOneTrackFromSubmissionToFeatures(t *testing.T) {
	t.Parallel()
	s := newService(t)
	status, answer, _ := s.ask(t, "POST", "/v1/tracks", `{"source": "file:///music/waltz.flac", "title": "Waltz"}`)
	id := schema.TrackIDOf("file:///music/waltz.flac")
	receipt := answer["tracks"].([]any)[0].(map[string]any)
	if status != http.StatusAccepted || receipt["track_id"] != string(id) || receipt["added"] != true || receipt["enqueued"] != true {
		t.Fatalf("submission: %d %v", status, answer)
	}

	// Handed in again it is neither added nor enqueued twice.
	_, answer, _ = s.ask(t, "POST", "/v1/tracks", `{"source": "file:///music/waltz.flac"}`)
	if receipt := answer["tracks"].([]any)[0].(map[string]any); receipt["added"] != false || receipt["enqueued"] != false {
		t.Errorf("second submission: %v", answer)
	}
	path := "/v1/tracks/" + string(id)
	status, answer, _ = s.ask(t, "GET", path, "")
	if status != 200 || answer["status"] != "pending" || answer["title"] != "Waltz" {
		t.Errorf("pending track: %d %v", status, answer)
	}
	if status, _, _ := s.ask(t, "GET", path+"/features", ""); status != http.StatusNotFound {
		t.Errorf("features of a pending track: %d; want 404", status)
	}

	heard := schema.Analysis{
		TrackID: id, ModelVersion: "m1", DurationS: 12, Decoder: "ffmpeg",
		Tempo:      schema.Tempo{BPM: 92, Confidence: 0.5},
		Key:        schema.KeyHeard{Name: schema.KeyOf(6, true), Camelot: "11A", Confidence: 0.25},
		Meter:      schema.MeterHeard{Name: schema.Meter{Beats: 3, Unit: 4}, BeatsPerBar: 3, Confidence: 0.75},
		AnalysedAt: time.Now(),
	}
	if err := s.store.SaveAnalysis(t.Context(), heard); err != nil {
		t.Fatal(err)
	}
	status, answer, _ = s.ask(t, "GET", path+"/features", "")
	if status != 200 || answer["tempo_bpm"] != 92.0 || answer["key"] != "F# minor" || answer["meter"] != "3/4" {
		t.Errorf("features: %d %v", status, answer)
	}
	for _, query := range []string{"", "?version=m1"} {
		status, answer, _ = s.ask(t, "GET", path+"/analysis"+query, "")
		if status != 200 || answer["decoder"] != "ffmpeg" {
			t.Errorf("analysis%s: %d %v", query, status, answer)
		}
	}
	if status, _, _ := s.ask(t, "GET", path+"/analysis?version=m0", ""); status != http.StatusNotFound {
		t.Errorf("analysis of another version: %d; want 404", status)
	}

	failure := schema.Failure{Code: schema.Corrupt, Message: "it ends after 3 of 12 s"}
	if err := s.store.SaveFailure(t.Context(), id, "m1", failure); err != nil {
		t.Fatal(err)
	}
	_, answer, _ = s.ask(t, "GET", path, "")
	if e := answer["error"].(map[string]any); e["code"] != "corrupt" || e["message"] != failure.Message || e["help"] != schema.Corrupt.Help() {
		t.Errorf("failed track: %v", answer)
	}
}

func TestManyTracksAreWorkedOn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	status, answer, _ := s.ask(t, "POST", "/v1/tracks", `{"tracks": [
		{"source": "https://example.org/a.mp3", "track_id": "cat:1", "lane": "reprocess"},
		{"source": "https://example.org/b.mp3", "force": true},
		{"source": "https://example.org/b.mp3"}]}`)
	if status != http.StatusAccepted || len(answer["tracks"].([]any)) != 3 {
		t.Fatalf("%d %v", status, answer)
	}
	ctx, stop := context.WithCancel(t.Context())
	got := make(chan queue.Delivery, 3)
	ran := make(chan error, 1)
	go func() {
		ran <- s.queue.Run(ctx, func(_ context.Context, d queue.Delivery) error { got <- d; return nil })
	}()
	seen := map[schema.TrackID]queue.Delivery{}
	for range 2 {
		d := <-got
		seen[d.TrackID] = d
	}
	stop()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if d := seen["cat:1"]; d.Lane != queue.Reprocess || d.Source != "https://example.org/a.mp3" || d.ModelVersion != "m1" {
		t.Errorf("job of cat:1 is %+v", d)
	}
	if d := seen[schema.TrackIDOf("https://example.org/b.mp3")]; d.Lane != queue.Ingest || !d.Force {
		t.Errorf("job of b.mp3 is %+v", d)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if status, answer, _ := s.ask(t, "POST", "/v1/tracks", `{"source": "/known.wav", "track_id": "known"}`); status != http.StatusAccepted {
		t.Fatalf("%d %v", status, answer)
	}
	for _, c := range []struct {
		name, method, path, body string
		header                   []string
		status                   int
		code, message            string
	}{
		{"no such track", "GET", "/v1/tracks/0123", "", nil, 404, "not_found", "not found"},
		{"no such address", "GET", "/v2/tracks", "", nil, 404, "not_found", "nothing at /v2/tracks"},
		{"wrong method", "DELETE", "/v1/tracks/known", "", nil, 405, "method_not_allowed", "want GET"},
		{"identifier of strange letters", "GET", "/v1/tracks/a%20b", "", nil, 400, "bad_request", "path.id: want string to be 1 to 128 letters"},
		{"no JSON", "POST", "/v1/tracks", `source=/a.wav`, nil, 400, "bad_request", "not as it should be"},
		{"no JSON type", "POST", "/v1/tracks", `{"source": "/a.wav"}`, []string{"Content-Type", "text/plain"}, 415, "unsupported_media_type", "application/json"},
		{"unknown field", "POST", "/v1/tracks", `{"sauce": "/a.wav"}`, nil, 400, "bad_request", "sauce"},
		{"two objects", "POST", "/v1/tracks", `{"source": "/a.wav"} {}`, nil, 400, "bad_request", "goes on"},
		{"nothing", "POST", "/v1/tracks", `{}`, nil, 400, "bad_request", "no track"},
		{"one and many", "POST", "/v1/tracks", `{"source": "/a.wav", "tracks": []}`, nil, 400, "bad_request", "one of the two"},
		{"no source", "POST", "/v1/tracks", `{"title": "A"}`, nil, 400, "bad_request", "source is missing"},
		{"strange source", "POST", "/v1/tracks", `{"source": "gopher://a/b"}`, nil, 400, "bad_request", "gopher"},
		{"strange lane", "POST", "/v1/tracks", `{"source": "/a.wav", "lane": "fast"}`, nil, 400, "bad_request", "want ingest or reprocess"},
		{"strange identifier", "POST", "/v1/tracks", `{"source": "/a.wav", "track_id": "a b"}`, nil, 400, "bad_request", "track_id"},
		{"identifier of another", "POST", "/v1/tracks", `{"source": "/a.wav", "track_id": "known"}`, nil, 409, "conflict", "/known.wav"},
		{"identifier used twice", "POST", "/v1/tracks", `{"tracks": [{"source": "/a.wav", "track_id": "x"}, {"source": "/b.wav", "track_id": "x"}]}`, nil, 409, "conflict", "tracks[1]"},
		{"bad one among good", "POST", "/v1/tracks", `{"tracks": [{"source": "/a.wav"}, {}]}`, nil, 400, "bad_request", "tracks[1]"},
		{"too large", "POST", "/v1/tracks", `{"title": "` + strings.Repeat("x", 65<<10) + `"}`, nil, 413, "too_large", "65536"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			status, answer, header := s.ask(t, c.method, c.path, c.body, c.header...)
			message, _ := answer["detail"].(string)
			if status != c.status || answer["code"] != c.code || answer["status"] != float64(c.status) || !strings.Contains(message, c.message) {
				t.Errorf("%d %v; want %d, %s, a message with %q", status, answer, c.status, c.code, c.message)
			}
			if header.Get("Content-Type") != "application/problem+json" || header.Get("X-Request-Id") == "" {
				t.Errorf("header is %v", header)
			}
		})
	}
	t.Cleanup(func() { // after the parallel cases: none of them changed a thing
		counts, err := s.store.Counts(context.WithoutCancel(t.Context()))
		if err != nil || counts.Tracks != 1 {
			t.Errorf("the catalogue holds %d tracks (%v); want the 1 that was accepted", counts.Tracks, err)
		}
	})
}

func TestAnotherSiteIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/tracks", strings.NewReader(`{"source": "/a.wav"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("a request from another site is answered with %s; want 403", res.Status)
	}
}

func TestRequestIdentifiers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, _, header := s.ask(t, "GET", "/v1/openapi.json", "", "X-Request-Id", "trace-1")
	if got := header.Get("X-Request-Id"); got != "trace-1" {
		t.Errorf("identifier is %q; want the caller's", got)
	}
	_, _, header = s.ask(t, "GET", "/v1/openapi.json", "", "X-Request-Id", "a b\tc")
	if got := header.Get("X-Request-Id"); got == "a b\tc" || got == "" {
		t.Errorf("identifier is %q; want one of our own", got)
	}
	s.Close() // no more writes to the log
	if !strings.Contains(s.log.String(), "request_id=trace-1 method=GET path=/v1/openapi.json status=200") {
		t.Errorf("log is %s", s.log)
	}
}

// gone is the connection of somebody who leaves as the answer comes.
type gone struct {
	httptest.ResponseRecorder
	leave    func()
	statuses []int
}

func (g *gone) WriteHeader(status int) { g.statuses = append(g.statuses, status) }

func (g *gone) Write([]byte) (int, error) {
	g.leave()
	return 0, io.ErrClosedPipe
}

func TestWhoLeavesIsToldOneStatus(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	w := &gone{leave: leave}
	s.Config.Handler.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/v1/tracks", http.NoBody))
	if !slices.Equal(w.statuses, []int{http.StatusOK}) {
		t.Errorf("statuses %v; want one, 200", w.statuses)
	}
}

// TestOurOwnFaults: what is wrong on our side is told as such, and nothing of
// its inside.
func TestOurOwnFaults(t *testing.T) {
	t.Parallel()
	s := newService(t)
	broken := api.New(api.Config{Store: nowhere{s.store}, Batches: &batch.Service{}})
	for id, want := range map[string]int{"fault": http.StatusServiceUnavailable, "panic": http.StatusInternalServerError} {
		answer := httptest.NewRecorder()
		broken.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1/tracks/"+id, http.NoBody))
		if body := answer.Body.String(); answer.Code != want || strings.Contains(body, "secret") || !strings.Contains(body, `"code":`) {
			t.Errorf("%s: %d %s; want %d and no more than that", id, answer.Code, body, want)
		}
	}
}

// nowhere is a store that fails.
type nowhere struct{ *sqlite.Store }

func (nowhere) Track(_ context.Context, id schema.TrackID) (schema.Track, error) {
	if id == "panic" {
		panic("secret")
	}
	return schema.Track{}, errors.New("secret")
}

// crowded is a queue without room.
type crowded struct{ *queue.Queue }

func (crowded) Room(context.Context) error { return fmt.Errorf("%w: 7 tracks wait", queue.ErrFull) }

// A full queue asks its callers to come back, and keeps nothing of what they sent.
func TestAFullQueue(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Intake.Queue = crowded{c.Intake.Queue.(*queue.Queue)} })
	status, answer, header := s.ask(t, "POST", "/v1/tracks", `{"source": "file:///music/waltz.flac"}`)
	if status != http.StatusServiceUnavailable || answer["code"] != "queue_full" || header.Get("Retry-After") != "10" {
		t.Errorf("%d %v, Retry-After %q; want 503 queue_full after 10 s", status, answer, header.Get("Retry-After"))
	}
	if _, err := s.store.Track(t.Context(), schema.TrackIDOf("file:///music/waltz.flac")); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("the track is kept: %v", err)
	}
}
