package api_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/api"
	"earworm/auth"
	"earworm/schema"
)

// write sends a write and returns its answer as it came.
func (s *service) write(tb testing.TB, method, path, body string, header ...string) (status int, answer string, head http.Header) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := s.Client().Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return res.StatusCode, string(raw), res.Header
}

// addTrack puts a track into the store itself.
func (s *service) addTrack(tb testing.TB, id schema.TrackID) {
	tb.Helper()
	track := schema.Track{ID: id, Source: "file:///" + string(id), Status: schema.Pending, AddedAt: time.Now(), UpdatedAt: time.Now()}
	if _, err := s.store.AddTrack(tb.Context(), track); err != nil {
		tb.Fatal(err)
	}
}

func (s *service) labels(t *testing.T, id schema.TrackID) int {
	t.Helper()
	labels, err := s.store.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return len(labels)
}

const (
	labelPath = "/v1/tracks/a/labels"
	label92   = `{"tempo_bpm": 92}`
)

// TestSentAgainIsAnsweredAgain: without a key a label more would be kept, a
// batch more made, and the track would no longer be new.
func TestSentAgainIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.addTrack(t, "a")
	for name, c := range map[string]struct{ method, path, body string }{
		"label":  {"POST", labelPath, label92},
		"track":  {"POST", "/v1/tracks", `{"source": "/music/b.flac"}`},
		"batch":  {"POST", "/v1/batches", `{}`},
		"vector": {"PUT", "/v1/tracks/a/vectors/taste", `{"vector": [1, 0, 2]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer, head := s.write(t, c.method, c.path, c.body, "Idempotency-Key", name)
			if status < 200 || status > 299 {
				t.Fatalf("%d %s", status, answer)
			}
			again, same, headAgain := s.write(t, c.method, c.path, c.body, "Idempotency-Key", name)
			if again != status || same != answer || head.Get("Content-Type") != headAgain.Get("Content-Type") {
				t.Errorf("first %d %q %s, then %d %q %s", status, answer, head.Get("Content-Type"), again, same, headAgain.Get("Content-Type"))
			}
		})
	}
	t.Cleanup(func() {
		labels, err := s.store.TrackLabels(context.WithoutCancel(t.Context()), "a")
		batches, err2 := s.store.AllBatches(context.WithoutCancel(t.Context()))
		if len(labels) != 1 || len(batches) != 1 || err != nil || err2 != nil {
			t.Errorf("%d labels, %d batches (%v, %v); want one each", len(labels), len(batches), err, err2)
		}
	})
}

func TestAKeyNamesOneRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.addTrack(t, "a")
	s.addTrack(t, "b")
	if status, answer, _ := s.write(t, "POST", labelPath, label92, "Idempotency-Key", "k"); status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	for name, c := range map[string]struct{ path, body string }{
		"another body":    {labelPath, `{"tempo_bpm": 93}`},
		"another address": {"/v1/tracks/b/labels", label92},
	} {
		status, answer, _ := s.write(t, "POST", c.path, c.body, "Idempotency-Key", "k")
		if status != http.StatusUnprocessableEntity || !strings.Contains(answer, `"code":"key_reused"`) {
			t.Errorf("%s: %d %s; want 422", name, status, answer)
		}
	}
	if a, b := s.labels(t, "a"), s.labels(t, "b"); a != 1 || b != 0 {
		t.Errorf("the tracks have %d and %d labels; want 1 and 0", a, b)
	}
	for _, path := range []string{"/v1/tracks/a", "/v1/versions"} { // reads have no use for it
		if status, answer, _ := s.ask(t, "GET", path, "", "Idempotency-Key", "k"); status != http.StatusOK {
			t.Errorf("GET %s with a key: %d %v", path, status, answer)
		}
	}
}

func TestAKeyIsItsTokensAlone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tokens")
	secrets := map[string]string{}
	for _, name := range []string{"ann", "bob"} {
		secret, token, err := auth.Mint(name, []auth.Scope{auth.Label}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if err := auth.Append(file, token); err != nil {
			t.Fatal(err)
		}
		secrets[name] = secret
	}
	door, err := auth.Locked(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newService(t, func(c *api.Config) { c.Door = door })
	s.addTrack(t, "a")
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		body := fmt.Sprintf(`{"tempo_bpm": 92, "note": %q}`, name)
		for range 2 {
			status, answer, _ := s.write(t, "POST", labelPath, body, "Idempotency-Key", "k", "Authorization", "Bearer "+secrets[name])
			if status != http.StatusCreated {
				t.Fatalf("%s: %d %s", name, status, answer)
			}
		}
	}
	if n := s.labels(t, "a"); n != 2 {
		t.Errorf("%d labels; want one by each", n)
	}
}

// slow is a store that waits to be told before it keeps a label.
type slow struct {
	api.Store
	begun, let chan struct{}
}

func (s slow) AddLabel(ctx context.Context, l schema.Label) error {
	s.begun <- struct{}{}
	<-s.let
	return s.Store.AddLabel(ctx, l)
}

func TestAWriteAtWorkIsNotDoneTwice(t *testing.T) {
	t.Parallel()
	store := slow{begun: make(chan struct{}), let: make(chan struct{})}
	s := newService(t, func(c *api.Config) { store.Store, c.Store = c.Store, &store })
	s.addTrack(t, "a")
	first := make(chan string, 1)
	go func() {
		_, answer, _ := s.write(t, "POST", labelPath, label92, "Idempotency-Key", "k")
		first <- answer
	}()
	<-store.begun
	status, answer, head := s.write(t, "POST", labelPath, label92, "Idempotency-Key", "k")
	if status != http.StatusConflict || head.Get("Retry-After") == "" || !strings.Contains(answer, `"code":"in_progress"`) {
		t.Errorf("while the first is at work: %d %s %v; want 409 with Retry-After", status, answer, head)
	}
	if status, answer, _ := s.write(t, "POST", labelPath, `{"tempo_bpm": 93}`, "Idempotency-Key", "k"); status != http.StatusUnprocessableEntity {
		t.Errorf("another body meanwhile: %d %s; want 422", status, answer)
	}
	close(store.let)
	want := <-first
	if status, got, _ := s.write(t, "POST", labelPath, label92, "Idempotency-Key", "k"); status != http.StatusCreated || got != want {
		t.Errorf("after it: %d %s; want %s", status, got, want)
	}
	if n := s.labels(t, "a"); n != 1 {
		t.Errorf("%d labels; want 1", n)
	}
}

// panics is a store that fails hard when it is first told to keep a label.
type panics struct {
	api.Store
	did bool
}

func (p *panics) AddLabel(ctx context.Context, l schema.Label) error {
	if !p.did {
		p.did = true
		panic("on purpose")
	}
	return p.Store.AddLabel(ctx, l)
}

func TestWhatFailedMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *api.Config) { c.Store = &panics{Store: c.Store} })
	for _, want := range []int{http.StatusInternalServerError, http.StatusNotFound, http.StatusCreated, http.StatusCreated} {
		if status, answer, _ := s.write(t, "POST", labelPath, label92, "Idempotency-Key", "k"); status != want {
			t.Errorf("%d %s; want %d", status, answer, want)
		}
		if want == http.StatusNotFound {
			s.addTrack(t, "a")
		}
	}
	if n := s.labels(t, "a"); n != 1 {
		t.Errorf("%d labels; want 1", n)
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.addTrack(t, "a")
	for name, c := range map[string]struct {
		path   string
		header []string
		status int
		says   string
	}{
		"empty":         {labelPath, []string{"Idempotency-Key", ""}, 400, "1 to 255"},
		"with a space":  {labelPath, []string{"Idempotency-Key", "a b"}, 400, "ASCII"},
		"beyond ASCII":  {labelPath, []string{"Idempotency-Key", "clé"}, 400, "ASCII"},
		"too long":      {labelPath, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 400, "1 to 255"},
		"two":           {labelPath, []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}, 400, "once"},
		"with a stream": {"/v1/tracks", []string{"Idempotency-Key", "a", "Content-Type", "application/x-ndjson"}, 400, "application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer, head := s.write(t, "POST", c.path, label92, c.header...)
			if status != c.status || !strings.Contains(answer, c.says) || head.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%d %s; want %d and %q", status, answer, c.status, c.says)
			}
		})
	}
	t.Cleanup(func() {
		labels, err := s.store.TrackLabels(context.WithoutCancel(t.Context()), "a")
		if len(labels) != 0 || err != nil {
			t.Errorf("%d labels (%v); want none", len(labels), err)
		}
	})
	if status, answer, _ := s.write(t, "POST", labelPath, `{"note": "`+strings.Repeat("x", 65<<10)+`"}`, "Idempotency-Key", "big"); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large a body: %d %s", status, answer)
	}
}
