//go:build chaos

package chaos

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"earworm/schema"
)

// counts asks the store, which may be away just now.
func (f *fleet) counts() (schema.Counts, error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), time.Minute)
	defer cancel()
	return f.store.Counts(ctx)
}

// until waits for so many tracks to have ended.
func (f *fleet) until(ended int) {
	f.t.Helper()
	var last schema.Counts
	for end := time.Now().Add(patience()); ; time.Sleep(250 * time.Millisecond) {
		c, err := f.counts()
		if err == nil {
			last = c
		}
		if err == nil && c.Analysed+c.Failed >= ended {
			return
		}
		if time.Now().After(end) {
			f.t.Fatalf("after %v the catalogue is %+v (%v); %s", patience(), last, err, f.lanes())
		}
	}
}

// lanes is what the queue holds, in words.
func (f *fleet) lanes() string {
	var words []string
	for _, lane := range []string{"ingest", "reprocess"} {
		prefix := "asynq:{" + lane + "}:"
		keys, _ := f.redis.Keys(context.Background(), prefix+"t:*").Result()
		words = append(words, fmt.Sprintf("%s: %d jobs, %d pending, %d active, %d retry, %d dead", lane, len(keys),
			f.redis.LLen(context.Background(), prefix+"pending").Val(), f.redis.LLen(context.Background(), prefix+"active").Val(),
			f.redis.ZCard(context.Background(), prefix+"retry").Val(), f.redis.ZCard(context.Background(), prefix+"archived").Val()))
	}
	return strings.Join(words, "; ")
}

// mayFail are the codes that a scenario may leave on tracks beside those that
// fail by their nature.
type mayFail map[schema.Code]bool

// account waits until no track is pending and no job is left, and then asks of
// each track whether it is accounted for exactly once.
func (f *fleet) account(allowed mayFail) {
	f.t.Helper()
	f.until(len(f.catalogue))
	eventually(f.t, patience(), "the queue is empty", f.idle)
	version, failed := "", 0
	for id, path := range f.catalogue {
		track, err := f.store.Track(f.t.Context(), id)
		if err != nil {
			f.t.Errorf("track %s: %v", id, err)
			continue
		}
		switch {
		case track.Status == schema.Failed && allowed[track.Failure.Code]:
			failed++
		case silentPath(path):
			failed++
			if track.Status != schema.Failed || track.Failure.Code != schema.Silent {
				f.t.Errorf("%s is %s %v; want it failed as silent", path, track.Status, track.Failure)
			}
		case track.Status != schema.Analysed:
			f.t.Errorf("%s is %s: %v; want it analysed", path, track.Status, track.Failure)
		default:
			version = track.ModelVersion
			f.heard(track)
		}
		f.said(id)
	}
	if f.t.Failed() {
		return
	}
	f.t.Logf("%d tracks: %d analysed by %s, %d failed with a code, %d labels as they were; %s",
		len(f.catalogue), len(f.catalogue)-failed, version, failed, len(f.labels), f.lanes())
}

// silentPath tells the tracks that fill made of the silent sound.
func silentPath(path string) bool {
	var n int
	_, err := fmt.Sscanf(filepath.Base(path), "%04d.wav", &n)
	return err == nil && n%len(sounds) == silentSound
}

// idle tells that nothing waits, runs or is to be tried again, and that no job
// is neither: a job that no list holds would be in nobody's hands.
func (f *fleet) idle() bool {
	ctx := f.t.Context()
	for _, lane := range []string{"ingest", "reprocess"} {
		prefix := "asynq:{" + lane + "}:"
		dead, err := f.redis.ZCard(ctx, prefix+"archived").Result()
		if err != nil {
			return false
		}
		jobs, err := f.redis.Keys(ctx, prefix+"t:*").Result()
		if err != nil || len(jobs) != int(dead) {
			return false
		}
	}
	return true
}

// heard checks that what a model heard is there once, and whole.
func (f *fleet) heard(track schema.Track) {
	f.t.Helper()
	if analyses, err := f.store.TrackAnalyses(f.t.Context(), track.ID); err != nil || len(analyses) != f.versions(track) {
		f.t.Errorf("%s: %d analyses, %v; want %d", track.Source, len(analyses), err, f.versions(track))
	}
	if f.rows != nil {
		f.count(track, "analyses", "model_version", f.versions(track))
		f.count(track, "vectors", "space", f.versions(track))
		f.count(track, "features", "track_id", 1)
	}
	a, err := f.store.Analysis(f.t.Context(), track.ID, track.ModelVersion)
	if err != nil || a.SHA256 != track.SHA256 || len(a.Embedding) != schema.EmbeddingSize {
		f.t.Errorf("%s: analysis of %q with %d values of embedding, %v; want one of %q",
			track.Source, a.SHA256, len(a.Embedding), err, track.SHA256)
	}
	features, err := f.store.Features(f.t.Context(), track.ID)
	want := a.Tempo.BPM
	label, labelled := f.labels[track.ID]
	if labelled {
		want = label.TempoBPM
	}
	if err != nil || math.Abs(features.TempoBPM-want) > 1e-9 || slices.Contains(features.Labelled, "tempo") != labelled {
		f.t.Errorf("%s: features %+v, %v; want the tempo %g", track.Source, features, err, want)
	}
}

// said checks that what people said is there, and nothing that nobody said.
func (f *fleet) said(id schema.TrackID) {
	f.t.Helper()
	labels, err := f.store.TrackLabels(f.t.Context(), id)
	want, labelled := f.labels[id]
	if err != nil || len(labels) > 1 || labelled != (len(labels) == 1) || labelled && labels[0] != want {
		f.t.Errorf("track %s: labels %+v, %v; want %+v", id, labels, err, want)
	}
}

// noRemains fails where the scratch folder of workers holds what they left.
func (f *fleet) noRemains(folder string) {
	f.t.Helper()
	left, err := filepath.Glob(filepath.Join(folder, "earworm-*"))
	if err != nil || len(left) > 0 {
		f.t.Errorf("left behind: %v, %v", left, err)
	}
}

// versions is how many model versions a track was heard by: one, but where a
// scenario says otherwise.
func (f *fleet) versions(track schema.Track) int {
	if n, ok := f.heardBy[track.ID]; ok {
		return n
	}
	return 1
}

// count checks how many rows of a table a track has.
func (f *fleet) count(track schema.Track, table, column string, want int) {
	f.t.Helper()
	query := fmt.Sprintf("SELECT %s FROM %s.%s WHERE track_id = ?", column, f.keyspace, table)
	if n := f.rows.Query(query, string(track.ID)).IterContext(f.t.Context()).NumRows(); n != want {
		f.t.Errorf("%s: %d rows of %s; want %d", track.Source, n, table, want)
	}
}
