package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earworm/batch"
	"earworm/problem"
	"earworm/schema"
)

// typed runs a command line in this process, with stdin, and returns what it
// printed.
func typed(t *testing.T, stdin string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), console{strings.NewReader(stdin), &o, &e}, args, noEnvironment)
	return code, o.String(), e.String()
}

// read reads the one object that a command printed.
func read[T any](t *testing.T, out string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	return v
}

// heardTracks is a serve that has analysed two tracks, and their identifiers.
func heardTracks(t *testing.T, args ...string) (url string, ids []schema.TrackID) {
	t.Helper()
	folder := t.TempDir()
	url, stop := serving(t, append([]string{"--store", folder}, args...)...)
	t.Cleanup(func() { stop() })
	for _, name := range []string{"a.wav", "b.wav"} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, clickTrack(6, 120), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, errs := typed(t, "", "enqueue", "--addr", url, path); code != exitOK {
			t.Fatalf("enqueue ends with %d: %s", code, errs)
		}
		id := schema.TrackIDOf("file://" + filepath.ToSlash(path))
		awaitAnalysed(t, url, id)
		ids = append(ids, id)
	}
	return url, ids
}

// TestReprocess: through the API of a serve, a batch does what its flags name.
func TestReprocess(t *testing.T) {
	t.Parallel()
	url, ids := heardTracks(t)
	for name, c := range map[string]struct {
		flags []string
		stdin string
		want  int // tracks
	}{
		"stale by default":     {nil, "", 0},
		"all":                  {[]string{"--all"}, "", 2},
		"a condition":          {[]string{"--where", "duration < 10 and tempo.confidence >= 0"}, "", 2},
		"a condition on none":  {[]string{"--where", "tempo > 1000"}, "", 0},
		"a version unheard of": {[]string{"--model-version", "v0"}, "", 0},
		"failed":               {[]string{"--failed", "corrupt"}, "", 0},
		"by name":              {[]string{"--ids", "-"}, string(ids[1]) + "\n\n" + string(ids[1]) + "\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"reprocess", "--addr", url, "--force", "--json"}, c.flags...)
			_, out, errs := typed(t, c.stdin, append(args, "--dry-run")...)
			if e := read[batch.Estimate](t, out); e.Tracks != c.want {
				t.Errorf("a dry run counts %d tracks; want %d: %s", e.Tracks, c.want, errs)
			}
			code, out, errs := typed(t, c.stdin, args...)
			if s := read[batch.Status](t, out); code != exitOK || s.State != schema.BatchDone || s.Done != c.want {
				t.Errorf("code %d, %+v; want %d done: %s", code, s, c.want, errs)
			}
		})
	}
	if code, _, errs := typed(t, "nobody\n", "reprocess", "--addr", url, "--ids", "-"); code != exitFailed || !strings.Contains(errs, `track "nobody" is not in the catalogue`) {
		t.Errorf("of an unknown track: code %d, %q", code, errs)
	}
}

// TestBatchCommand: a batch that is slow enough to be stopped is paused,
// resumed and cancelled, and who follows it may go away.
func TestBatchCommand(t *testing.T) {
	t.Parallel()
	url, _ := heardTracks(t)
	code, id, errs := typed(t, "", "reprocess", "--addr", url, "--all", "--force", "--rate", "0.001", "--detach")
	id = strings.TrimSpace(id)
	if code != exitOK || id == "" {
		t.Fatalf("code %d, batch %q: %s", code, id, errs)
	}
	state := func(action string) schema.BatchState {
		code, out, errs := typed(t, "", "batch", "--addr", url, "--json", action, id)
		if code != exitOK {
			t.Fatalf("batch %s ends with %d: %s", action, code, errs)
		}
		return read[batch.Status](t, out).State
	}
	if got := state("pause"); got != schema.BatchPaused {
		t.Errorf("paused, it is %s", got)
	}
	if got := state("resume"); got != schema.BatchRunning {
		t.Errorf("resumed, it is %s", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	followed := make(chan int)
	go func() {
		followed <- run(ctx, console{nil, io.Discard, w}, []string{"batch", "--addr", url, "follow", id}, noEnvironment)
		w.Close()
	}()
	first := make([]byte, 1024)
	n, err := r.Read(first) // it has begun
	if err != nil || !strings.Contains(string(first[:n]), id+" is running") {
		t.Errorf("who follows reads %q, %v", first[:n], err)
	}
	cancel()
	said := make(chan string)
	go func() {
		rest, _ := io.ReadAll(r)
		said <- string(rest)
	}()
	if code := <-followed; code != exitInterrupted {
		t.Errorf("interrupted, it ends with %d", code)
	}
	if got := <-said; !strings.Contains(got, id+" goes on") {
		t.Errorf("interrupted, it says %q", got)
	}
	if got := state("show"); got != schema.BatchRunning {
		t.Errorf("after that the batch is %s", got)
	}
	if got := state("cancel"); got != schema.BatchCancelled {
		t.Errorf("cancelled, it is %s", got)
	}
	for _, c := range [][]string{
		{"resume", id, "is cancelled and cannot become running"},
		{"follow", id, "batch " + id + " was cancelled"},
		{"show", "no-such", `there is no batch "no-such"`},
	} {
		if code, _, errs := typed(t, "", "batch", "--addr", url, c[0], c[1]); code != exitFailed || !strings.Contains(errs, c[2]) {
			t.Errorf("batch %s: code %d, %q; want %q", c[0], code, errs, c[2])
		}
	}
	if code, out, _ := typed(t, "", "batch", "--addr", url); code != exitOK || !strings.Contains(out, id+"  cancelled") {
		t.Errorf("the list is %q", out)
	}
}

// restless are batches whose server goes away.
type restless struct{ batches }

func (restless) status(context.Context, string) (batch.Status, error) {
	return batch.Status{}, problem.New(503, "unavailable", "gone for lunch")
}

// TestFollowLosesTheServer: the batch goes on, and that is said.
func TestFollowLosesTheServer(t *testing.T) {
	t.Parallel()
	began := batch.Status{ID: "b1", State: schema.BatchRunning, CreatedAt: time.Unix(0, 0)}
	err := follow(t.Context(), console{nil, io.Discard, io.Discard}, restless{}, began, false)
	if hint, ok := errors.AsType[hinted](err); !ok || !strings.Contains(hint.hint, "earworm batch follow b1") {
		t.Errorf("the error is %v", err)
	}
}
