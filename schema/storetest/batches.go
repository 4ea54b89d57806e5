package storetest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"earworm/schema"
)

func newBatch() schema.Batch {
	return schema.Batch{
		ID: versionOf(0), Selector: `{"stale":true}`, ModelVersion: "v2", Force: true, Rate: 2.5,
		State: schema.BatchRunning, CreatedAt: day, CreatedBy: "ada", UpdatedAt: day,
		Parts: []schema.Part{{After: "x", Planned: 3}, {Whole: true}},
	}
}

func batchRevisions(t *testing.T, s schema.Store) {
	ctx, b := t.Context(), newBatch()
	_, err := s.Batch(ctx, b.ID)
	wantNotFound(t, "a batch", err, schema.TrackID(b.ID))
	if err := s.CreateBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	if err := s.CreateBatch(ctx, b); !errors.Is(err, schema.ErrConflict) {
		t.Errorf("create a batch twice: got error %v; want %v", err, schema.ErrConflict)
	}
	b.Revision = 1
	got, err := s.Batch(ctx, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the batch's fields", got, b)

	var done atomic.Int64
	together(t, 4, func(i int) error {
		mine := b
		mine.Lease = schema.Lease{Holder: fmt.Sprint(i), Until: day.Add(time.Minute)}
		mine.Parts = []schema.Part{{After: fmt.Sprint(i), Planned: i, Whole: true}}
		next, err := s.SaveBatch(ctx, mine)
		if errors.Is(err, schema.ErrConflict) {
			return nil
		}
		if err == nil && next.Revision != 2 {
			return fmt.Errorf("the next revision is %d; want 2", next.Revision)
		}
		done.Add(1)
		return err
	})
	got, err = s.Batch(ctx, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if done.Load() != 1 || got.Revision != 2 || got.Parts[0].After != got.Lease.Holder {
		t.Errorf("of 4 writes upon one revision %d were done, leaving %+v", done.Load(), got)
	}
	if later := newBatch(); later.ID != "" {
		later.CreatedAt = day.Add(time.Hour)
		if err := s.CreateBatch(ctx, later); err != nil {
			t.Fatal(err)
		}
		all, err := s.AllBatches(ctx)
		if err != nil {
			t.Fatal(err)
		}
		at := func(id string) int {
			return slices.IndexFunc(all, func(b schema.Batch) bool { return b.ID == id })
		}
		if at(later.ID) < 0 || at(b.ID) < at(later.ID) {
			t.Errorf("batches are listed as %+v; want the newest first", all)
		}
	}
}

func outcomesOnce(t *testing.T, s schema.Store) {
	ctx, b := t.Context(), newBatch()
	if err := s.CreateBatch(ctx, b); err != nil {
		t.Fatal(err)
	}
	want := map[schema.TrackID]schema.Code{"a": "", "b": schema.Corrupt, "c": schema.Silent, "d": schema.Corrupt}
	for range 2 {
		if err := s.SaveOutcome(ctx, b.ID, 1, "a", schema.Crashed); err != nil { // the last one counts
			t.Fatal(err)
		}
		for id, code := range want {
			if err := s.SaveOutcome(ctx, b.ID, 1, id, code); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.SaveOutcome(ctx, b.ID, 0, "e", ""); err != nil {
		t.Fatal(err)
	}
	counts, err := s.CountOutcomes(ctx, b.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "counts", counts, schema.BatchCounts{
		Done: 1, Failed: 3, Failures: map[schema.Code]int{schema.Corrupt: 2, schema.Silent: 1},
	})
	got := map[schema.TrackID]schema.Code{}
	for o, err := range s.Outcomes(ctx, b.ID, 1) {
		if err != nil {
			t.Fatal(err)
		}
		got[o.TrackID] = o.Code
	}
	same(t, "outcomes", got, want)
}

func scanGoesOn(t *testing.T, s schema.Store) {
	mine := map[schema.TrackID]bool{} // whether it was analysed
	for i := range 30 {
		id := addTrack(t, s)
		if mine[id] = i%3 != 0; mine[id] {
			save(t, s, heard(id, "v1", day, uint64(i)))
		}
	}
	seen := map[schema.TrackID]int{}
	for part := range s.Parts() {
		for after, more := "", true; more; {
			more = false
			for e, err := range s.Scan(t.Context(), part, after) {
				if err != nil {
					t.Fatal(err)
				}
				seen[e.ID]++
				if analysed, is := mine[e.ID]; is {
					if analysed != (e.Features != nil) {
						t.Errorf("track %s is met with features %+v; it was analysed: %v", e.ID, e.Features, analysed)
					}
					if analysed {
						same(t, "features met", *e.Features, features(t, s, e.ID))
					}
					same(t, "tracks met", e.Track, track(t, s, e.ID))
				}
				after, more = e.Checkpoint, true
				if len(seen)%7 == 0 {
					break // and go on from there
				}
			}
		}
	}
	for id := range mine {
		if seen[id] != 1 {
			t.Errorf("track %s was met %d times", id, seen[id])
		}
	}
}
