// Package eval measures estimates against what is known of the music, with the
// measures of the field.
package eval

import (
	"fmt"
	"math"
	"strings"

	"earworm/cnn"
	"earworm/schema"
)

// Truth is what is known of a recording; zero fields are not known.
type Truth struct {
	TempoBPM float64
	Key      schema.Key
	Meter    schema.Meter
	Beats    []float64 // s, rising
	Nothing  bool      // no music: the right answer is a doubt
}

// Score sums up estimates. Each count of those right goes with the count of
// those of which the truth is known.
type Score struct {
	Tempi, TempoExact, TempoOctave float64 // Acc1, Acc2
	Keys, KeyExact, KeyWeighted    float64
	MajorExact, Majors             float64
	MinorExact, Minors             float64
	Meters, MeterRight             [meterClasses]float64 // by class, as in cnn.Meters
	Tracked, BeatF                 float64
	Nothings, Doubted              float64
	TempoTrust, KeyTrust           Trust
	MeterTrust                     Trust
}

const meterClasses = 5

const (
	// tempoTolerance is how far, as a share of the truth, a tempo may be off.
	tempoTolerance = 0.04
	// beatTolerance is how far, in seconds, a beat may be from the one it is.
	beatTolerance = 0.07
)

// doubt is the confidence under which an answer is a doubt.
const doubt = 0.5

// Judge scores one estimate.
func Judge(t Truth, a schema.Analysis) Score {
	var s Score
	if t.Nothing {
		s.Nothings, s.Doubted = 1, count(max(a.Tempo.Confidence, a.Key.Confidence) < doubt)
		return s
	}
	if t.TempoBPM > 0 {
		s.Tempi = 1
		s.TempoExact = count(TempoExact(t.TempoBPM, a.Tempo.BPM))
		s.TempoOctave = count(TempoOctave(t.TempoBPM, a.Tempo.BPM))
		s.TempoTrust.note(a.Tempo.Confidence, s.TempoExact)
	}
	if t.Key != schema.UnknownKey {
		s.Keys = 1
		s.KeyExact = count(a.Key.Name == t.Key)
		s.KeyWeighted = t.Key.Closeness(a.Key.Name)
		if t.Key.Minor() {
			s.Minors, s.MinorExact = 1, s.KeyExact
		} else {
			s.Majors, s.MajorExact = 1, s.KeyExact
		}
		s.KeyTrust.note(a.Key.Confidence, s.KeyExact)
	}
	if class := cnn.MeterClass(t.Meter); class >= 0 {
		s.Meters[class] = 1
		s.MeterRight[class] = count(cnn.MeterClass(a.Meter.Name) == class)
		s.MeterTrust.note(a.Meter.Confidence, s.MeterRight[class])
	}
	if len(t.Beats) > 0 {
		s.Tracked, s.BeatF = 1, BeatF(t.Beats, a.Beats)
	}
	return s
}

func count(right bool) float64 {
	if right {
		return 1
	}
	return 0
}

// TempoExact tells whether a tempo is within 4 % of the truth (accuracy 1 of
// Gouyon et al. 2006).
func TempoExact(truth, heard float64) bool { return math.Abs(heard-truth) <= tempoTolerance*truth }

// TempoOctave also takes the truth's double, triple, half and third (accuracy
// 2 of Gouyon et al. 2006).
func TempoOctave(truth, heard float64) bool {
	for _, factor := range []float64{1, 2, 3, 1. / 2, 1. / 3} {
		if TempoExact(truth*factor, heard) {
			return true
		}
	}
	return false
}

// BeatF is the F-measure of heard beats against known ones, within 70 ms and
// each matched once (Dixon 2007, eq. 7).
func BeatF(known []float64, heard []float32) float64 {
	if len(known) == 0 || len(heard) == 0 {
		return 0
	}
	hits, j := 0, 0
	for _, h := range heard {
		for j < len(known) && known[j] < float64(h)-beatTolerance {
			j++
		}
		if j < len(known) && math.Abs(known[j]-float64(h)) <= beatTolerance {
			hits++
			j++
		}
	}
	return 2 * float64(hits) / float64(len(heard)+len(known))
}

// Add sums another score in.
func (s *Score) Add(o Score) {
	s.Tempi += o.Tempi
	s.TempoExact += o.TempoExact
	s.TempoOctave += o.TempoOctave
	s.Keys += o.Keys
	s.KeyExact += o.KeyExact
	s.KeyWeighted += o.KeyWeighted
	s.Majors += o.Majors
	s.MajorExact += o.MajorExact
	s.Minors += o.Minors
	s.MinorExact += o.MinorExact
	for i := range s.Meters {
		s.Meters[i] += o.Meters[i]
		s.MeterRight[i] += o.MeterRight[i]
	}
	s.Tracked += o.Tracked
	s.BeatF += o.BeatF
	s.Nothings += o.Nothings
	s.Doubted += o.Doubted
	s.TempoTrust.add(o.TempoTrust)
	s.KeyTrust.add(o.KeyTrust)
	s.MeterTrust.add(o.MeterTrust)
}

