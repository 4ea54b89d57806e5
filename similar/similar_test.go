package similar_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"earworm/schema"
	"earworm/schema/sqlite"
	"earworm/similar"
)

// catalogue is a store in which "m1" serves and heard every track.
type catalogue struct {
	t *testing.T
	*sqlite.Store
}

func newCatalogue(t *testing.T) catalogue {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	return catalogue{t, store}
}

// angled is an embedding that points so many degrees away from that of 0.
func angled(degrees float64) []float32 {
	v := make([]float32, schema.EmbeddingSize)
	v[0], v[1] = float32(math.Cos(degrees*math.Pi/180)), float32(math.Sin(degrees*math.Pi/180))
	return v
}

// track is heard by a version, at an angle.
func (c catalogue) track(name, version string, degrees, bpm float64, key string) {
	c.t.Helper()
	k := schema.UnknownKey
	if err := k.UnmarshalText([]byte(key)); err != nil {
		c.t.Fatal(err)
	}
	uri := "file:///music/" + name
	id := schema.TrackID(name)
	_, err := c.AddTrack(c.t.Context(), schema.Track{ID: id, Source: uri, Status: schema.Pending})
	if err == nil {
		err = c.SaveAnalysis(c.t.Context(), schema.Analysis{
			TrackID: id, ModelVersion: version, AnalysedAt: time.Now(), Embedding: angled(degrees),
			Tempo: schema.Tempo{BPM: bpm}, Key: schema.KeyHeard{Name: k}, Meter: schema.MeterHeard{Name: schema.Meter{Beats: 3, Unit: 4}},
		})
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// put is a service of its own: collaborative filtering.
func (c catalogue) put(id schema.TrackID, v ...float32) {
	c.t.Helper()
	if err := c.PutVector(c.t.Context(), id, "cf", v); err != nil {
		c.t.Fatal(err)
	}
}

func ids[M any](matches []M, of func(M) schema.TrackID) string {
	names := make([]string, len(matches))
	for i, m := range matches {
		names[i] = string(of(m))
	}
	return strings.Join(names, " ")
}

func named(m similar.Match) schema.TrackID { return m.TrackID }

func TestLikeIsByAngleThenFiltered(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	c.track("seed", "m1", 0, 100, "C major")
	c.track("same", "m1", 10, 101, "C major")
	c.track("fifth", "m1", 20, 200, "G major")
	c.track("relative", "m1", 30, 50, "A minor")
	c.track("other", "m1", 40, 130, "F# major")
	c.track("of another version", "m2", 0, 100, "C major")
	s := similar.Searcher{Store: c}
	for name, tc := range map[string]struct {
		want similar.Want
		ids  string
	}{
		"all":                {similar.Want{}, "same fifth relative other"},
		"two":                {similar.Want{Limit: 2}, "same fifth"},
		"a range of tempi":   {similar.Want{MinTempo: 90, MaxTempo: 110}, "same"},
		"no upper tempo":     {similar.Want{MinTempo: 110}, "fifth other"},
		"its octaves":        {similar.Want{MinTempo: 90, MaxTempo: 110, Octaves: true}, "same fifth relative"},
		"as fast":            {similar.Want{TempoWithin: 0.05}, "same"},
		"as fast or octaves": {similar.Want{TempoWithin: 0.05, Octaves: true}, "same fifth relative"},
		"the same key":       {similar.Want{KeyLike: similar.SameKey}, "same"},
		"a compatible key":   {similar.Want{KeyLike: similar.CompatibleKey}, "same fifth relative"},
		"a named key":        {similar.Want{Keys: []schema.Key{schema.KeyOf(6, false)}}, "other"},
		"another meter":      {similar.Want{Meter: schema.Meter{Beats: 4, Unit: 4}}, ""},
		"the version's name": {similar.Want{Weights: map[string]float64{"m1": 2}}, "same fifth relative other"},
	} {
		got, err := s.Like(t.Context(), "seed", tc.want)
		if err != nil || ids(got, named) != tc.ids {
			t.Errorf("%s: %q, %v; want %q", name, ids(got, named), err, tc.ids)
		}
	}
	got, err := s.Like(t.Context(), "seed", similar.Want{Limit: 1})
	if err != nil || math.Abs(got[0].Similarity-math.Cos(10*math.Pi/180)) > 1e-6 || got[0].Features.TempoBPM != 101 || got[0].Source != "file:///music/same" {
		t.Errorf("the nearest is %+v, %v", got, err)
	}
	if near, err := s.Near(t.Context(), map[string][]float32{similar.Audio: angled(40)}, similar.Want{Limit: 2}); err != nil || ids(near, named) != "other relative" {
		t.Errorf("near a vector are %q, %v", ids(near, named), err)
	}
}

func TestSpacesAreBlendedByWeight(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	c.track("seed", "m1", 0, 100, "")
	c.track("sounds", "m1", 5, 100, "")    // like it, listeners differ
	c.track("listened", "m1", 80, 100, "") // the reverse
	c.track("both", "m1", 30, 100, "")
	c.track("alone", "m1", 1, 100, "") // in no other space
	c.put("seed", 1, 0)
	c.put("sounds", 0, 1)
	c.put("listened", 1, 0.01)
	c.put("both", 1, 0.5)
	s := similar.Searcher{Store: c}
	for want, weights := range map[string]map[string]float64{
		"alone sounds both listened":  {"audio": 1},
		"listened both sounds":        {"cf": 1},
		"both listened alone sounds":  {"audio": 1, "cf": 1},
		"alone sounds both listened ": {"audio": 1, "cf": 0},
		"listened both alone sounds ": {"audio": 1, "cf": 50},
	} {
		got, err := s.Like(t.Context(), "seed", similar.Want{Weights: weights})
		if err != nil || ids(got, named) != strings.TrimSpace(want) {
			t.Errorf("by %v: %q, %v; want %q", weights, ids(got, named), err, want)
		}
	}
	// A blend of one cosine is that cosine.
	got, err := s.Like(t.Context(), "seed", similar.Want{Weights: map[string]float64{"audio": 3, "cf": 1}, Limit: 1})
	if err != nil || math.Abs(got[0].Similarity-(0.75*got[0].Spaces["audio"]+0.25*got[0].Spaces["cf"])) > 1e-9 {
		t.Errorf("the blend is %+v, %v", got, err)
	}
}

func TestQueriesThatCannotBe(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	c.track("seed", "m1", 0, 100, "")
	c.track("new", "m2", 0, 100, "")
	c.put("seed", 1, 0)
	s := similar.Searcher{Store: c}
	for want, w := range map[string]similar.Want{
		`unknown space "text"; want audio, cf`:                                 {Weights: map[string]float64{"text": 1}},
		`space "m2" is of a model version that does not serve; want audio, cf`: {Weights: map[string]float64{"m2": 1}},
		"is named twice":          {Weights: map[string]float64{"m1": 1, "audio": 1}},
		"weight of space \"cf\"":  {Weights: map[string]float64{"cf": -1}},
		"no space has a weight":   {Weights: map[string]float64{"cf": 0}},
		"limit is 101; want 1 to": {Limit: 101},
		"want a range of BPM":     {MinTempo: 100, MaxTempo: 90},
		"tempo within 2":          {TempoWithin: 2},
		"has no key to be like":   {KeyLike: similar.SameKey},
		"want same or compatible": {KeyLike: "near"},
	} {
		_, err := s.Like(t.Context(), "seed", w)
		if _, ok := errors.AsType[*similar.Refusal](err); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v; want %q in it", w, err, want)
		}
	}
	for name, tc := range map[string]struct {
		vectors map[string][]float32
		want    error
	}{
		"another length": {map[string][]float32{"cf": {1, 2, 3}}, schema.ErrLength},
		"all zero":       {map[string][]float32{"cf": {0, 0}}, schema.ErrZero},
	} {
		if _, err := s.Near(t.Context(), tc.vectors, similar.Want{}); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v; want %v", name, err, tc.want)
		}
	}
	for _, id := range []schema.TrackID{"nobody", "new"} { // new was heard by m2 alone
		if _, err := s.Like(t.Context(), id, similar.Want{}); !errors.Is(err, schema.ErrNotFound) {
			t.Errorf("like %s: %v; want not found", id, err)
		}
	}
}

