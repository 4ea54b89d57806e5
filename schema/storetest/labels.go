package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"earworm/schema"
)

func labelWins(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	a := heard(id, "v1", day, 1)
	save(t, s, a)
	l := schema.Label{
		TrackID: id, At: day.Add(time.Minute), Author: "ada", Note: "felt in six",
		TempoBPM: 91.25, Key: schema.KeyOf(1, true), Meter: schema.Meter{Beats: 6, Unit: 8},
	}
	say(t, s, l)
	wantFeatures(t, s, a, l)
	for i := range 3 {
		a = heard(id, fmt.Sprint("v", i+2), day.Add(time.Duration(i+1)*time.Hour), uint64(i+2))
		save(t, s, a)
		wantFeatures(t, s, a, l)
	}
	labels, err := s.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "labels", labels, []schema.Label{l})
}

// labelTakenBack: what was said by mistake no longer counts, and can still be read.
func labelTakenBack(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	a := heard(id, "v1", day, 1)
	save(t, s, a)
	first := schema.Label{TrackID: id, At: day.Add(time.Minute), Author: "ada", TempoBPM: 91, DownbeatS: 0.25}
	wrong := schema.Label{TrackID: id, At: day.Add(2 * time.Minute), Author: "bob", TempoBPM: 45.5, Key: schema.KeyOf(1, true)}
	back := schema.Label{TrackID: id, At: day.Add(3 * time.Minute), Author: "bob", TakesBack: wrong.At}
	say(t, s, first)
	say(t, s, wrong)
	say(t, s, back)
	wantFeatures(t, s, a, first, wrong, back)
	if f := features(t, s, id); f.TempoBPM != 91 || f.Key != a.Key.Name {
		t.Errorf("after a label was taken back the features are %+v", f)
	}
	labels, err := s.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "labels", labels, []schema.Label{first, wrong, back})
}

func labelFirst(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	l := schema.Label{TrackID: id, At: day, Key: schema.KeyOf(0, false)}
	say(t, s, l)
	_, err := s.Features(t.Context(), id)
	wantNotFound(t, "features of a track that was never analysed", err, id)
	a := heard(id, "v1", day, 1)
	save(t, s, a)
	wantFeatures(t, s, a, l)
}

func newerLabelWins(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	a := heard(id, "v1", day, 1)
	save(t, s, a)
	labels := []schema.Label{
		{TrackID: id, At: day.Add(3 * time.Minute), Author: "ada", TempoBPM: 93},
		{TrackID: id, At: day.Add(1 * time.Minute), Author: "bob", TempoBPM: 91, Key: schema.KeyOf(1, true)},
		{TrackID: id, At: day.Add(4 * time.Minute), Author: "eve", Note: "no opinion"},
		{TrackID: id, At: day.Add(2 * time.Minute), Author: "cyd", Key: schema.KeyOf(2, true)},
	}
	for i, l := range labels {
		say(t, s, l)
		wantFeatures(t, s, a, labels[:i+1]...)
	}
	got := features(t, s, id)
	if got.TempoBPM != 93 || got.Key != schema.KeyOf(2, true) || got.Meter != a.Meter.Name {
		t.Errorf("the features are %+v", got)
	}
	listed, err := s.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(labels, func(a, b schema.Label) int { return a.At.Compare(b.At) })
	same(t, "labels", listed, labels)
}

