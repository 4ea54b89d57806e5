package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"earworm/schema"
)

func addedOnce(t *testing.T, s schema.Store) {
	ctx := t.Context()
	first := newTrack()
	first.Title, first.AddedAt = "Blue", day.Add(123_456_789)
	first.Status, first.ModelVersion = schema.Failed, "never-2" // a new track is pending, whatever it says
	first.Failure = schema.Fail(schema.Silent, "not so")
	added, err := s.AddTrack(ctx, first)
	if err != nil || !added {
		t.Fatalf("adding for the first time: added is %v, error %v", added, err)
	}
	want := schema.Track{
		ID: first.ID, Source: first.Source, Title: "Blue", Status: schema.Pending,
		AddedAt: day.Add(123 * time.Millisecond), UpdatedAt: day.Add(123 * time.Millisecond),
	}
	same(t, "a new track's fields", track(t, s, first.ID), want)

	a := heard(first.ID, "v1", day.Add(time.Hour), 1)
	save(t, s, a)
	again := first
	again.Title, again.Artist, again.Source, again.AddedAt = "Green", "Ada", "file:///elsewhere.mp3", day.Add(time.Minute)
	added, err = s.AddTrack(ctx, again)
	if err != nil || added {
		t.Fatalf("adding again: added is %v, error %v", added, err)
	}
	want.Artist, want.Status, want.ModelVersion = "Ada", schema.Analysed, "v1"
	want.SHA256, want.DurationS, want.UpdatedAt = a.SHA256, a.DurationS, a.AnalysedAt
	same(t, "the fields of a track added again", track(t, s, first.ID), want)
}

func addedOnceByMany(t *testing.T, s schema.Store) {
	for range 4 {
		one := newTrack()
		var added atomic.Int32
		together(t, 12, func(int) error {
			is, err := s.AddTrack(t.Context(), one)
			if is {
				added.Add(1)
			}
			return err
		})
		if added.Load() != 1 {
			t.Errorf("of 12 who added a track, %d were told that they did; want 1", added.Load())
		}
	}
}

func notFound(t *testing.T, s schema.Store) {
	ctx := t.Context()
	nobody := newTrack().ID
	_, err := s.Track(ctx, nobody)
	wantNotFound(t, "track", err, nobody)
	wantNotFound(t, "save analysis", s.SaveAnalysis(ctx, heard(nobody, "v1", day, 1)), nobody)
	wantNotFound(t, "save failure", s.SaveFailure(ctx, nobody, "v1", *schema.Fail(schema.Silent, "silent")), nobody)
	wantNotFound(t, "add label", s.AddLabel(ctx, schema.Label{TrackID: nobody, At: day, TempoBPM: 90}), nobody)
	_, err = s.Track(ctx, nobody)
	wantNotFound(t, "track, after writes were refused", err, nobody)

	for _, id := range []schema.TrackID{nobody, addTrack(t, s)} {
		_, err = s.Features(ctx, id)
		wantNotFound(t, "features", err, id)
		_, err = s.Analysis(ctx, id, "")
		wantNotFound(t, "newest analysis", err, id)
		_, err = s.Analysis(ctx, id, "v1")
		wantNotFound(t, "one version's analysis", err, id)
		if labels, err := s.TrackLabels(ctx, id); err != nil || len(labels) != 0 {
			t.Errorf("labels: got %v, error %v; want none", labels, err)
		}
	}
}

// scanSize is more than a few pages of any store's.
const scanSize = 2000

func scanSeesAll(t *testing.T, s schema.Store) {
	mine := make(map[schema.TrackID]int, scanSize)
	tracks := make([]schema.Track, scanSize)
	for i := range tracks {
		tracks[i] = newTrack()
		tracks[i].Title = fmt.Sprint("track ", i)
		mine[tracks[i].ID] = 0
	}
	const writers = 16
	together(t, writers, func(w int) error {
		for i := w; i < scanSize; i += writers {
			if _, err := s.AddTrack(t.Context(), tracks[i]); err != nil {
				return err
			}
		}
		return nil
	})
	for got, err := range s.AllTracks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, is := mine[got.ID]; is {
			mine[got.ID]++
		}
		if got.Source == "" || got.Status == "" {
			t.Fatalf("a scan gave half a track: %+v", got)
		}
	}
	for id, times := range mine {
		if times != 1 {
			t.Fatalf("a scan saw track %s %d times; want once", id, times)
		}
	}
}

func scanEnds(t *testing.T, s schema.Store) {
	for range 20 {
		addTrack(t, s)
	}
	seen := 0
	for _, err := range s.AllTracks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var last error
	for _, err := range s.AllTracks(ctx) {
		if last != nil {
			t.Fatal("a scan went on after its error")
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("a cancelled scan ended with error %v; want %v", last, context.Canceled)
	}
}

func scanWrites(t *testing.T, s schema.Store) {
	mine := map[schema.TrackID]bool{}
	for range 20 {
		mine[addTrack(t, s)] = true
	}
	for got, err := range s.AllTracks(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if mine[got.ID] {
			save(t, s, heard(got.ID, "scan-writes", day, 1))
		}
	}
	for id := range mine {
		if got := track(t, s, id).Status; got != schema.Analysed {
			t.Fatalf("track %s, written during a scan, is %s", id, got)
		}
	}
	for got, err := range s.FindFeatures(t.Context(), schema.Filter{ModelVersion: "scan-writes"}) {
		if err != nil {
			t.Fatal(err)
		}
		say(t, s, schema.Label{TrackID: got.TrackID, At: day, TempoBPM: 99})
	}
}

func countsSumUp(t *testing.T, s schema.Store) {
	count := func() schema.Counts {
		got, err := s.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got.Tracks != got.Pending+got.Analysed+got.Failed {
			t.Errorf("of %d tracks, %d are pending, %d analysed and %d failed", got.Tracks, got.Pending, got.Analysed, got.Failed)
		}
		return got
	}
	before := count()
	for i := range 9 {
		id := addTrack(t, s)
		switch {
		case i < 4:
			save(t, s, heard(id, fmt.Sprint("count-", i%2), day, 1))
			save(t, s, heard(id, fmt.Sprint("count-", i%2), day, 1))
		case i < 7:
			code := []schema.Code{schema.Silent, schema.Corrupt}[i%2]
			if err := s.SaveFailure(t.Context(), id, "count-0", *schema.Fail(code, "failed")); err != nil {
				t.Fatal(err)
			}
		}
	}
	after := count()
	growth := []int{
		after.Tracks - before.Tracks, after.Pending - before.Pending,
		after.Analysed - before.Analysed, after.Failed - before.Failed,
		after.Failures[schema.Silent] - before.Failures[schema.Silent],
		after.Failures[schema.Corrupt] - before.Failures[schema.Corrupt],
		after.Versions["count-0"] - before.Versions["count-0"],
		after.Versions["count-1"] - before.Versions["count-1"],
	}
	same(t, "counts", growth, []int{9, 2, 4, 3, 2, 1, 2, 2})
}
