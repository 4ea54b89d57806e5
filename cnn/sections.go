package cnn

import (
	"math"

	"earworm/schema"
)

// shortestSection is how long a tempo must hold to be a section of its own.
const shortestSection = 8 * RhythmFPS / pathHop // points of the path

// tempoSections are the stretches of a tempo path that keep a tempo within 4 %,
// each at the tempo of its beats. nil where the tempo is one throughout.
func tempoSections(periods, beats []float64) []schema.TempoSection {
	var starts []int
	for p, period := range periods {
		if len(starts) == 0 || !sameTempi(period, periods[starts[len(starts)-1]]) {
			starts = append(starts, p)
		}
	}
	// What is too short belongs to what was before it; then neighbours may be
	// alike.
	var kept []int
	for i, start := range starts {
		end := len(periods)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		switch {
		case end-start < shortestSection:
		case len(kept) > 0 && sameTempi(periods[start], periods[kept[len(kept)-1]]):
		default:
			kept = append(kept, start)
		}
	}
	if len(kept) < 2 {
		return nil
	}
	kept[0] = 0
	sections := make([]schema.TempoSection, len(kept))
	for i, start := range kept {
		end := float64(len(periods) * pathHop)
		if i+1 < len(kept) {
			end = float64(kept[i+1] * pathHop)
		}
		from := float64(start * pathHop)
		var within []float64
		for _, f := range beats {
			if f >= from && f < end {
				within = append(within, f)
			}
		}
		period := beatPeriod(within)
		if period == 0 {
			period = periods[min(start+shortestSection/2, len(periods)-1)]
		}
		sections[i] = schema.TempoSection{StartS: from / RhythmFPS, BPM: 60 * RhythmFPS / period}
	}
	return sections
}

func sameTempi(a, b float64) bool { return math.Abs(math.Log2(a/b)) <= sameTempo }
