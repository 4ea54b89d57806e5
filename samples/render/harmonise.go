package render

import (
	"math"

	"earworm/samples/compose"
	"earworm/samples/score"
)

// chordChoices are the chords a melody may be harmonised with, and how readily.
var chordChoices = map[bool][]struct {
	numeral string
	prior   float64
}{
	false: {{"I", 0.3}, {"V", 0.22}, {"IV", 0.18}, {"vi", 0.08}, {"ii", 0.08}, {"iii", 0}},
	true:  {{"i", 0.3}, {"V", 0.2}, {"iv", 0.18}, {"VII", 0.12}, {"VI", 0.1}, {"III", 0.08}, {"v", 0.05}},
}

// harmonise finds a chord for each bar of a melody from its first downbeat on:
// the one whose tones sound longest, with a leaning to home at both ends. It is
// nil where the score has no key or no bars.
func harmonise(s *score.Score) []compose.Bar {
	var lines []float64
	for _, b := range s.Beats {
		if b.Position == 1 {
			lines = append(lines, b.At)
		}
	}
	if len(lines) < 2 {
		return nil
	}
	lines = append(lines, s.Length)
	bars := make([]compose.Bar, len(lines)-1)
	for i := range bars {
		var sounding [12]float64
		total := 0.0
		for _, n := range s.Notes {
			length := min(n.Off, lines[i+1]) - max(n.On, lines[i])
			if length <= 0 {
				continue
			}
			if n.On-lines[i] < 0.05 { // the bar's first note says most
				length *= 1.5
			}
			sounding[(int(n.Pitch)-s.Key.Tonic()+120)%12] += length
			total += length
		}
		best, chosen := math.Inf(-1), compose.Chord{}
		for _, c := range chordChoices[s.Key.Minor()] {
			chord, err := compose.Roman(c.numeral, s.Key.Minor())
			if err != nil {
				panic("render: " + err.Error()) // the table is ours
			}
			fit := c.prior
			for _, t := range chord.Tones {
				fit += sounding[(chord.Root+t)%12] / max(total, 0.01)
			}
			if chord.Root == 0 && (i == 0 || i == len(bars)-1) {
				fit += 0.4
			}
			if fit > best {
				best, chosen = fit, chord
			}
		}
		bars[i] = compose.Bar{chosen}
	}
	return bars
}