func labelsOfOneMoment(t *testing.T, s schema.Store) {
	id := addTrack(t, s)
	for range 2 { // twice is once
		together(t, 5, func(i int) error {
			at := day.Add(time.Duration(i) * time.Microsecond).In(time.FixedZone("elsewhere", 3600))
			return s.AddLabel(t.Context(), schema.Label{TrackID: id, At: at, Author: fmt.Sprint("author ", i), TempoBPM: 90})
		})
	}
	labels, err := s.TrackLabels(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	authors := map[string]bool{}
	for _, l := range labels {
		authors[l.Author] = true
		if late := l.At.Sub(day); late < 0 || late > 5*time.Millisecond {
			t.Errorf("a label's time was moved by %v", late)
		}
	}
	if len(labels) != 5 || len(authors) != 5 {
		t.Errorf("of 5 labels of one moment, said twice, the store keeps %d of %d authors", len(labels), len(authors))
	}
}

// labelsAmongWriters lets a few write to each of many tracks. Few, because
// whoever comes last makes good what the others missed.
func labelsAmongWriters(t *testing.T, s schema.Store) {
	type contested struct {
		newest schema.Analysis
		labels []schema.Label
	}
	rng := rand.New(rand.NewPCG(1, 2))
	var writes []func() error
	tracks := make([]contested, 40)
	for n := range tracks {
		c := &tracks[n]
		id := addTrack(t, s)
		c.newest = heard(id, "v0", day, uint64(n))
		save(t, s, c.newest)
		for i := range 2 + n%3 {
			at := day.Add(time.Duration(i+1) * time.Minute)
			if i%2 == 0 {
				l := schema.Label{TrackID: id, At: at, TempoBPM: float64(60 + i), Key: schema.Keys()[i]}
				c.labels = append(c.labels, l)
				writes = append(writes, func() error { return s.AddLabel(t.Context(), l) })
			} else {
				a := heard(id, fmt.Sprint("v", i), at, uint64(n+i))
				c.newest = a
				writes = append(writes, func() error { return s.SaveAnalysis(t.Context(), a) })
			}
		}
	}
	// Neighbours stay near each other, so that those of one track meet.
	for i := range len(writes) - 3 {
		j := i + rng.IntN(3)
		writes[i], writes[j] = writes[j], writes[i]
	}
	const writers = 12
	together(t, writers, func(w int) error {
		for i := w; i < len(writes); i += writers {
			if err := writes[i](); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range tracks {
		wantFeatures(t, s, c.newest, c.labels...)
	}
}

// historyAsModel writes at random, and keeps a plain model of what was written.
func historyAsModel(t *testing.T, s schema.Store) {
	rng := rand.New(rand.NewPCG(7, 7))
	type history struct {
		id       schema.TrackID
		analyses map[string]schema.Analysis
		labels   []schema.Label
		status   schema.Status
		failure  *schema.Failure
	}
	var model []*history
	for range 5 {
		model = append(model, &history{id: addTrack(t, s), analyses: map[string]schema.Analysis{}, status: schema.Pending})
	}
	for step := range uint64(40) {
		for _, h := range model {
			id := h.id
			at := day.Add(time.Duration(rng.IntN(1e9)) * time.Millisecond)
			switch rng.IntN(4) {
			case 0, 1:
				a := heard(id, fmt.Sprint("v", rng.IntN(4)), at, step)
				save(t, s, a)
				h.analyses[a.ModelVersion], h.status, h.failure = a, schema.Analysed, nil
			case 2:
				l := schema.Label{TrackID: id, At: at, TempoBPM: float64(rng.IntN(3)), Key: schema.Key(rng.IntN(25)), Note: fmt.Sprint(step)}
				say(t, s, l)
				h.labels = append(h.labels, l)
			case 3:
				h.status, h.failure = schema.Failed, schema.Fail(schema.Codes()[rng.IntN(11)], "at step %d", step)
				if err := s.SaveFailure(t.Context(), id, "v9", *h.failure); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, h := range model {
		var newest schema.Analysis
		for _, a := range h.analyses {
			if a.AnalysedAt.After(newest.AnalysedAt) {
				newest = a
			}
		}
		if len(h.analyses) == 0 {
			t.Fatal("the history is too short to say anything")
		}
		wantFeatures(t, s, newest, h.labels...)
		got := track(t, s, h.id)
		same(t, "status and failure", []any{got.Status, got.Failure}, []any{h.status, h.failure})
	}
}
