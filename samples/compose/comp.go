package compose

import "slices"

// compKind is a way to accompany with chords.
type compKind int

const (
	compPad compKind = iota
	compBlocks
	compBeats
	compStrum
	compChug
	compStabs
	compScratch
	compOffbeat
	compBackbeat
	compArpeggio
	compSequence
	compAlberti
	compOompah
	compBoomChick
	compCharleston
	compBossa
	compMontuno
	compBoogie
	compTremolo
	compOstinato
	compGroups
)

// accompanist returns the player of a kind. centre is the pitch that voicings
// gather around.
func (s *song) accompanist(kind compKind, channel uint8, centre int) func(int, Bar) {
	rhythm := s.rhythm(between(s.rng, 0.15, 0.5))
	order := s.rng.Perm(4)
	held := pick(s.rng, []float64{0.5, 0.8, 0.98})
	octaves := pick(s.rng, []int{1, 2, 2})
	last := []int{centre - 5, centre, centre + 4}
	return func(bar int, b Bar) {
		voicing := func(tick int) []int {
			c, _ := s.chordAt(b, tick)
			last = s.voice(c, centre, last)
			return last
		}
		strike := func(tick, length int, velocity float64) {
			v := voicing(tick)
			if kind == compChug {
				c, _ := s.chordAt(b, tick)
				low := s.scale.root(c, centre-20)
				v = []int{low, low + 7, low + 12}
			}
			for _, p := range v {
				s.note(bar, tick, max(length, 3), channel, p, velocity)
			}
		}
		every := func(start, step, length int) {
			for tick := start; tick < s.grid.bar; tick += step {
				strike(tick, length, 0.5+0.35*s.grid.strength(tick))
			}
		}
		run := func(unit int, from []int, velocity float64) {
			for i, tick := 0, 0; tick < s.grid.bar; i, tick = i+1, tick+unit {
				v := voicing(tick)
				n := from[i%len(from)]
				pitch := v[n%len(v)] + 12*(n/len(v)%octaves)
				s.note(bar, tick, int(float64(unit)*(0.6+held)), channel, pitch, velocity*(0.75+0.25*s.grid.strength(tick)))
			}
		}
		pulse := s.grid.pulse
		switch kind {
		case compPad:
			s.eachChord(b, func(_ Chord, start, end int) { strike(start, end-start, 0.6) })
		case compBlocks, compBeats:
			every(0, s.grid.beat, int(float64(s.grid.beat)*held))
		case compStrum:
			every(0, pulse, int(float64(pulse)*0.95))
		case compChug:
			every(0, pulse, int(float64(pulse)*0.7))
		case compScratch:
			for tick := 0; tick < s.grid.bar; tick += sixteenth {
				if tick%quarter == 0 || (tick*7+order[0]*sixteenth)%30 < 13 {
					strike(tick, sixteenth*2/3, 0.4+0.4*s.grid.strength(tick))
				}
			}
		case compStabs:
			for _, r := range rhythm {
				strike(r.tick, int(float64(r.length)*held*0.7), r.velocity)
			}
		case compOffbeat:
			every(pulse, 2*pulse, pulse*2/3)
		case compBackbeat:
			for i := 1; i < s.grid.beats(); i += 2 {
				strike(i*s.grid.beat, s.grid.beat/2, 0.8)
			}
		case compArpeggio:
			run(pulse, []int{0, 1, 2, 3, 4, 3, 2, 1}, 0.75)
		case compSequence:
			run(sixteenth, order, 0.75)
		case compAlberti:
			run(pulse, []int{0, 2, 1, 2}, 0.65)
		case compOstinato:
			run([]int{pulse, pulse, pulse, sixteenth}[order[0]], []int{0, 0, order[1], 0, order[2], 0}, 0.85)
		case compOompah, compBoomChick:
			s.oompah(strike, kind == compBoomChick)
		case compCharleston:
			strike(0, s.grid.beat*5/4, 0.8)
			if at := s.grid.beat * 3 / 2; at < s.grid.bar {
				strike(at, s.grid.beat/2, 0.75)
			}
		case compBossa:
			for _, at := range []int{0, 6, 12, 20, 26} {
				if tick := at % 16 * sixteenth; at/16 == bar%2 && tick < s.grid.bar {
					strike(tick, quarter*2/3, 0.7)
				}
			}
		case compMontuno:
			s.montuno(bar, channel, voicing)
		case compBoogie:
			s.boogie(bar, b, channel, centre)
		case compTremolo:
			every(0, sixteenth, sixteenth)
		case compGroups:
			for i, g := range s.grid.groups {
				strike(g, int(float64(s.grid.groupEnd(i)-g)*held), 0.85-0.1*float64(min(i, 1)))
			}
		}
	}
}

func (s *song) oompah(strike func(tick, length int, velocity float64), beatsOnly bool) {
	for i, g := range s.grid.groups {
		size := s.grid.groupEnd(i) - g
		switch {
		case s.grid.compound(), s.grid.odd():
			for tick := g + s.grid.pulse; tick < g+size; tick += s.grid.pulse {
				strike(tick, s.grid.pulse*2/3, 0.65)
			}
		case beatsOnly || len(s.grid.groups)%2 == 1:
			if i%2 == 1 || len(s.grid.groups) == 3 && i > 0 {
				strike(g, size*2/3, 0.7)
			}
		default:
			strike(g+size/2, size/3, 0.7)
		}
	}
}

// montuno is the piano figure of salsa: octaves off the beat.
func (s *song) montuno(bar int, channel uint8, voicing func(int) []int) {
	for i, step := range []int{0, 3, 4, 6, 7, 10, 11, 14} {
		tick := step * sixteenth
		if tick >= s.grid.bar {
			return
		}
		v := voicing(tick)
		p := v[(i+bar)%len(v)]
		s.note(bar, tick, eighth*2/3, channel, p, 0.8)
		s.note(bar, tick, eighth*2/3, channel, p+12, 0.75)
	}
}

// boogie alternates fifth and sixth above the root.
func (s *song) boogie(bar int, b Bar, channel uint8, centre int) {
	for i, tick := 0, 0; tick < s.grid.bar; i, tick = i+1, tick+s.grid.pulse {
		c, _ := s.chordAt(b, tick)
		root := s.scale.root(c, centre-18)
		above := []int{7, 7, 9, 9}[i%4]
		velocity := 0.55 + 0.3*s.grid.strength(tick)
		s.note(bar, tick, s.grid.pulse*3/4, channel, root, velocity)
		s.note(bar, tick, s.grid.pulse*3/4, channel, root+above, velocity)
	}
}

// voice lays a chord out around a centre, each tone where it is nearest to the
// voicing before: the smoothest way there.
func (s *song) voice(c Chord, centre int, before []int) []int {
	v := make([]int, 0, len(c.Tones))
	for i, t := range c.Tones {
		near := before[min(i, len(before)-1)]
		p := s.scale.root(Chord{Root: c.Root + t}, near-6)
		for p > centre+12 {
			p -= 12
		}
		for p < centre-12 {
			p += 12
		}
		if !slices.Contains(v, p) {
			v = append(v, p)
		}
	}
	slices.Sort(v)
	return v
}
