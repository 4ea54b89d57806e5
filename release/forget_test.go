package release_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"earworm/release"
	"earworm/schema"
	"earworm/schema/sqlite"
)

// versions are those that a store has heard of.
func versions(t *testing.T, s *sqlite.Store) []string {
	t.Helper()
	all, err := s.ModelVersions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestForget: the version is gone from every track, the other and what people
// said are not; one that was cut off is finished by doing it again.
func TestForget(t *testing.T) {
	t.Parallel()
	s := catalogue(t)
	ctx, cancel := context.WithCancel(t.Context())
	first, err := release.Forget(ctx, s, "v2", func(walked int) {
		if walked == tracks/3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || first >= tracks || !slices.Contains(versions(t, s), "v2") {
		t.Fatalf("cut off, %d are deleted, %v, versions are %v", first, err, versions(t, s))
	}
	walked := 0
	second, err := release.Forget(t.Context(), s, "v2", func(n int) { walked = n })
	if err != nil || first+second != tracks || walked != tracks {
		t.Errorf("then %d of %d are deleted, %v; want the other %d", second, walked, err, tracks-first)
	}
	if got := versions(t, s); !slices.Equal(got, []string{"v1"}) {
		t.Errorf("versions are %v; want v1 alone", got)
	}
	holds(t, s, "v1", 100)
	if _, err := s.Analysis(t.Context(), "t03", "v2"); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("an analysis of v2: %v; want that there is none", err)
	}
	if _, err := release.Forget(t.Context(), s, "v2", nil); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("forgotten again: %v; want %v", err, schema.ErrNotFound)
	}
}

// TestForgetRefuses the version that serves, and one that a batch is at.
func TestForgetRefuses(t *testing.T) {
	t.Parallel()
	s := catalogue(t)
	if err := s.CreateBatch(t.Context(), schema.Batch{ID: "b1", Selector: "{}", ModelVersion: "v2", State: schema.BatchPaused, CreatedAt: time.UnixMilli(1), Revision: 1}); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]error{"v1": schema.ErrServing, "v2": schema.ErrConflict} {
		if n, err := release.Forget(t.Context(), s, version, nil); !errors.Is(err, want) || n > 0 {
			t.Errorf("forget %s: %d deleted, %v; want %v", version, n, err, want)
		}
	}
	if got := versions(t, s); len(got) != 2 {
		t.Errorf("versions are %v; want both", got)
	}
}
