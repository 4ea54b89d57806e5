package storetest

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"earworm/schema"
)

func spaceLength(t *testing.T, s schema.Store) {
	ctx, id, space := t.Context(), addTrack(t, s), versionOf(0)
	_, err := s.TrackVector(ctx, id, space)
	wantNotFound(t, "a vector", err, id)
	if _, err := s.Nearest(ctx, schema.Near{Space: space, Vector: []float32{1}, Limit: 1}); !errors.Is(err, schema.ErrNotFound) {
		t.Errorf("search a space that is not there: got error %v; want %v", err, schema.ErrNotFound)
	}
	v := []float32{0.5, -2, 3.25}
	for range 2 {
		if err := s.PutVector(ctx, id, space, v); err != nil {
			t.Fatal(err)
		}
	}
	wantNotFound(t, "a vector of no track", s.PutVector(ctx, "nowhere", space, v), "nowhere")
	for name, c := range map[string]struct {
		v    []float32
		want error
	}{
		"shorter":      {v[:2], schema.ErrLength},
		"longer":       {append(slices.Clone(v), 1), schema.ErrLength},
		"none":         {nil, schema.ErrLength},
		"too long":     {make([]float32, schema.MaxVector+1), schema.ErrLength},
		"zero":         {make([]float32, 3), schema.ErrZero},
		"not a number": {[]float32{1, float32(math.NaN()), 0}, schema.ErrZero},
		"infinite":     {[]float32{1, float32(math.Inf(1)), 0}, schema.ErrZero},
	} {
		if err := s.PutVector(ctx, id, space, c.v); !errors.Is(err, c.want) {
			t.Errorf("%s: put: got error %v; want %v", name, err, c.want)
		}
		if _, err := s.Nearest(ctx, schema.Near{Space: space, Vector: c.v, Limit: 1}); !errors.Is(err, c.want) {
			t.Errorf("%s: search: got error %v; want %v", name, err, c.want)
		}
	}
	got, err := s.TrackVector(ctx, id, space)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the vector's values", got, v)

	a := heard(id, versionOf(1), day, 1)
	save(t, s, a)
	if err := s.PutVector(ctx, id, a.ModelVersion, a.Embedding); !errors.Is(err, schema.ErrConflict) {
		t.Errorf("write into a model's space: got error %v; want %v", err, schema.ErrConflict)
	}
	spaces, err := s.Spaces(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []schema.Space{{Name: space, Length: 3}, {Name: a.ModelVersion, Length: schema.EmbeddingSize, Model: true}} {
		if !slices.Contains(spaces, want) {
			t.Errorf("spaces are %+v; want %+v among them", spaces, want)
		}
	}
}

func nearestFound(t *testing.T, s schema.Store) {
	version := versionOf(1)
	heardAs := map[schema.TrackID]schema.Analysis{}
	for i := range 80 {
		a := heard(addTrack(t, s), version, day, uint64(i))
		save(t, s, a)
		heardAs[a.TrackID] = a
	}
	labelled := addTrack(t, s)
	a := heard(labelled, version, day, 99)
	save(t, s, a)
	say(t, s, schema.Label{TrackID: labelled, At: day, TempoBPM: 333, Key: schema.KeyOf(4, false)})
	heardAs[labelled] = a

	rng := rand.New(rand.NewPCG(3, 4))
	v := make([]float32, schema.EmbeddingSize)
	for i := range v {
		v[i] = rng.Float32() - 0.5
	}
	for name, q := range map[string]schema.Near{
		"all":               {},
		"tempo":             {Filter: schema.Filter{MinTempo: 90, MaxTempo: 140}},
		"either tempo":      {Tempi: [][2]float64{{60, 70}, {120, 140}}},
		"a person's tempo":  {Tempi: [][2]float64{{330, 340}}},
		"meter":             {Filter: schema.Filter{Meter: schema.Meter{Beats: 3, Unit: 4}}},
		"keys":              {Keys: []schema.Key{schema.KeyOf(4, false), schema.KeyOf(4, true), schema.KeyOf(1, true)}},
		"keys and tempo":    {Keys: schema.Keys()[:12], Filter: schema.Filter{MinTempo: 100}},
		"nothing fits":      {Filter: schema.Filter{MinTempo: 900}},
		"a confident tempo": {Filter: schema.Filter{MaxTempoConfidence: 0.5}},
	} {
		q.Space, q.Vector, q.Limit = version, v, 10
		got, err := s.Nearest(t.Context(), q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := schema.NewNearest(q.Limit)
		for id, a := range heardAs {
			if fitsNear(q, features(t, s, id)) {
				want.Add(schema.Neighbour{TrackID: id, Similarity: schema.CosineTo(v)(a.Embedding)})
			}
		}
		if len(got) != len(want.Ranked()) {
			t.Fatalf("%s: %d are found; want %d", name, len(got), len(want.Ranked()))
		}
		for i, w := range want.Ranked() {
			if got[i].TrackID != w.TrackID || math.Abs(got[i].Similarity-w.Similarity) > 1e-5 {
				t.Errorf("%s: number %d is %+v; want %+v", name, i, got[i], w)
			}
		}
	}
}

func fitsNear(q schema.Near, f schema.Features) bool {
	tempo := len(q.Tempi) == 0 || slices.ContainsFunc(q.Tempi, func(r [2]float64) bool { return f.TempoBPM >= r[0] && f.TempoBPM <= r[1] })
	return tempo && (len(q.Keys) == 0 || slices.Contains(q.Keys, f.Key)) && fits(q.Filter, f)
}
