package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
)

// twoVersions is the path of a store in which v1, which serves, and v2 heard
// some tracks differently, with the name of how.
func twoVersions(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "earworm.db")
	s, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	c, am, g, gm := schema.KeyOf(0, false), schema.KeyOf(9, true), schema.KeyOf(7, false), schema.KeyOf(7, true)
	for id, heard := range map[schema.TrackID][2]struct {
		bpm   float64
		key   schema.Key
		beats int
	}{
		"same":     {{100, c, 4}, {101, c, 4}},
		"double":   {{70, c, 4}, {140, c, 4}},
		"half":     {{140, c, 4}, {70, c, 4}},
		"third":    {{60, c, 4}, {90, c, 3}},
		"fifth":    {{90, c, 4}, {90, g, 4}},
		"relative": {{90, c, 4}, {90, am, 4}},
		"far":      {{90, c, 4}, {90, gm, 4}},
	} {
		if _, err := s.AddTrack(t.Context(), schema.Track{ID: id, Source: "file:///" + string(id), Status: schema.Pending}); err != nil {
			t.Fatal(err)
		}
		for i, version := range []string{"v1", "v2"} {
			a := schema.Analysis{TrackID: id, ModelVersion: version, AnalysedAt: time.UnixMilli(int64(i + 1))}
			a.Tempo.BPM, a.Key.Name, a.Meter.Name = heard[i].bpm, heard[i].key, schema.Meter{Beats: heard[i].beats, Unit: 4}
			if err := s.SaveAnalysis(t.Context(), a); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, l := range []schema.Label{{TrackID: "double", TempoBPM: 140}, {TrackID: "fifth", Key: c}} {
		l.At, l.Author = time.UnixMilli(5), "ann"
		if err := s.AddLabel(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	serving, err := s.Serving(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if serving.ModelVersion != "v1" {
		if _, err := s.Promote(t.Context(), "v1", "ann", serving); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// TestDiffCommand: changes are counted by their kind, labels take a side.
func TestDiffCommand(t *testing.T) {
	t.Parallel()
	path := twoVersions(t)
	code, out, errs := typed(t, "", "diff", "--store", path, "--json", "v1", "v2")
	if code != exitOK {
		t.Fatalf("diff ends with %d: %s", code, errs)
	}
	r := read[diffReport](t, out)
	if r.Tempo != (tempoChanges{3, 1, 1, 1}) || r.Key != (keyChanges{3, 1, 1, 1}) || r.Meter.Changed != 1 || r.Both != 7 {
		t.Errorf("tempo %+v, key %+v, meter %+v of %d", r.Tempo, r.Key, r.Meter, r.Both)
	}
	four, three := schema.Meter{Beats: 4, Unit: 4}, schema.Meter{Beats: 3, Unit: 4}
	if len(r.Meter.Pairs) != 1 || r.Meter.Pairs[0] != (meterPair{four, three, 1}) {
		t.Errorf("meters change as %+v", r.Meter.Pairs)
	}
	if r.Labels.Old.Tempo != (rightOf{0, 1}) || r.Labels.New.Tempo != (rightOf{1, 1}) || r.Labels.Old.Key != (rightOf{1, 1}) || r.Labels.New.Key != (rightOf{0, 1}) {
		t.Errorf("labels say %+v", r.Labels)
	}
	if len(r.Changed) != 6 || r.Changed[0].TrackID != "fifth" || r.Changed[0].Broken != 1 || r.Changed[1].TrackID != "double" || r.Changed[1].Fixed != 1 {
		t.Errorf("changed are %+v; want what is broken first, then what is mended", r.Changed)
	}
	code, out, errs = typed(t, "", "diff", "--store", path, "--limit", "2", "v1", "v2")
	for _, want := range []string{
		"tracks  7: 7 heard by both, 0 by old alone, 0 by new alone\n",
		"tempo   3 changed (42.9 %): 1 halved, 1 doubled, 1 otherwise\n",
		"key     3 changed (42.9 %): 1 by a fifth, 1 to the relative key, 1 otherwise\n",
		"meter   1 changed (14.3 %): 1 4/4 to 3/4\n",
		"labels  old agrees on tempo 0 of 1, key 1 of 1, meter 0 of 0\n",
		"C major > G major",
		"70.0 > 140.0",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("code %d, %s\n%s\nlacks %q", code, errs, out, want)
		}
	}
}

// TestForgetCommand: the serving version stays, another goes, for good.
func TestForgetCommand(t *testing.T) {
	t.Parallel()
	path := twoVersions(t)
	for _, c := range []struct {
		version string
		code    int
		says    string
	}{
		{"v1", exitFailed, "v1 serves readers; nothing was deleted"},
		{"v2", exitOK, "forgot v2, which had heard 7 tracks"},
		{"v2", exitFailed, `no track was analysed by model version "v2"`},
	} {
		if code, _, errs := typed(t, "", "forget", "--store", path, c.version); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("forget %s: code %d, %q; want %d, %q", c.version, code, errs, c.code, c.says)
		}
	}
	if code, out, errs := typed(t, "", "labels", "--store", path, "export"); code != exitOK || strings.Count(out, ",ann,") != 2 {
		t.Errorf("labels after that, code %d: %s%s", code, out, errs)
	}
}
