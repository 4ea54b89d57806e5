package schema

import (
	"cmp"
	"math"
	"slices"
)

// How much each doubt adds to what a person's minute is worth. A value that
// hardly anyone disputes adds nothing.
const (
	sureEnough     = 0.9  // confidence from which a value is not asked about
	octaveDoubt    = 1.0  // times the probability of the half or double tempo
	disagreement   = 0.5  // for each value on which two versions differ
	standsApart    = 0.25 // for each value that is unlike all others of its album
	tempoTolerance = 0.04
)

// WorthOf reckons what a person's minute on a track is worth from the analysis
// that counts, the newest of another version, if there is one, the labels, and
// how the track stood among its album when that was looked at last.
// What a person has spoken of is worth nothing more.
func WorthOf(a Analysis, other *Analysis, labels []Label, apart Apart) Worth {
	said := Effective(a, labels).Labelled
	type doubt struct {
		reason string
		score  float64
	}
	var doubts []doubt
	add := func(reason string, score float64) {
		if score > 0 {
			doubts = append(doubts, doubt{reason, score})
		}
	}
	unsure := func(confidence float64) float64 {
		if confidence >= sureEnough {
			return 0
		}
		return 1 - confidence
	}
	if !slices.Contains(said, "tempo") {
		add("tempo unsure", unsure(a.Tempo.Confidence))
		add("half or double tempo likely", octaveDoubt*octave(a.Tempo))
		if other != nil && !SameTempo(a.Tempo.BPM, other.Tempo.BPM) {
			add("versions disagree on tempo", disagreement)
		}
		if apart.Tempo {
			add("tempo unlike its album's", standsApart)
		}
	}
	if !slices.Contains(said, "key") {
		add("key unsure", unsure(a.Key.Confidence))
		if other != nil && a.Key.Name != other.Key.Name {
			add("versions disagree on key", disagreement)
		}
	}
	if !slices.Contains(said, "meter") {
		add("meter unsure", unsure(a.Meter.Confidence))
		if other != nil && a.Meter.Name != other.Meter.Name {
			add("versions disagree on meter", disagreement)
		}
		if apart.Meter {
			add("meter unlike its album's", standsApart)
		}
	}
	slices.SortStableFunc(doubts, func(x, y doubt) int { return cmp.Compare(y.score, x.score) })
	w := Worth{Reasons: []string{}}
	for _, d := range doubts {
		w.Score += d.score
		w.Reasons = append(w.Reasons, d.reason)
	}
	w.Score = math.Round(w.Score*1000) / 1000 // an order that two stores keep alike
	return w
}

// octave is how probable the half or the double of a tempo is, 0 where hardly.
func octave(t Tempo) (p float64) {
	for _, alt := range t.Alternatives {
		if SameTempo(alt.BPM, 2*t.BPM) || SameTempo(2*alt.BPM, t.BPM) {
			p = math.Max(p, alt.Probability)
		}
	}
	if p < 1-sureEnough {
		return 0
	}
	return p
}

// SameTempo tells tempi that are within 4 % of the first, as Acc1 of tempo
// estimation has it (Gouyon et al. 2006).
func SameTempo(truth, heard float64) bool {
	return math.Abs(heard-truth) <= tempoTolerance*truth
}
