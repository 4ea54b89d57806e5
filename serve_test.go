package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/source"
	"earworm/webhook"
)

// serving starts "earworm serve" in this process on a free port, and returns
// its address and a function that stops it and returns its exit code.
func serving(t *testing.T, args ...string) (url string, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	code := make(chan int, 1)
	go func() {
		args := append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)
		code <- run(ctx, console{strings.NewReader(""), io.Discard, w}, args, noEnvironment)
		w.Close()
	}()
	address := make(chan string, 1)
	go func() { // reads on, so that the log never blocks
		for lines := bufio.NewScanner(r); lines.Scan(); {
			if m := regexp.MustCompile(`addr=(http://\S+)`).FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
	}()
	select {
	case url = <-address:
	case got := <-code:
		t.Fatalf("serve ended with exit code %d", got)
	}
	return url, func() int { cancel(); return <-code }
}

// get asks an address, with headers given as names and values.
func get(t *testing.T, url string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// await asks an address until enough says so of the body.
func await(t *testing.T, url string, enough func(body string) bool, header ...string) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(time.Minute); ; {
		status, body := get(t, url, header...)
		if status == http.StatusOK && enough(body) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("after a minute %s is still %d %.300s", url, status, body)
		}
	}
}

func awaitAnalysed(t *testing.T, url string, id schema.TrackID, header ...string) {
	t.Helper()
	await(t, url+"/v1/tracks/"+string(id), func(body string) bool {
		var track schema.Track
		if err := json.Unmarshal([]byte(body), &track); err != nil || track.Status == schema.Failed {
			t.Fatalf("track %s: %q: %v", id, body, err)
		}
		return track.Status == schema.Analysed
	}, header...)
}

// program runs earworm in this process to its end, and returns its exit code
// and what it prints.
func program(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), console{strings.NewReader(""), &out, &errs}, args, noEnvironment)
	return code, out.String(), errs.String()
}

// newToken makes a token, and returns its secret.
func newToken(t *testing.T, file, scopes string) string {
	t.Helper()
	code, secret, stderr := program(t, "token", "--tokens", file, "--scopes", scopes, "test-"+strings.ReplaceAll(scopes, ",", "-"))
	if code != exitOK {
		t.Fatalf("token ends with exit code %d: %s", code, stderr)
	}
	return strings.TrimSpace(secret)
}

// TestServeBehindTokens: every door is locked, and opens to who has the scope.
func TestServeBehindTokens(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tokens := filepath.Join(folder, "tokens")
	reader, ingester, admin := newToken(t, tokens, "read"), newToken(t, tokens, "read,ingest"), newToken(t, tokens, "admin")
	url, stop := serving(t, "--store", folder, "--tokens", tokens)
	defer stop()
	for _, c := range []struct {
		path, token string
		status      int
	}{
		{"/healthz", "", 200},
		{"/readyz", "", 200},
		{"/v1/openapi.json", "", 200},
		{"/v1/features", "", 401},
		{"/v1/features", "ew_guess", 401},
		{"/v1/features", reader, 200},
		{"/metrics", "", 401},
		{"/metrics", reader, 200},
		{"/queues/", reader, 403},
		{"/queues/", admin, 200},
		{"/login", "", 200},
	} {
		var header []string
		if c.token != "" {
			header = []string{"Authorization", "Bearer " + c.token}
		}
		if status, body := get(t, url+c.path, header...); status != c.status {
			t.Errorf("%s with token %.5q: %d %.200s; want %d", c.path, c.token, status, body, c.status)
		}
	}
	code, _, stderr := program(t, "enqueue", "--addr", url, "https://example.org/a.mp3")
	if code != exitFailed || !strings.Contains(stderr, "EARWORM_TOKEN or --token") {
		t.Errorf("enqueue without a token: %d %s", code, stderr)
	}
	code, _, stderr = program(t, "enqueue", "--addr", url, "--token", reader, "https://example.org/a.mp3")
	if code != exitFailed || !strings.Contains(stderr, "scope ingest") {
		t.Errorf("enqueue without the scope: %d %s", code, stderr)
	}
	code, stdout, _ := program(t, "enqueue", "--addr", url, "--token", ingester, "https://example.org/a.mp3")
	if code != exitOK || !strings.HasPrefix(stdout, "new ") {
		t.Errorf("enqueue with the scope: %d %s", code, stdout)
	}
}

