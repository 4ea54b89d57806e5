package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"earworm/problem"
)

// refusesWell: what is not accepted is told as the caller's fault.
func refusesWell(t *testing.T, err error) {
	t.Helper()
	if p, ok := errors.AsType[*problem.Problem](err); !ok || p.Status != http.StatusBadRequest || p.Detail == "" {
		t.Errorf("refused with %#v; want a problem of status 400", err)
	}
}

// FuzzSubmissions: what is read is 1 to mostTracks submissions, which read the
// same when they are written as many.
func FuzzSubmissions(f *testing.F) {
	f.Add([]byte(`{"source": "/a.wav", "title": "A", "force": true}`))
	f.Add([]byte(`{"tracks": [{"source": "/a.wav", "lane": "reprocess"}, {"source": "/b.wav", "webhook": "https://a.example"}]}`))
	f.Add([]byte(`{"tracks": []}`))
	f.Add([]byte(`{"source": "/a.wav"} {}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := parseSubmissions(raw)
		if err != nil {
			refusesWell(t, err)
			return
		}
		if len(got) < 1 || len(got) > mostTracks {
			t.Fatalf("%d submissions", len(got))
		}
		many, err := json.Marshal(Submissions{got})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := parseSubmissions(many); err != nil || !slices.Equal(again, got) {
			t.Errorf("%s reads as %+v (%v); want %+v", many, again, err, got)
		}
	})
}

// FuzzSubmission: a line that is read is the line that it is written as.
func FuzzSubmission(f *testing.F) {
	f.Add([]byte(`{"source": "/a.wav", "track_id": "cat:1", "artist": "B", "album": "C"}`))
	f.Add([]byte(`{"sauce": "/a.wav"}`))
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := ParseSubmission(raw)
		if err != nil {
			refusesWell(t, err)
			return
		}
		line, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := ParseSubmission(line); err != nil || again != got {
			t.Errorf("%s reads as %+v (%v); want %+v", line, again, err, got)
		}
	})
}
