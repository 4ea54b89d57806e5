package compose

import (
	"math/rand/v2"
	"slices"

	"earworm/schema"
)

// groupings lists, for each meter that can be composed, how its bar divides
// into felt groups, in units of the meter's lower number.
var groupings = map[string][][]int{
	"2/4":  {{1, 1}},
	"3/4":  {{1, 1, 1}},
	"4/4":  {{1, 1, 1, 1}},
	"5/4":  {{3, 2}, {3, 2}, {2, 3}},
	"6/4":  {{3, 3}, {2, 2, 2}, {4, 2}},
	"7/4":  {{4, 3}, {4, 3}, {3, 4}},
	"3/8":  {{3}},
	"5/8":  {{3, 2}, {2, 3}},
	"6/8":  {{3, 3}},
	"7/8":  {{2, 2, 3}, {3, 2, 2}, {2, 2, 3}, {2, 3, 2}},
	"9/8":  {{3, 3, 3}},
	"12/8": {{3, 3, 3, 3}},
}

// Meters lists the meters that can be composed.
func Meters() []string {
	var names []string
	for m := range groupings {
		names = append(names, m)
	}
	slices.Sort(names)
	return names
}

// BeatTicks is the length of the felt beat that tempos and beat positions go
// by, in 24ths of a quarter note: a dotted quarter in 6/8, 9/8 and 12/8, a half
// in 2/2 and 3/2, and else what the lower number says, the eighth in 5/8 and
// 7/8 included.
func BeatTicks(m schema.Meter) int {
	compound := m.Unit == 8 && m.Beats%3 == 0 && m.Beats > 3
	switch {
	case compound:
		return 3 * eighth
	case m.Unit == 16 && m.Beats%3 == 0 && m.Beats > 3:
		return 3 * sixteenth
	default:
		return 4 * quarter / m.Unit
	}
}

// BarTicks is the length of a bar in 24ths of a quarter note.
func BarTicks(m schema.Meter) int { return 4 * quarter * m.Beats / m.Unit }

// grid is a bar's inner shape, in ticks.
type grid struct {
	bar    int
	beat   int   // felt beat
	groups []int // where the felt groups begin; the first is 0
	pulse  int   // the quick even pulse: an eighth
}

func newGrid(rng *rand.Rand, m schema.Meter) grid {
	g := grid{bar: BarTicks(m), beat: BeatTicks(m), pulse: eighth}
	at := 0
	for _, units := range pick(rng, groupings[m.String()]) {
		g.groups = append(g.groups, at)
		at += units * 4 * quarter / m.Unit
	}
	return g
}

// beats is how many felt beats a bar has.
func (g grid) beats() int { return g.bar / g.beat }

// groupEnd is where the i-th group ends.
func (g grid) groupEnd(i int) int {
	if i+1 < len(g.groups) {
		return g.groups[i+1]
	}
	return g.bar
}

// compound tells bars of triple pulses: 6/8, 9/8, 12/8.
func (g grid) compound() bool { return g.beat == 3*eighth }

// odd tells bars whose groups differ in length.
func (g grid) odd() bool {
	for i := range g.groups {
		if g.groupEnd(i)-g.groups[i] != g.groupEnd(0) {
			return true
		}
	}
	return false
}

// strength is how much weight a tick carries: 1 on the downbeat, less on a
// group's start, on a beat, on the pulse, and between.
func (g grid) strength(tick int) float64 {
	switch {
	case tick == 0:
		return 1
	case slices.Contains(g.groups, tick):
		return 0.8
	case tick%g.beat == 0:
		return 0.7
	case tick%g.pulse == 0:
		return 0.45
	default:
		return 0.25
	}
}
