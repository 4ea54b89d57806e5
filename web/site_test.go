package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"earworm/auth"
	"earworm/batch"
	"earworm/cnn"
	"earworm/queue"
	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/source"
	"earworm/upload"
	"earworm/web"
	"earworm/worker"
)

// flaky is a store that can be away.
type flaky struct {
	schema.Store
	away atomic.Bool
}

var errAway = errors.New("connection refused")

func (f *flaky) Track(ctx context.Context, id schema.TrackID) (schema.Track, error) {
	if f.away.Load() {
		return schema.Track{}, errAway
	}
	return f.Store.Track(ctx, id)
}

func (f *flaky) List(ctx context.Context, l schema.Listing) (schema.Page, error) {
	if f.away.Load() {
		return schema.Page{}, errAway
	}
	return f.Store.List(ctx, l)
}

// site is the pages over a real store, a real queue and, where music is asked
// for, what a real worker heard in samples.
type site struct {
	*httptest.Server
	store  *flaky
	queue  *queue.Queue
	source *source.Opener
	model  *cnn.Model
	folder string
	down   atomic.Bool // the line to it
}

func newSite(t *testing.T) *site {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "earworm.db"))
	if err != nil {
		t.Fatal(err)
	}
	return newSiteOver(t, store)
}

// newSiteOver takes a store over, and closes it in the end.
func newSiteOver(t *testing.T, store schema.Store) *site {
	t.Helper()
	s := &site{folder: t.TempDir(), store: &flaky{Store: store}}
	var err error
	if s.queue, err = queue.Open(queue.Config{Concurrency: 1}); err != nil {
		t.Fatal(err)
	}
	if s.source, err = source.New(source.Config{}); err != nil {
		t.Fatal(err)
	}
	if s.model, err = cnn.Load(); err != nil {
		t.Fatal(err)
	}
	pages, err := web.New(web.Config{
		Store: s.store, Queue: s.queue, Source: s.source, ModelVersion: s.model.Version(), Door: auth.Unlocked(),
		Batches: &batch.Service{Store: s.store, Queue: s.queue, ModelVersion: s.model.Version()},
		Uploads: &upload.Folder{Path: filepath.Join(s.folder, "uploads"), MostBytes: 1 << 30},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ran := make(chan struct{})
	go func() { defer close(ran); pages.Run(ctx) }()
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if s.store.away.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.down.Load() {
			panic(http.ErrAbortHandler) // cuts the line
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		stop()
		<-ran
		s.Close()
		if err := errors.Join(pages.Close(), s.queue.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// work takes jobs until the test ends.
func (s *site) work(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.queue.Run(ctx, s.worker().Handle) }()
	t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	})
}

func (s *site) worker() *worker.Worker {
	return &worker.Worker{Source: s.source, Model: s.model, Store: s.store, NewRecorder: cnn.NewRecorder, Pictures: s.store}
}

// hear copies a sample into the site's folder and has it heard.
func (s *site) hear(t *testing.T, sample, title string) schema.TrackID {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "samples", sample))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.folder, sample)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return s.hearFile(t, path, title)
}

func (s *site) hearFile(t *testing.T, path, title string) schema.TrackID {
	t.Helper()
	uri, err := source.Canonical(path)
	if err != nil {
		t.Fatal(err)
	}
	id := schema.TrackIDOf(uri)
	now := time.Now()
	_, err = s.store.AddTrack(t.Context(), schema.Track{
		ID: id, Source: uri, Status: schema.Pending, Title: title, Artist: "The Samples", Album: "Fourteen", AddedAt: now, UpdatedAt: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	job := queue.Job{TrackID: id, Source: uri, ModelVersion: s.model.Version(), Lane: queue.Ingest}
	if err := s.worker().Handle(t.Context(), queue.Delivery{Job: job}); err != nil {
		t.Fatal(err)
	}
	return id
}

// invent adds a track of which only numbers are known.
func (s *site) invent(t *testing.T, id, title string, bpm float64) schema.TrackID {
	t.Helper()
	now := time.Now()
	track := schema.Track{ID: schema.TrackID(id), Source: "file:///nowhere/" + url.PathEscape(id) + ".flac", Title: title, Status: schema.Pending, AddedAt: now, UpdatedAt: now}
	if _, err := s.store.AddTrack(t.Context(), track); err != nil {
		t.Fatal(err)
	}
	a := schema.Analysis{
		TrackID: track.ID, ModelVersion: s.model.Version(), DurationS: 60, AnalysedAt: now,
		Tempo: schema.Tempo{BPM: bpm, Confidence: 0.4, Alternatives: []schema.TempoCandidate{{BPM: 2 * bpm, Probability: 0.3}}},
		Key:   schema.KeyHeard{Name: schema.KeyOf(9, true), Camelot: "8A", Confidence: 0.8},
		Meter: schema.MeterHeard{Name: schema.Meter{Beats: 4, Unit: 4}, BeatsPerBar: 4, Confidence: 0.95},
		Beats: []float32{0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4}, Downbeats: []float32{0.5, 2.5},
	}
	if err := s.store.SaveAnalysis(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return track.ID
}

// reply is the head of an answer.
type reply struct {
	StatusCode int
	Header     http.Header
}

// ask sends a request and returns the answer's head and body.
func (s *site) ask(t *testing.T, method, path, body string, header ...string) (reply, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
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
	return reply{res.StatusCode, res.Header}, string(raw)
}

// labels are those of a track.
func (s *site) labels(t *testing.T, id schema.TrackID) []schema.Label {
	t.Helper()
	labels, err := s.store.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return labels
}

// reheard adds what another model version heard in an invented track.
func (s *site) reheard(t *testing.T, id schema.TrackID, version string, bpm float64, meter schema.Meter) {
	t.Helper()
	s.heardAnew(t, id, version, func(a *schema.Analysis) {
		a.Tempo.BPM, a.Meter.Name, a.Meter.BeatsPerBar = bpm, meter, meter.Beats
	})
}

// heardAnew adds what another model version heard: as before, but for a change.
func (s *site) heardAnew(t *testing.T, id schema.TrackID, version string, change func(*schema.Analysis)) {
	t.Helper()
	a, err := s.store.Analysis(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	a.ModelVersion, a.AnalysedAt = version, time.Now()
	change(&a)
	if err := s.store.SaveAnalysis(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}