// TestWebhookAfterAnalysis: a receiver that fails at first is told in the end,
// of a track that failed as of one that did not.
// TestEveryRouteAsksForAToken: of what the API describes, and of the pages, nothing
// answers to nobody.
func TestEveryRouteAsksForAToken(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	tokens := filepath.Join(folder, "tokens")
	newToken(t, tokens, "read")
	url, stop := serving(t, "--store", folder, "--tokens", tokens)
	defer stop()
	_, description := get(t, url+"/v1/openapi.json")
	var api struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(description), &api); err != nil {
		t.Fatal(err)
	}
	routes := []string{
		"GET /", "GET /worklist", "GET /tracks/a", "GET /upload", "POST /upload", "GET /compare", "GET /metrics", "GET /queues/",
	}
	for path, methods := range api.Paths {
		for method := range methods {
			routes = append(routes, strings.ToUpper(method)+" "+strings.NewReplacer("{", "", "}", "").Replace(path))
		}
	}
	if len(routes) < 30 {
		t.Fatalf("the API describes %d routes: %q", len(routes), routes)
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s answers nobody with %d; want 401", route, res.StatusCode)
		}
	}
}

func TestWebhookAfterAnalysis(t *testing.T) {
	t.Parallel()
	const secret = "whsec_YSBzZWNyZXQgb2YgdGhpcnR5LXR3byBieXRlcyBvayE="
	check, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	told, tries := make(chan webhook.Event, 2), sync.Map{}
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := tries.LoadOrStore(r.Header.Get("Webhook-Id"), true); !again {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var event webhook.Event
		body, err := io.ReadAll(r.Body)
		if err := errors.Join(err, check.Verify(body, r.Header), json.Unmarshal(body, &event)); err != nil {
			t.Error(err)
		}
		told <- event
	}))
	defer receiver.Close()
	folder := t.TempDir()
	for name, bpm := range map[string]float64{"song.wav": 120, "silent.wav": 0} {
		if err := os.WriteFile(filepath.Join(folder, name), clickTrack(4, bpm), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	url, stop := serving(t, "--store", folder, "--webhook-hosts", "127.0.0.1", "--webhook-private", "--webhook-secret", secret)
	defer stop()
	line := func(name, host string) string {
		return fmt.Sprintf("{\"source\": %q, \"webhook\": %q}\n", filepath.Join(folder, name), host)
	}
	var out, errs bytes.Buffer
	stdin := strings.NewReader(line("song.wav", receiver.URL) + line("silent.wav", receiver.URL) + line("song.wav", "https://evil.example"))
	code := run(t.Context(), console{stdin, &out, &errs}, []string{"enqueue", "--addr", url, "-"}, noEnvironment)
	if code != exitFailed || strings.Count(out.String(), "new") != 2 || !strings.Contains(errs.String(), "not among the allowed hosts") {
		t.Fatalf("exit code %d, stdout %q, stderr %q", code, &out, &errs)
	}
	for range 2 {
		select {
		case event := <-told:
			d := event.Data
			analysed := event.Type == "track.analysed" && d.Status == schema.Analysed && d.Features != nil && d.Error == nil
			failed := event.Type == "track.failed" && d.Error != nil && d.Error.Code == schema.Silent
			if !analysed && !failed {
				t.Errorf("told %+v", event)
			}
		case <-time.After(time.Minute):
			t.Fatal("nobody was told within a minute")
		}
	}
}

// TestEnqueueFromAPipe: lines are answered while the pipe stays open, and a
// bad one is told from the others.
func TestEnqueueFromAPipe(t *testing.T) {
	t.Parallel()
	url, stop := serving(t, "--store", t.TempDir())
	defer stop()
	in, lines := io.Pipe()
	read, out := io.Pipe()
	var errs bytes.Buffer
	code := make(chan int, 1)
	go func() {
		code <- run(t.Context(), console{in, out, &errs}, []string{"enqueue", "--addr", url, "--json", "-"}, noEnvironment)
		out.Close()
	}()
	answers := bufio.NewScanner(read)
	for _, c := range []struct{ name, line, want string }{
		{"an address", "https://example.org/a.mp3", `"source":"https://example.org/a.mp3","added":true,`},
		{"an object", `{"source":"https://example.org/b.mp3","track_id":"cat:1","title":"B"}`, `{"track_id":"cat:1","source":"https://example.org/b.mp3","added":true`},
		{"again", `{"source":"https://example.org/b.mp3","track_id":"cat:1"}`, `"added":false`},
		{"a track of another source", `{"source":"https://example.org/c.mp3","track_id":"cat:1"}`, `"error":{"code":"conflict"`},
		{"an unknown key", `{"sauce":"https://example.org/c.mp3"}`, `"error":{"code":"bad_request","message":"the request is not as it should be: json: unknown field \"sauce\""}`},
		{"no JSON", `{"source"`, `"error":{"code":"bad_request"`},
		{"a missing file", `/nowhere/a.mp3`, `"source":"/nowhere/a.mp3","added":false,"enqueued":false,"error":{"code":"not_found"`},
	} {
		if _, err := io.WriteString(lines, c.line+"\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() || !strings.Contains(answers.Text(), c.want) {
			t.Errorf("%s is answered by %q (%s); want %q", c.name, answers.Text(), &errs, c.want)
		}
	}
	lines.Close()
	if got := <-code; got != exitFailed || strings.Count(errs.String(), "\n") != 4 {
		t.Errorf("exit code %d, stderr %q; want 1 and 4 lines", got, &errs)
	}
}

func TestServe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, bpm := range map[string]float64{"pending.wav": 100, "posted.wav": 120, "enqueued.wav": 90} {
		content := append([]byte("ID3\x03\x00\x00\x00\x00\x00\x10TIT2\x00\x00\x00\x06\x00\x00\x00Waltz"), clickTrack(4, bpm)...)
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	id := func(name string) (schema.TrackID, string) {
		uri, err := source.Canonical(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return schema.TrackIDOf(uri), uri
	}

	// The store knows of a track that no queue does any more.
	db := filepath.Join(folder, "earworm.db")
	store, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	lost, lostURI := id("pending.wav")
	_, err = store.AddTrack(t.Context(), schema.Track{ID: lost, Source: lostURI, Status: schema.Pending, AddedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	url, stop := serving(t, "--store", db)
	awaitAnalysed(t, url, lost)

	posted, postedURI := id("posted.wav")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/tracks", strings.NewReader(fmt.Sprintf(`{"source": %q}`, postedURI)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("POST /v1/tracks: %s", res.Status)
	}
	awaitAnalysed(t, url, posted)
	if status, body := get(t, url+"/v1/tracks/"+string(posted)+"/features"); status != 200 || !strings.Contains(body, `"tempo_bpm"`) {
		t.Errorf("features: %d %s", status, body)
	}

	// The enqueue command hands in through the API of a serve.
	enqueued, enqueuedURI := id("enqueued.wav")
	var out, errs bytes.Buffer
	args := []string{"enqueue", "--addr", strings.TrimPrefix(url, "http://"), filepath.Join(folder, "enqueued.wav")}
	code := run(t.Context(), console{strings.NewReader(""), &out, &errs}, args, noEnvironment)
	if want := fmt.Sprintf("new      %s  %s\n", enqueued, enqueuedURI); code != exitOK || out.String() != want || errs.Len() > 0 {
		t.Errorf("enqueue: exit code %d, stdout %q, stderr %q; want %q", code, &out, &errs, want)
	}
	awaitAnalysed(t, url, enqueued)
	if _, body := get(t, url+"/v1/tracks/"+string(enqueued)); !strings.Contains(body, `"title":"Waltz"`) {
		t.Errorf("the track is %s; want the title that its tags give", body)
	}

	// A job is counted a moment after its analysis is there.
	for path, want := range map[string]string{
		"/healthz":         `{"status":"ok",`,
		"/readyz":          `"queue":"ok","store":"ok"`,
		"/metrics":         `earworm_jobs_total{lane="ingest",outcome="done"} 3`,
		"/queues/":         "<html",
		"/v1/openapi.yaml": "openapi: 3.1.0",
	} {
		await(t, url+path, func(body string) bool { return strings.Contains(body, want) })
	}
	if code := stop(); code != exitOK {
		t.Errorf("serve stops with exit code %d; want 0", code)
	}
}

func TestServeOnATakenAddress(t *testing.T) {
	t.Parallel()
	url, stop := serving(t, "--store", t.TempDir())
	defer stop()
	addr := strings.TrimPrefix(url, "http://")
	var errs bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), io.Discard, &errs}, []string{"serve", "--store", t.TempDir(), "--addr", addr}, noEnvironment)
	want := "earworm: listen on " + addr + ": bind: address already in use\n  --addr 127.0.0.1:0 takes any free port\n"
	if code != exitFailed || errs.String() != want {
		t.Errorf("exit code %d, stderr %q; want %q", code, &errs, want)
	}
}

// Container engines hand secrets out as files.
func TestSecretsFromFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "redis")
	if err := os.WriteFile(path, []byte("redis://user:hush@127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		file string
		args []string
		want string
	}{
		"a file":      {path, nil, "earworm: redis at 127.0.0.1:1: connection refused\n"},
		"a flag wins": {path, []string{"--redis", "127.0.0.1:2"}, "earworm: redis at 127.0.0.1:2: connection refused\n"},
		"missing":     {path + "x", nil, "earworm: read EARWORM_REDIS_FILE: open " + path + "x: no such file or directory\n  earworm worker --help lists its flags\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := func(name string) (string, bool) { return c.file, name == "EARWORM_REDIS_FILE" }
			var errs bytes.Buffer
			run(t.Context(), console{strings.NewReader(""), io.Discard, &errs}, append([]string{"worker"}, c.args...), env)
			if errs.String() != c.want {
				t.Errorf("stderr %q; want %q", &errs, c.want)
			}
		})
	}
}
