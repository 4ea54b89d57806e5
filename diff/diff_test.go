package diff_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"earworm/diff"
	"earworm/schema"
	"earworm/schema/sqlite"
)

func key(t *testing.T, name string) schema.Key {
	t.Helper()
	k, err := schema.ParseKey(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// catalogue has tracks that two versions heard, or one of them.
type catalogue struct {
	*sqlite.Store
	t *testing.T
}

func newCatalogue(t *testing.T) *catalogue {
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
	return &catalogue{s, t}
}

func (c *catalogue) heard(id, version string, bpm float64, key schema.Key, beats int) {
	c.t.Helper()
	if _, err := c.AddTrack(c.t.Context(), schema.Track{ID: schema.TrackID(id), Source: "file:///" + id, Status: schema.Pending}); err != nil {
		c.t.Fatal(err)
	}
	err := c.SaveAnalysis(c.t.Context(), schema.Analysis{
		TrackID: schema.TrackID(id), ModelVersion: version, AnalysedAt: time.Now(),
		Tempo: schema.Tempo{BPM: bpm, Confidence: 0.5}, Key: schema.KeyHeard{Name: key, Confidence: 0.5},
		Meter: schema.MeterHeard{Name: schema.Meter{Beats: beats, Unit: 4}, BeatsPerBar: beats, Confidence: 0.5},
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *catalogue) say(id string, l schema.Label) {
	c.t.Helper()
	l.TrackID, l.At, l.Author = schema.TrackID(id), time.Now(), "ada"
	if err := c.AddLabel(c.t.Context(), l); err != nil {
		c.t.Fatal(err)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	cMajor, aMinor, gMajor := key(t, "C major"), key(t, "A minor"), key(t, "G major")
	c.heard("same", "v1", 100, cMajor, 4)
	c.heard("same", "v2", 101, cMajor, 4)
	c.heard("double", "v1", 70, cMajor, 4)
	c.heard("double", "v2", 140, gMajor, 4)
	c.heard("mended", "v1", 60, cMajor, 4)
	c.heard("mended", "v2", 120, cMajor, 3)
	c.say("mended", schema.Label{TempoBPM: 120, Meter: schema.Meter{Beats: 3, Unit: 4}})
	c.heard("broken", "v1", 90, cMajor, 4)
	c.heard("broken", "v2", 90, aMinor, 4)
	c.say("broken", schema.Label{Key: cMajor})
	c.heard("old", "v1", 90, cMajor, 4)
	c.heard("new", "v2", 90, cMajor, 4)

	r, err := diff.Compare(t.Context(), c, "v1", "v2", nil)
	if err != nil {
		t.Fatal(err)
	}
	if r.Tracks != 6 || r.Both != 4 || r.OnlyOld != 1 || r.OnlyNew != 1 || r.Tempo != 2 || r.Key != 2 || r.Meter != 1 {
		t.Errorf("compared are %+v", r)
	}
	four, three := schema.Meter{Beats: 4, Unit: 4}, schema.Meter{Beats: 3, Unit: 4}
	if r.Meters[[2]schema.Meter{four, four}] != 3 || r.Meters[[2]schema.Meter{four, three}] != 1 {
		t.Errorf("meters are %v", r.Meters)
	}
	if r.Ratios[diff.Ratios/2] != 2 || r.Ratios[diff.Ratios/2+8] != 2 {
		t.Errorf("ratios are %v; want two the same and two doubled", r.Ratios)
	}
	if r.Moves[0][0] != 2 || r.Moves[0][1] != 1 || r.Moves[1][0] != 1 {
		t.Errorf("keys move %v; want two that stay, one a fifth up, one to its relative", r.Moves)
	}
	up, relative := r.Keys[[2]schema.Key{cMajor, gMajor}], r.Keys[[2]schema.Key{cMajor, aMinor}]
	if len(r.Keys) != 2 || up.Tracks != 1 || len(up.Changed) != 1 || up.Changed[0].Track.ID != "double" || relative.Tracks != 1 {
		t.Errorf("keys move %v; want one from C major to G major, one to A minor", r.Keys)
	}
	if r.OldRight.KeyRight != 1 || r.NewRight.KeyRight != 0 || r.OldRight.TempoRight != 0 || r.NewRight.TempoRight != 1 || r.NewRight.MeterRight != 1 {
		t.Errorf("right were %+v, are %+v", r.OldRight, r.NewRight)
	}
	var order []string
	for _, ch := range r.Changed {
		order = append(order, fmt.Sprint(ch.Track.ID, " +", ch.Fixed, " -", ch.Broken))
	}
	if fmt.Sprint(order) != "[broken +0 -1 mended +2 -0 double +0 -0]" {
		t.Errorf("changed are %v", order)
	}
}

// However many tracks make the same move, a report counts them all and names
// those that weigh most.
func TestManyOfOneMove(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	const tracks = 2*diff.MostOfMove + 7
	for i := range tracks {
		id := fmt.Sprintf("t%03d", i)
		c.heard(id, "v1", 100, key(t, "C major"), 4)
		c.heard(id, "v2", 100, key(t, "F minor"), 4)
	}
	c.say("t003", schema.Label{Key: key(t, "C major")})
	r, err := diff.Compare(t.Context(), c, "v1", "v2", nil)
	if err != nil {
		t.Fatal(err)
	}
	m := r.Keys[[2]schema.Key{key(t, "C major"), key(t, "F minor")}]
	if m.Tracks != tracks || len(m.Changed) != diff.MostOfMove || m.Changed[0].Track.ID != "t003" {
		t.Errorf("%d tracks move, %d of them are named; want %d, %d", m.Tracks, len(m.Changed), tracks, diff.MostOfMove)
	}
}

func TestRatios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		old, heard float64
		off        int
		ok         bool
	}{{100, 100, 0, true}, {100, 200, 8, true}, {100, 50, -8, true}, {100, 150, 5, true}, {100, 1000, 16, true}, {0, 100, 0, false}, {100, 0, 0, false}} {
		class, ok := diff.RatioOf(c.old, c.heard)
		if ok != c.ok || ok && class-diff.Ratios/2 != c.off {
			t.Errorf("%g to %g BPM is %d off, %v; want %d, %v", c.old, c.heard, class-diff.Ratios/2, ok, c.off, c.ok)
		}
	}
}
