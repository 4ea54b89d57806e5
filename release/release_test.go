package release_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"earworm/release"
	"earworm/schema"
	"earworm/schema/sqlite"
)

const tracks = 12

// catalogue holds tracks that v1, which serves, and v2 have heard: at 100 and
// at 120 BPM. A person says that the first is at 90.
func catalogue(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "earworm.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for i := range tracks {
		id := schema.TrackID(fmt.Sprintf("t%02d", i))
		if _, err := s.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///" + string(id), Status: schema.Pending}); err != nil {
			t.Fatal(err)
		}
		for n, version := range []string{"v1", "v2"} {
			a := schema.Analysis{TrackID: id, ModelVersion: version, AnalysedAt: time.UnixMilli(int64(n + 1))}
			a.Tempo.BPM = float64(100 + 20*n)
			if err := s.SaveAnalysis(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := s.AddLabel(t.Context(), schema.Label{TrackID: "t00", At: time.UnixMilli(9), Author: "ann", TempoBPM: 90}); err != nil {
		t.Fatal(err)
	}
	return s
}

// promote has another version serve.
func promote(t *testing.T, s *sqlite.Store, version string) schema.Serving {
	t.Helper()
	from, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now, err := s.Promote(t.Context(), version, "ann", from)
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// holds checks that all features are from a version, and the label still counts.
func holds(t *testing.T, s *sqlite.Store, version string, bpm float64) {
	t.Helper()
	for i := range tracks {
		f, err := s.Features(t.Context(), schema.TrackID(fmt.Sprintf("t%02d", i)))
		if err != nil {
			t.Fatal(err)
		}
		want := bpm
		if i == 0 {
			want = 90
		}
		if f.ModelVersion != version || f.TempoBPM != want {
			t.Errorf("track %d is at %g by %s; want %g by %s", i, f.TempoBPM, f.ModelVersion, want, version)
		}
	}
}

func TestFeaturesFollowThereAndBack(t *testing.T) {
	t.Parallel()
	s := catalogue(t)
	for _, step := range []struct {
		version string
		bpm     float64
	}{{"v2", 120}, {"v1", 100}} {
		n, err := release.Follow(t.Context(), s, promote(t, s, step.version), nil)
		if err != nil || n != tracks {
			t.Fatalf("walked %d tracks, %v; want %d", n, err, tracks)
		}
		holds(t, s, step.version, step.bpm)
	}
}

// counted counts the features that are made anew.
type counted struct {
	*sqlite.Store
	made, most int
}

var errBroken = errors.New("the store is gone")

func (c *counted) RefreshFeatures(ctx context.Context, id schema.TrackID) error {
	if c.made == c.most {
		return errBroken
	}
	c.made++
	return c.Store.RefreshFeatures(ctx, id)
}

func TestAWalkThatWasCutOffIsFinishedByAnother(t *testing.T) {
	t.Parallel()
	s := catalogue(t)
	now := promote(t, s, "v2")
	first := &counted{Store: s, most: 5}
	if _, err := release.Follow(t.Context(), first, now, nil); !errors.Is(err, errBroken) {
		t.Fatalf("error is %v; want %v", err, errBroken)
	}
	second := &counted{Store: s, most: tracks}
	if _, err := release.Follow(t.Context(), second, now, nil); err != nil {
		t.Fatal(err)
	}
	holds(t, s, "v2", 120)
	if most := tracks - first.made + 1; second.made > most { // the labelled one is made again
		t.Errorf("the second walk made %d features anew; want at most %d", second.made, most)
	}
}

func TestAnotherPromotionTakesOver(t *testing.T) {
	t.Parallel()
	s := catalogue(t)
	old := promote(t, s, "v2")
	promote(t, s, "v1")
	if _, err := release.Follow(t.Context(), s, old, nil); !errors.Is(err, release.ErrOvertaken) {
		t.Errorf("error is %v; want %v", err, release.ErrOvertaken)
	}
	holds(t, s, "v1", 100)
}
