package storetest

import (
	"fmt"
	"testing"
	"time"

	"earworm/schema"
)

func readAsSaved(t *testing.T, s schema.Store) {
	unknown := schema.Analysis{ModelVersion: "v1", AnalysedAt: day} // no pulse, no key, no meter, no vector
	zero := heard("", "v1", day, 2)
	zero.Embedding = make([]float32, schema.EmbeddingSize)
	long := heard("", "v1", day, 3)
	for len(long.Beats) < 20_000 { // two hours and a half of beats
		long.Beats = append(long.Beats, long.Beats[len(long.Beats)-1]+0.46875)
	}
	fine := heard("", "v1", day.Add(123_456_789), 4)
	fine.AnalysedAt = fine.AnalysedAt.In(time.FixedZone("elsewhere", 3600))

	for name, a := range map[string]schema.Analysis{
		"a usual one": heard("", "v1", day, 1), "one that heard nothing": unknown,
		"a zero vector": zero, "a long one": long, "a time between milliseconds, in another zone": fine,
	} {
		a.TrackID = addTrack(t, s)
		save(t, s, a)
		got, err := s.Analysis(t.Context(), a.TrackID, "v1")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a.AnalysedAt = a.AnalysedAt.UTC().Truncate(time.Millisecond)
		if a.Embedding != nil && a.Embedding[0] == 0 {
			a.Embedding = nil // a vector without a direction is none
		}
		same(t, name, got, a)
		wantFeatures(t, s, a)
	}
}

func vectorLength(t *testing.T, s schema.Store) {
	a := heard(addTrack(t, s), "v1", day, 1)
	a.Embedding = a.Embedding[:3]
	if err := s.SaveAnalysis(t.Context(), a); err == nil {
		t.Error("a vector of 3 values was saved")
	}
	if got := track(t, s, a.TrackID).Status; got != schema.Pending {
		t.Errorf("after an analysis was refused its track is %s; want %s", got, schema.Pending)
	}
}

func savedTwice(t *testing.T, s schema.Store) {
	a := heard(addTrack(t, s), "v1", day, 1)
	save(t, s, a)
	before := track(t, s, a.TrackID)
	save(t, s, a)
	same(t, "the track's fields", track(t, s, a.TrackID), before)
	wantFeatures(t, s, a)

	// The same version again, of other content: it takes the place of the first.
	a = heard(a.TrackID, "v1", day.Add(time.Hour), 2)
	a.Embedding = nil
	save(t, s, a)
	got, err := s.Analysis(t.Context(), a.TrackID, "")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the analyses", got, a)
	wantFeatures(t, s, a)
	if got := track(t, s, a.TrackID).SHA256; got != a.SHA256 {
		t.Errorf("the track's sha256 is %s; want %s", got, a.SHA256)
	}
}

