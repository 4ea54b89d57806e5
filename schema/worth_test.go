package schema

import (
	"slices"
	"testing"
	"time"
)

func TestWorthOf(t *testing.T) {
	t.Parallel()
	sure := Analysis{
		Tempo: Tempo{BPM: 120, Confidence: 0.95},
		Key:   KeyHeard{Name: KeyOf(0, false), Confidence: 0.95},
		Meter: MeterHeard{Name: Meter{4, 4}, Confidence: 0.95},
	}
	with := func(change func(*Analysis)) Analysis {
		a := sure
		change(&a)
		return a
	}
	doubled := with(func(a *Analysis) { a.Tempo.Alternatives = []TempoCandidate{{BPM: 61, Probability: 0.3}} })
	vague := with(func(a *Analysis) { a.Key.Confidence = 0.2; a.Meter.Confidence = 0.6 })
	waltz := with(func(a *Analysis) { a.Meter.Name = Meter{3, 4}; a.Tempo.BPM = 122 })
	label := func(at int64, l Label) Label { l.At = time.UnixMilli(at); return l }
	for name, c := range map[string]struct {
		a       Analysis
		other   *Analysis
		labels  []Label
		apart   Apart
		reasons []string
	}{
		"sure":                     {a: sure},
		"octave":                   {a: doubled, reasons: []string{"half or double tempo likely"}},
		"octave settled":           {a: doubled, labels: []Label{label(1, Label{TempoBPM: 120})}},
		"weightiest first":         {a: vague, reasons: []string{"key unsure", "meter unsure"}},
		"the rest after a label":   {a: vague, labels: []Label{label(1, Label{Key: KeyOf(2, true)})}, reasons: []string{"meter unsure"}},
		"versions differ":          {a: sure, other: &waltz, reasons: []string{"versions disagree on meter"}},
		"unlike its album":         {a: sure, apart: Apart{Tempo: true, Meter: true}, reasons: []string{"tempo unlike its album's", "meter unlike its album's"}},
		"unlike, and settled":      {a: sure, apart: Apart{Tempo: true}, labels: []Label{label(1, Label{TempoBPM: 120})}},
		"versions agree":           {a: sure, other: &sure},
		"all labelled, all unsure": {a: Analysis{}, other: &waltz, labels: []Label{label(1, Label{TempoBPM: 90, Key: KeyOf(1, false), Meter: Meter{3, 4}})}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := WorthOf(c.a, c.other, c.labels, c.apart)
			if !slices.Equal(got.Reasons, c.reasons) {
				t.Errorf("reasons %q; want %q", got.Reasons, c.reasons)
			}
			if (got.Score == 0) != (len(c.reasons) == 0) || got.Score < 0 {
				t.Errorf("score %g with reasons %q", got.Score, got.Reasons)
			}
		})
	}
}