func TestShelf(t *testing.T) {
	t.Parallel()
	c := newCatalogue(t)
	c.track("waltz.flac", "m1", 0, 100, "C major")
	c.track("polka.flac", "m1", 90, 140, "E major")
	c.track("like waltz", "m1", 5, 101, "G major")
	c.track("like polka", "m1", 88, 70, "E major")
	c.track("far, fitting", "m1", 170, 99, "A minor")
	c.track("far, as fast", "m1", 175, 100, "F# major")
	c.track("far", "m1", 180, 77, "F# major")
	s := similar.Searcher{Store: c}
	picks, err := s.Shelf(t.Context(), []similar.Heard{{"waltz.flac", 3}, {"polka.flac", 1}, {"gone", 9}}, similar.ShelfWant{Near: 2, Different: 3})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range picks {
		got = append(got, fmt.Sprintf("%s %s: %s", p.Kind, p.TrackID, p.Reason))
	}
	want := []string{
		"near like waltz: sounds like waltz.flac: as fast, in a neighbouring key, in 3/4 too",
		"near like polka: sounds like polka.flac: half as fast, in the same key, in 3/4 too",
		"different far, fitting: sounds unlike waltz.flac, yet is as fast, in the relative key, in 3/4 too",
		"different far, as fast: sounds unlike waltz.flac, yet is as fast, in 3/4 too",
		"different far: sounds unlike waltz.flac, yet is in 3/4 too",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the shelf is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if last := picks[len(picks)-1]; last.Similarity > -0.99 {
		t.Errorf("the opposite of what was heard has similarity %g", last.Similarity)
	}
	for want, heard := range map[string][]similar.Heard{
		"0 tracks were heard":      nil,
		"want a number above 0":    {{"waltz.flac", 0}},
		"51 tracks were heard":     make([]similar.Heard, 51),
		"of the heard tracks: not": {{"gone", 1}},
	} {
		if _, err := s.Shelf(t.Context(), heard, similar.ShelfWant{Near: 1}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q in it", err, want)
		}
	}
}

func TestReadKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]similar.Want{
		"":           {},
		"same":       {KeyLike: similar.SameKey},
		"compatible": {KeyLike: similar.CompatibleKey},
		"F# minor":   {Keys: []schema.Key{schema.KeyOf(6, true)}},
		"gb maj":     {Keys: []schema.Key{schema.KeyOf(6, false)}},
	} {
		var got similar.Want
		if err := got.ReadKey(text); err != nil || got.KeyLike != want.KeyLike || !slices.Equal(got.Keys, want.Keys) {
			t.Errorf("%q is read as %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"Same", "H", "compatible ", "any"} {
		var got similar.Want
		err := got.ReadKey(text)
		if _, ok := errors.AsType[*similar.Refusal](err); !ok || got.Keys != nil || got.KeyLike != "" {
			t.Errorf("%q is read as %+v, %v; want it refused", text, got, err)
		}
	}
}

// Compatible keys are an hour or less apart on the Camelot wheel, and each is
// compatible with the other.
func TestCompatibleKeysAreNeighboursOnTheWheel(t *testing.T) {
	t.Parallel()
	for _, k := range schema.Keys() {
		all := similar.Compatible(k)
		if len(all) != 4 || !slices.Contains(all, k) {
			t.Errorf("compatible with %s are %v", k, all)
		}
		for _, other := range all {
			var h1, h2 int
			var s1, s2 byte
			if _, err := fmt.Sscanf(k.Camelot()+" "+other.Camelot(), "%d%c %d%c", &h1, &s1, &h2, &s2); err != nil {
				t.Fatal(err)
			}
			apart := min((h1-h2+12)%12, (h2-h1+12)%12)
			if apart > 1 || s1 != s2 && apart != 0 || !slices.Contains(similar.Compatible(other), k) {
				t.Errorf("%s (%s) and %s (%s) are called compatible", k, k.Camelot(), other, other.Camelot())
			}
		}
	}
	if similar.Compatible(schema.UnknownKey) != nil {
		t.Error("an unknown key is compatible with some")
	}
}

var _ similar.Store = schema.Store(nil)

func BenchmarkLike(b *testing.B) {
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	for n := range 2000 {
		id := schema.TrackID(fmt.Sprint(n))
		if _, err := store.AddTrack(b.Context(), schema.Track{ID: id, Source: "s", Status: schema.Pending}); err != nil {
			b.Fatal(err)
		}
		a := schema.Analysis{TrackID: id, ModelVersion: "m", AnalysedAt: time.Now(), Embedding: angled(float64(n))}
		if err := store.SaveAnalysis(context.WithoutCancel(b.Context()), a); err != nil {
			b.Fatal(err)
		}
	}
	s := similar.Searcher{Store: store}
	for b.Loop() {
		if _, err := s.Like(b.Context(), "7", similar.Want{}); err != nil {
			b.Fatal(err)
		}
	}
}
