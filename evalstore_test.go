package main

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
)

// TestEvalAgainstLabels: of two versions, the one that says what people say
// scores higher, and a label that was corrected counts as corrected.
func TestEvalAgainstLabels(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "earworm.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	id := schema.TrackID("a")
	_, err = store.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///a", Status: schema.Pending})
	for version, bpm := range map[string]float64{"doubles": 184, "right": 92} {
		if err == nil {
			err = store.SaveAnalysis(t.Context(), schema.Analysis{TrackID: id, ModelVersion: version, Tempo: schema.Tempo{BPM: bpm}, AnalysedAt: time.Now()})
		}
	}
	for i, bpm := range []float64{70, 92} {
		if err == nil {
			err = store.AddLabel(t.Context(), schema.Label{TrackID: id, Author: "ann", At: time.UnixMilli(int64(i)), TempoBPM: bpm})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), &out, &errs}, []string{"eval", "--labels", "--json", "--store", path}, noEnvironment)
	if code != exitOK || errs.Len() > 0 {
		t.Fatalf("exit code %d, stderr %q", code, &errs)
	}
	dec := json.NewDecoder(&out)
	for _, want := range []struct {
		version    string
		acc1, acc2 float64
	}{{"doubles", 0, 1}, {"right", 1, 1}} {
		var got labelsReport
		if err := dec.Decode(&got); err != nil || got.ModelVersion != want.version || got.Tracks != 1 || got.Tempo.Of != 1 ||
			got.Tempo.Acc1 != want.acc1 || got.Tempo.Acc2 != want.acc2 {
			t.Errorf("report %+v, %v; want %+v", got, err, want)
		}
	}
}

// TestEvalSimilar: the halves of our own samples find each other, and the
// report counts each recording.
func TestEvalSimilar(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	code := run(t.Context(), console{strings.NewReader(""), &out, &errs}, []string{"eval", "--similar", "--json", "samples"}, noEnvironment)
	var got similarReport
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || code != exitOK {
		t.Fatalf("exit code %d, %v, stderr %q", code, err, &errs)
	}
	if got.Recordings < 12 || got.Failed != 0 || got.RecallAt10 < 0.8 || got.RecallAt1 > got.RecallAt10 {
		t.Errorf("report %+v", got)
	}
}
