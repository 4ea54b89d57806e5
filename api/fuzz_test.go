package api_test

import (
	"net/http"
	"testing"
)

// FuzzWrites: whatever comes as a body, the caller is told of its own fault and
// never of ours, and the service lives on.
func FuzzWrites(f *testing.F) {
	addresses := []struct{ method, path, kind string }{
		{http.MethodPost, "/v1/tracks", "application/json"},
		{http.MethodPost, "/v1/tracks", "application/x-ndjson"},
		{http.MethodPost, labelPath, "application/json"},
		{http.MethodPut, "/v1/tracks/a/vectors/taste", "application/json"},
		{http.MethodPost, "/v1/similar", "application/json"},
		{http.MethodPost, "/v1/shelf", "application/json"},
		{http.MethodPost, "/v1/batches", "application/json"},
		{http.MethodPost, "/v1/versions/promote", "application/json"},
	}
	for i, body := range []string{
		`{"source": "/a.wav"}`,
		`{"source": "/a.wav"}` + "\n" + `{"source": ""}`,
		`{"tempo_bpm": 92, "key": "F# minor", "meter": "7/8", "note": "sure"}`,
		`{"vector": [1, 0, 2]}`,
		`{"vectors": {"taste": [1, 0, 2]}, "limit": 3, "key": "A major", "keys": "compatible"}`,
		`{"recent": [{"track_id": "a", "weight": 2}]}`,
		`{"where": "tempo.confidence < 0.5 and meter = 3", "dry_run": true}`,
		`{"version": "m1"}`,
	} {
		f.Add(byte(i), body)
	}
	s := newService(f)
	s.addTrack(f, "a")
	f.Fuzz(func(t *testing.T, which byte, body string) {
		at := addresses[int(which)%len(addresses)]
		if status, answer, _ := s.write(t, at.method, at.path, body, "Content-Type", at.kind); status >= http.StatusInternalServerError {
			t.Errorf("%s %s: %d %s", at.method, at.path, status, answer)
		}
	})
}
