package labels_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/labels"
	"earworm/schema"
	"earworm/schema/sqlite"
)

// store is an empty one with two tracks.
func store(t *testing.T) schema.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "earworm.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, id := range []schema.TrackID{"t1", "t2"} {
		if _, err := s.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///" + string(id), Status: schema.Pending, AddedAt: time.UnixMilli(1)}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func add(t *testing.T, s schema.Store, some ...schema.Label) {
	t.Helper()
	for _, l := range some {
		if err := s.AddLabel(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
}

// imported adds a file's labels to a store and says what was planned.
func imported(t *testing.T, s schema.Store, text string, now time.Time) labels.Plan {
	t.Helper()
	rows, err := labels.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := labels.Prepare(t.Context(), s, rows, now)
	if err != nil {
		t.Fatal(err)
	}
	add(t, s, plan.Add...)
	return plan
}

// exported is all that a store has.
func exported(t *testing.T, s schema.Store) string {
	t.Helper()
	rows, err := labels.All(context.WithoutCancel(t.Context()), s)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := labels.WriteCSV(&b, rows); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestImportIsWhatWasExported, and twice is once.
func TestImportIsWhatWasExported(t *testing.T) {
	t.Parallel()
	first, second := store(t), store(t)
	one, two := full(), full()
	one.TakesBack, one.Note = time.Time{}, "line\r\nends"
	two.At, two.TakesBack, two.TempoBPM = one.At.Add(time.Second), one.At, 91
	add(t, first, one.Label, two.Label, schema.Label{TrackID: "t2", At: one.At, Author: "bob", TempoBPM: 100})
	text := exported(t, first)
	if plan := imported(t, second, text, time.Now()); len(plan.Add) != 3 || plan.Known != 0 {
		t.Errorf("the first time adds %d, %d known", len(plan.Add), plan.Known)
	}
	for name, s := range map[string]schema.Store{"where it was imported": second, "where it is from": first} {
		if plan := imported(t, s, text, time.Now()); len(plan.Add) != 0 || plan.Known != 3 {
			t.Errorf("again, %s, adds %+v", name, plan.Add)
		}
		if got := exported(t, s); got != text {
			t.Errorf("%s, the store exports\n%s\nof\n%s", name, got, text)
		}
	}
}

// TestLabelsWithoutATime are known by what they say and by whom.
func TestLabelsWithoutATime(t *testing.T) {
	t.Parallel()
	s, now := store(t), time.UnixMilli(1_750_000_000_000).UTC()
	text := "track_id,author,tempo_bpm\nt1,ann,90\nt1,ann,90\nt1,bob,90\nt1,ann,91\n"
	if plan := imported(t, s, text, now); len(plan.Add) != 3 || plan.Known != 1 {
		t.Errorf("adds %d, %d known; want 3 and 1", len(plan.Add), plan.Known)
	}
	add(t, s, schema.Label{TrackID: "t1", At: now.Add(time.Hour), Author: "ann", TakesBack: now})
	if plan := imported(t, s, text, now.Add(2*time.Hour)); len(plan.Add) != 0 {
		t.Errorf("again, what was taken back too, it adds %+v", plan.Add)
	}
}

// TestMergesWithWhatIsThere: two people's labels of one moment both stay, and
// what takes one back still does.
func TestMergesWithWhatIsThere(t *testing.T) {
	t.Parallel()
	s, at := store(t), time.UnixMilli(1_750_000_000_000).UTC()
	add(t, s, schema.Label{TrackID: "t1", At: at, Author: "ann", TempoBPM: 90})
	text := "track_id,at,author,tempo_bpm,takes_back\nt1,2025-06-15T15:06:40Z,bob,180,\nt1,2025-06-15T15:07:00Z,bob,,2025-06-15T15:06:40Z\n"
	imported(t, s, text, at)
	imported(t, s, text, at)
	said, err := s.TrackLabels(t.Context(), "t1")
	if err != nil || len(said) != 3 {
		t.Fatalf("%v: %+v; want three labels", err, said)
	}
	standing := schema.Standing(said)
	if !slices.ContainsFunc(standing, func(l schema.Label) bool { return l.Author == "ann" && l.TempoBPM == 90 }) ||
		slices.ContainsFunc(standing, func(l schema.Label) bool { return l.TempoBPM == 180 }) {
		t.Errorf("there stand %+v; want ann's alone, bob took his back", standing)
	}
}

// TestPrepareRefuses all of a file of which one line cannot be.
func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	s := store(t)
	for text, want := range map[string]string{
		"track_id,tempo_bpm\nt1,90\nt2,900\n":                   "line 3 of the labels: tempo is 900; want 20 to 400 BPM",
		"track_id,author\nt1,ann\n":                             "line 2 of the labels: the label says nothing",
		"track_id,takes_back\nt1,2026-05-01T10:00:00Z\n":        "line 2 of the labels: no label of t1 was made at 2026",
		`{"track_id": "t1", "downbeat_s": -1, "tempo_bpm": 90}`: "line 1 of the labels: downbeat is -1; want seconds from 0",
	} {
		rows, err := labels.Read(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if plan, err := labels.Prepare(t.Context(), s, rows, time.Now()); err == nil || !strings.Contains(err.Error(), want) || len(plan.Add) > 0 {
			t.Errorf("%q: %v, %+v; want %q", text, err, plan, want)
		}
	}
	rows := []labels.Row{{Label: schema.Label{TrackID: "nobody", TempoBPM: 90}}}
	if plan, err := labels.Prepare(t.Context(), s, rows, time.Now()); err != nil || len(plan.Unknown) != 1 || len(plan.Add) > 0 {
		t.Errorf("of a track that is not there: %v, %+v", err, plan)
	}
}
