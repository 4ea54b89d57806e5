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

// versionOf is a version of the law's own.
func versionOf(n int) string { return fmt.Sprintf("law-%d.%d", made.Add(1), n) }

func refresh(t *testing.T, s schema.Store, id schema.TrackID) {
	t.Helper()
	if err := s.RefreshFeatures(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func servingCounts(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	v1, v2 := versionOf(1), versionOf(2)
	older, newer := heard(id, v1, day, 1), heard(id, v2, day.Add(time.Hour), 2)
	save(t, s, older)
	first := promote(t, s, v1)
	save(t, s, newer)
	wantFeatures(t, s, older)

	second := promote(t, s, v2)
	if second.Previous != v1 || second.Revision != first.Revision+1 || second.By != "ada" {
		t.Errorf("promoted %s after %s: %+v", v2, v1, second)
	}
	got, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what serves", got, second)
	refresh(t, s, id)
	refresh(t, s, id) // twice is once
	wantFeatures(t, s, newer)

	promote(t, s, v1)
	refresh(t, s, id)
	wantFeatures(t, s, older)

	analyses, err := s.TrackAnalyses(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	older.Embedding, newer.Embedding = nil, nil
	same(t, "analyses", analyses, []schema.Analysis{newer, older})
}

func onePromotion(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	versions := []string{versionOf(1), versionOf(2), versionOf(3)}
	for i, v := range versions {
		save(t, s, heard(id, v, day, uint64(i)))
	}
	was, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var done atomic.Int64
	together(t, len(versions), func(i int) error {
		_, err := s.Promote(t.Context(), versions[i], "", was)
		switch {
		case err == nil:
			done.Add(1)
		case errors.Is(err, schema.ErrConflict):
			err = nil
		}
		return err
	})
	if done.Load() != 1 {
		t.Errorf("of %d promotions at once %d were done", len(versions), done.Load())
	}
	now, err := s.Serving(t.Context())
	if err != nil || now.Revision != was.Revision+1 {
		t.Errorf("after them %+v serves, before them %+v; error %v", now, was, err)
	}
}

func unheardCannotServe(t *testing.T, s schema.Store) {
	was, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Promote(t.Context(), "never-heard", "", was); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("promote a version that was never heard: got error %v; want %v", err, schema.ErrNotFound)
	}
	now, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "what serves", now, was)
	id := addTrack(t, s)
	wantNotFound(t, "refresh features of a track never analysed", s.RefreshFeatures(t.Context(), id), id)
}

func labelSurvivesVersion(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	v1, v2 := versionOf(1), versionOf(2)
	older, newer := heard(id, v1, day, 1), heard(id, v2, day.Add(time.Hour), 2)
	label := schema.Label{TrackID: id, At: day, Author: "ada", TempoBPM: 61}
	save(t, s, older)
	say(t, s, label)
	save(t, s, newer)
	for _, v := range []string{v2, v1} {
		if err := s.DeleteAnalysis(t.Context(), id, v); err != nil {
			t.Fatal(err)
		}
		wantNotFound(t, "delete an analysis twice", s.DeleteAnalysis(t.Context(), id, v), id)
		if v == v2 {
			wantFeatures(t, s, older, label)
		}
		if err := s.ForgetVersion(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Features(t.Context(), id)
	wantNotFound(t, "features without an analysis", err, id)
	left, err := s.ModelVersions(t.Context())
	if err != nil || slices.Contains(left, v1) || slices.Contains(left, v2) || !slices.IsSorted(left) {
		t.Errorf("versions left are %q; error %v", left, err)
	}
	labels, err := s.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "labels", labels, []schema.Label{label})
	save(t, s, newer)
	wantFeatures(t, s, newer, label)
}

func servingStays(t *testing.T, s schema.Store) {
	id, v := addTrack(t, s), versionOf(1)
	a := heard(id, v, day, 1)
	save(t, s, a)
	promote(t, s, v)
	for what, err := range map[string]error{
		"its analysis": s.DeleteAnalysis(t.Context(), id, v), "it": s.ForgetVersion(t.Context(), v),
	} {
		if !errors.Is(err, schema.ErrServing) {
			t.Errorf("delete %s: got error %v; want %v", what, err, schema.ErrServing)
		}
	}
	wantFeatures(t, s, a)
}