// Balance is the mean, over those of the meter classes 3 and 4 that occur, of the
// share that was right.
func (s *Score) Balance() float64 {
	var sum, kinds float64
	for c := range 2 {
		if s.Meters[c] > 0 {
			sum += s.MeterRight[c] / s.Meters[c]
			kinds++
		}
	}
	return Share(sum, kinds)
}

// Share is part of whole, 0 where there is no whole.
func Share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// String is what was measured, shares in percent.
func (s *Score) String() string { return strings.Join(s.Lines(), "; ") }

// Lines are what was measured, a line for each task.
func (s *Score) Lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if s.Tempi > 0 {
		add("tempo Acc1 %.1f, Acc2 %.1f of %.0f", 100*s.TempoExact/s.Tempi, 100*s.TempoOctave/s.Tempi, s.Tempi)
	}
	if s.Keys > 0 {
		add("key exact %.1f, weighted %.1f of %.0f (major %.0f/%.0f, minor %.0f/%.0f)", 100*s.KeyExact/s.Keys, 100*s.KeyWeighted/s.Keys,
			s.Keys, s.MajorExact, s.Majors, s.MinorExact, s.Minors)
	}
	meters := make([]string, 0, len(s.Meters))
	for i, m := range cnn.Meters {
		if s.Meters[i] > 0 {
			meters = append(meters, fmt.Sprintf("%s %.0f/%.0f", m, s.MeterRight[i], s.Meters[i]))
		}
	}
	if len(meters) > 0 {
		add("meter balanced accuracy over 3 and 4 %.1f (%s)", 100*s.Balance(), strings.Join(meters, ", "))
	}
	if s.Tracked > 0 {
		add("beats F %.3f of %.0f", s.BeatF/s.Tracked, s.Tracked)
	}
	if s.Nothings > 0 {
		add("no music: %.0f of %.0f doubted", s.Doubted, s.Nothings)
	}
	return lines
}

// TrustLines tell how far the confidence of each task can be believed.
func (s *Score) TrustLines() []string {
	var lines []string
	for _, task := range []struct {
		name  string
		trust Trust
	}{{"tempo", s.TempoTrust}, {"key", s.KeyTrust}, {"meter", s.MeterTrust}} {
		right, of := task.trust.Sure()
		if task.trust.Known() {
			from, to := task.trust.Chance()
			lines = append(lines, fmt.Sprintf("%s confidence: calibration error %.3f (by luck alone %.3f to %.3f), above 0.8 right %.0f of %.0f",
				task.name, task.trust.Error(), from, to, right, of))
		}
	}
	return lines
}

// Report is a score as shares from 0 to 1, for programs.
type Report struct {
	Tempo struct {
		Acc1 float64 `json:"acc1"`
		Acc2 float64 `json:"acc2"`
		Of   int     `json:"of"`
		Sureness
	} `json:"tempo"`
	Key struct {
		Exact    float64 `json:"exact"`
		Weighted float64 `json:"weighted"`
		Major    [2]int  `json:"major"` // right, of
		Minor    [2]int  `json:"minor"`
		Of       int     `json:"of"`
		Sureness
	} `json:"key"`
	Meter struct {
		Balanced float64           `json:"balanced"` // over 3 and 4
		Right    map[string][2]int `json:"right"`    // by meter: right, of
		Sureness
	} `json:"meter"`
}

// Report sums the score up.
func (s *Score) Report() (r Report) {
	r.Tempo.Acc1, r.Tempo.Acc2, r.Tempo.Of = Share(s.TempoExact, s.Tempi), Share(s.TempoOctave, s.Tempi), int(s.Tempi)
	r.Key.Exact, r.Key.Weighted, r.Key.Of = Share(s.KeyExact, s.Keys), Share(s.KeyWeighted, s.Keys), int(s.Keys)
	r.Key.Major, r.Key.Minor = [2]int{int(s.MajorExact), int(s.Majors)}, [2]int{int(s.MinorExact), int(s.Minors)}
	r.Meter.Balanced = s.Balance()
	r.Tempo.Sureness, r.Key.Sureness, r.Meter.Sureness = s.TempoTrust.report(), s.KeyTrust.report(), s.MeterTrust.report()
	r.Meter.Right = map[string][2]int{}
	for i, m := range cnn.Meters {
		if s.Meters[i] > 0 {
			r.Meter.Right[m.String()] = [2]int{int(s.MeterRight[i]), int(s.Meters[i])}
		}
	}
	return r
}
