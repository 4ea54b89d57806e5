package compose

// bassKind is a way to play the bass.
type bassKind int

const (
	bassNone bassKind = iota
	bassRoots
	bassLong
	bassRootFifth
	bassEighths
	bassSixteenths
	bassOctaves
	bassOffbeat
	bassWalking
	bassTwo
	bassShuffle
	bassSyncopated
	bassKick
	bassTumbao
	bassTango
	bassPedal
	bassGroups
	bassRiff
)

// lowestBass is the E of a bass's lowest string.
const lowestBass = 28

// bassist returns the player of a kind.
func (s *song) bassist(kind bassKind, channel uint8) func(int, Bar) {
	octaveUp := 0
	if s.brief.Style == "solo piano" || s.brief.Style == "solo guitar" || s.brief.Style == "baroque" {
		octaveUp = 12
	}
	rhythm := s.rhythm(between(s.rng, 0.25, 0.6))
	riff := s.riff(rhythm)
	gap := pick(s.rng, []float64{0.7, 0.85, 0.97})
	return func(bar int, b Bar) {
		play := func(tick, length, above int, velocity float64) {
			c, _ := s.chordAt(b, tick)
			root := s.scale.root(c, lowestBass) + octaveUp
			s.note(bar, tick, int(float64(length)*gap), channel, root+above, velocity)
		}
		steps := func(start, every, length int, above func(i int) int) {
			for i, tick := 0, start; tick < s.grid.bar; i, tick = i+1, tick+every {
				play(tick, length, above(i), 0.65+0.25*s.grid.strength(tick))
			}
		}
		root := func(int) int { return 0 }
		fifth := func(i int) int { return i % 2 * 7 }
		switch kind {
		case bassNone:
		case bassLong:
			s.eachChord(b, func(_ Chord, start, end int) { play(start, end-start, 0, 0.8) })
		case bassPedal:
			s.note(bar, 0, s.grid.bar, channel, s.scale.root(Chord{}, lowestBass), 0.8)
		case bassRoots:
			steps(0, s.grid.beat, s.grid.beat, root)
		case bassRootFifth, bassTwo:
			s.inHalves(func(i, start, end int) { play(start, end-start, i%2*7, 0.85) })
		case bassTango:
			steps(0, s.grid.beat, s.grid.beat*2/3, fifth)
		case bassEighths:
			steps(0, s.grid.pulse, s.grid.pulse, root)
		case bassSixteenths:
			steps(0, sixteenth, sixteenth, root)
		case bassOctaves:
			steps(0, s.grid.pulse, s.grid.pulse*2/3, func(i int) int { return i % 2 * 12 })
		case bassOffbeat:
			steps(s.grid.pulse, 2*s.grid.pulse, s.grid.pulse, root)
		case bassShuffle:
			steps(0, s.grid.pulse, s.grid.pulse, func(i int) int { return []int{0, 0, 7, 7, 9, 9, 7, 7}[i%8] })
		case bassWalking:
			s.walk(bar, b, channel, octaveUp)
		case bassTumbao:
			play(0, quarter*3/2, 0, 0.7)
			play(quarter*3/2, quarter*3/2, 7, 0.9)
			play(quarter*3, quarter, 12, 0.85)
		case bassGroups:
			for i, g := range s.grid.groups {
				play(g, s.grid.groupEnd(i)-g, i%2*7, 0.9)
			}
		case bassKick:
			for _, tick := range s.drums.kicks() {
				play(tick, s.grid.pulse*3/2, 0, 0.85)
			}
		case bassSyncopated:
			for i, r := range rhythm {
				play(r.tick, r.length, []int{0, 0, 12, 7, 0, 10, 12}[(i*5+bar)%7*min(i, 1)], r.velocity)
			}
		case bassRiff:
			for i, r := range rhythm {
				play(r.tick, r.length, riff[i], r.velocity)
			}
		}
	}
}

// walk plays a note a beat: the root, tones of the chord, and a step into the
// next root.
func (s *song) walk(bar int, b Bar, channel uint8, up int) {
	next := s.harmony[(bar+1)%len(s.harmony)]
	for tick := 0; tick < s.grid.bar; tick += s.grid.beat {
		c, start := s.chordAt(b, tick)
		root := s.scale.root(c, lowestBass) + up
		pitch := root + pick(s.rng, c.Tones)%12
		switch {
		case tick == start:
			pitch = root
		case tick+s.grid.beat >= s.grid.bar:
			pitch = s.scale.root(next[0], lowestBass) + up + pick(s.rng, []int{-1, 1, 2, -2})
		}
		s.note(bar, tick, s.grid.beat*9/10, channel, pitch, between(s.rng, 0.7, 0.9))
	}
}

// beatIn is a note of a rhythm.
type beatIn struct {
	tick, length int
	velocity     float64
}

// rhythm draws a syncopated rhythm for a bar, which begins on the downbeat.
func (s *song) rhythm(density float64) []beatIn {
	unit := sixteenth
	if s.grid.compound() || s.chance(0.4) {
		unit = eighth
	}
	var r []beatIn
	for tick := 0; tick < s.grid.bar; tick += unit {
		strength := s.grid.strength(tick)
		if tick == 0 || s.chance(density*(0.4+strength)) {
			r = append(r, beatIn{tick: tick, velocity: 0.6 + 0.3*strength})
		}
	}
	for i := range r {
		end := s.grid.bar
		if i+1 < len(r) {
			end = r[i+1].tick
		}
		r[i].length = min(end-r[i].tick, 2*quarter)
	}
	return r
}

// riff draws pitches above the root for a rhythm.
func (s *song) riff(r []beatIn) []int {
	pitches := make([]int, len(r))
	for i := range pitches {
		pitches[i] = pick(s.rng, []int{0, 0, 7, 12, 10, 5, 3 + s.third()})
	}
	if len(pitches) > 0 {
		pitches[0] = 0
	}
	return pitches
}

// third is 1 in major, where the third is a semitone higher than in minor.
func (s *song) third() int {
	if s.scale.minor {
		return 0
	}
	return 1
}

// inHalves calls for the two halves of a bar, as groups divide it; in bars of
// three there is a single one.
func (s *song) inHalves(f func(i, start, end int)) {
	n := len(s.grid.groups)
	if n == 3 && !s.grid.odd() {
		f(0, 0, s.grid.bar)
		return
	}
	middle := s.grid.groups[(n+1)/2%n]
	if middle == 0 {
		f(0, 0, s.grid.bar)
		return
	}
	f(0, 0, middle)
	f(1, middle, s.grid.bar)
}

// eachChord calls for every chord of a bar with its ticks. Chords share a bar
// evenly, as far as beats allow.
func (s *song) eachChord(b Bar, f func(c Chord, start, end int)) {
	beats := s.grid.beats()
	n := min(len(b), beats)
	for i := range n {
		f(b[i], beats*i/n*s.grid.beat, beats*(i+1)/n*s.grid.beat)
	}
}

// chordAt is the chord that sounds at a tick, and where it began.
func (s *song) chordAt(b Bar, tick int) (chord Chord, start int) {
	s.eachChord(b, func(c Chord, from, to int) {
		if tick >= from && tick < to {
			chord, start = c, from
		}
	})
	return chord, start
}