func earlierVersionStays(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	versions := []schema.Analysis{
		heard(id, "v1", day, 1),
		heard(id, "v3", day.Add(2*time.Hour), 3),
		heard(id, "v2", day.Add(time.Hour), 2), // saved last, heard earlier
	}
	for _, a := range versions {
		save(t, s, a)
	}
	for _, want := range versions {
		got, err := s.Analysis(t.Context(), id, want.ModelVersion)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "analyses of "+want.ModelVersion, got, want)
	}
	newest, err := s.Analysis(t.Context(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the newest analysis's fields", newest, versions[1])
	wantFeatures(t, s, versions[1])
}

func failureKeepsFeatures(t *testing.T, s schema.Store) {
	a := heard(addTrack(t, s), "v1", day, 1)
	l := schema.Label{TrackID: a.TrackID, At: day, TempoBPM: 91}
	save(t, s, a)
	say(t, s, l)
	failure := schema.Fail(schema.Corrupt, "decode %q: frame 812: unexpected EOF", "a.flac")
	for range 2 {
		if err := s.SaveFailure(t.Context(), a.TrackID, "v2", *failure); err != nil {
			t.Fatal(err)
		}
	}
	got := track(t, s, a.TrackID)
	if got.Status != schema.Failed || got.ModelVersion != "v2" || got.Failure == nil || *got.Failure != *failure {
		t.Errorf("after its failure the track is %+v, failure %+v", got, got.Failure)
	}
	if time.Since(got.UpdatedAt).Abs() > time.Hour {
		t.Errorf("a failure of now is dated %v", got.UpdatedAt)
	}
	wantFeatures(t, s, a, l)
	if _, err := s.Analysis(t.Context(), a.TrackID, "v1"); err != nil {
		t.Error(err)
	}

	again := heard(a.TrackID, "v2", day.Add(time.Hour), 2)
	save(t, s, again)
	got = track(t, s, a.TrackID)
	if got.Status != schema.Analysed || got.Failure != nil {
		t.Errorf("analysed after a failure, the track is %s, its failure %v", got.Status, got.Failure)
	}
	wantFeatures(t, s, again, l)
}

func filterFinds(t *testing.T, s schema.Store) {
	mine := map[schema.TrackID]schema.Features{}
	for i := range 60 {
		a := heard(addTrack(t, s), fmt.Sprint("filter-", i%3), day, uint64(i))
		if i%10 == 0 {
			a.Tempo, a.Key, a.Meter = schema.Tempo{}, schema.KeyHeard{}, schema.MeterHeard{}
		}
		save(t, s, a)
		if i%7 == 0 {
			say(t, s, schema.Label{TrackID: a.TrackID, At: day, TempoBPM: 77.5, Key: schema.KeyOf(6, true)})
		}
		mine[a.TrackID] = features(t, s, a.TrackID)
	}
	seven := schema.Meter{Beats: 7, Unit: 4}
	for name, f := range map[string]schema.Filter{
		"nothing":            {},
		"tempo from":         {MinTempo: 100},
		"tempo to":           {MaxTempo: 100},
		"one tempo":          {MinTempo: 77.5, MaxTempo: 77.5},
		"no tempo at all":    {MinTempo: 900},
		"key":                {Key: schema.KeyOf(6, true)},
		"meter":              {Meter: seven},
		"version":            {ModelVersion: "filter-1"},
		"unknown version":    {ModelVersion: "filter-9"},
		"doubtful tempo":     {MaxTempoConfidence: 0.4},
		"doubtful key":       {MaxKeyConfidence: 0.3, MaxMeterConfidence: 0.8},
		"all that there are": {MinTempo: 60, MaxTempo: 170, Meter: schema.Meter{Beats: 3, Unit: 4}, ModelVersion: "filter-2", MaxTempoConfidence: 0.9},
		"tempo and key":      {MinTempo: 60, MaxTempo: 80, Key: schema.KeyOf(6, true)},
	} {
		want := map[schema.TrackID]schema.Features{}
		for id, x := range mine {
			if fits(f, x) {
				want[id] = x
			}
		}
		got := map[schema.TrackID]schema.Features{}
		for x, err := range s.FindFeatures(t.Context(), f) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !fits(f, x) {
				t.Errorf("%s: %+v was found and does not fit", name, x)
			}
			if _, twice := got[x.TrackID]; twice {
				t.Errorf("%s: track %s was found twice", name, x.TrackID)
			}
			if _, is := mine[x.TrackID]; is {
				got[x.TrackID] = x
			}
		}
		same(t, name+": features found", got, want)
	}
}

// fits is schema.Filter's comment as code.
func fits(f schema.Filter, x schema.Features) bool {
	return (f.MinTempo == 0 || x.TempoBPM >= f.MinTempo) &&
		(f.MaxTempo == 0 || x.TempoBPM <= f.MaxTempo) &&
		(f.Key == schema.UnknownKey || x.Key == f.Key) &&
		(f.Meter == schema.Meter{} || x.Meter == f.Meter) &&
		(f.ModelVersion == "" || x.ModelVersion == f.ModelVersion) &&
		(f.MaxTempoConfidence == 0 || x.TempoConfidence <= f.MaxTempoConfidence) &&
		(f.MaxKeyConfidence == 0 || x.KeyConfidence <= f.MaxKeyConfidence) &&
		(f.MaxMeterConfidence == 0 || x.MeterConfidence <= f.MaxMeterConfidence)
}
