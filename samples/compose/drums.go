package compose

import (
	"slices"

	"earworm/samples/midi"
)

// General MIDI percussion.
const (
	kick       = 36
	rim        = 37
	snare      = 38
	clap       = 39
	closedHat  = 42
	pedalHat   = 44
	openHat    = 46
	crash      = 49
	ride       = 51
	tambourine = 54
	cowbell    = 56
	shaker     = 70
)

// Stroke is one hit of a groove.
type Stroke struct {
	Tick     int // from the groove's start
	Drum     int // General MIDI percussion
	Velocity float64
}

// drummer plays a song's drums. A groove may be longer than a bar.
type drummer struct {
	song    *song
	grooves [2]Groove // for the sections' variants
	silent  bool
	hats    float64 // how loud cymbals are against the rest
	last    Groove
}

func newDrummer(s *song) *drummer {
	d := &drummer{song: s, silent: len(s.style.Kits) == 0 || s.brief.NoDrums, hats: between(s.rng, 0.5, 1)}
	first := s.chooseGroove()
	d.grooves = [2]Groove{first, first}
	switch {
	case s.chance(0.3):
		d.grooves[1] = s.chooseGroove()
	case s.chance(0.5):
		d.grooves[1] = s.vary(first)
	}
	d.last = first
	return d
}

// chooseGroove draws a groove that fits style and meter, or invents one.
func (s *song) chooseGroove() Groove {
	var fitting []Groove
	for _, name := range s.style.Grooves {
		for _, g := range grooves[name] {
			if g.Ticks%s.grid.bar == 0 && g.Beats == s.grid.beat {
				fitting = append(fitting, g)
			}
		}
		if s.brief.Palette != nil {
			for _, g := range s.brief.Palette.Grooves[name] {
				if g.Ticks%s.grid.bar == 0 && g.Beats == s.grid.beat {
					fitting = append(fitting, g)
				}
			}
		}
	}
	if len(fitting) == 0 || s.chance(s.style.Invented) {
		return s.invent()
	}
	return pick(s.rng, fitting)
}

// kicks are the bass drum's ticks in the bar that is played.
func (d *drummer) kicks() []int {
	var ticks []int
	for _, st := range d.grooves[0].Strokes {
		if (st.Drum == kick || st.Drum == kick-1) && st.Tick < d.song.grid.bar {
			ticks = append(ticks, st.Tick)
		}
	}
	if len(ticks) == 0 {
		return d.song.grid.groups
	}
	slices.Sort(ticks)
	return slices.Compact(ticks)
}

func (d *drummer) play(bar int, at section) {
	if d.silent {
		return
	}
	s := d.song
	g := d.grooves[at.variant]
	offset := bar % (g.Ticks / s.grid.bar) * s.grid.bar
	fillFrom := s.grid.bar
	if at.fills {
		fillFrom -= s.grid.beat * (1 + s.rng.IntN(min(2, s.grid.beats())))
	}
	for _, st := range g.Strokes {
		tick := st.Tick - offset
		if tick < 0 || tick >= fillFrom {
			continue
		}
		velocity := st.Velocity
		if st.Drum >= closedHat && st.Drum != 43 && st.Drum != 45 && st.Drum != 47 && st.Drum != 48 {
			velocity *= d.hats
		}
		s.note(bar, tick, sixteenth, midi.DrumChannel, st.Drum, velocity)
	}
	if at.opens && bar > 0 {
		s.note(bar, 0, quarter, midi.DrumChannel, crash, 0.9)
	}
	if at.fills {
		d.fill(bar, fillFrom)
	}
}

// fill runs down snare and toms to the end of the bar.
func (d *drummer) fill(bar, from int) {
	s := d.song
	unit := sixteenth
	if s.grid.compound() || s.chance(0.3) {
		unit = eighth
	}
	kit := []int{38, 38, 50, 48, 45, 43, 41}
	length := s.grid.bar - from
	for tick := from; tick < s.grid.bar; tick += unit {
		if !s.chance(0.85) {
			continue
		}
		drum := kit[(tick-from)*len(kit)/length]
		s.note(bar, tick, sixteenth, midi.DrumChannel, drum, between(s.rng, 0.6, 0.95))
	}
	if s.chance(0.5) {
		s.note(bar, from, sixteenth, midi.DrumChannel, kick, 0.8)
	}
}

// invent makes a groove for any meter: a kick where groups begin, a backbeat,
// an even cymbal.
func (s *song) invent() Groove {
	g := Groove{Ticks: s.grid.bar, Beats: s.grid.beat}
	hit := func(tick, drum int, velocity float64) {
		g.Strokes = append(g.Strokes, Stroke{Tick: tick, Drum: drum, Velocity: velocity})
	}
	back := pick(s.rng, []int{snare, snare, snare, 40, clap, rim})
	backbeat := s.backbeat()
	for tick := range backbeat {
		if backbeat[tick] {
			hit(tick, back, 0.9)
		}
	}
	extra := between(s.rng, 0, 0.25)
	hit(0, kick, 0.95)
	for tick := sixteenth; tick < s.grid.bar; tick += sixteenth {
		onGroup := slices.Contains(s.grid.groups, tick)
		switch {
		case backbeat[tick]:
		case onGroup && s.chance(0.55), tick%s.grid.pulse == 0 && s.chance(extra):
			hit(tick, kick, 0.85)
		case s.chance(extra / 2): // between the pulses, or a ghost
			drum, velocity := kick, 0.85
			if s.chance(0.5) {
				drum, velocity = snare, 0.3
			}
			hit(tick, drum, velocity)
		}
	}
	cymbal := pick(s.rng, []int{closedHat, closedHat, closedHat, ride, ride, shaker, tambourine, cowbell})
	every := pick(s.rng, []int{s.grid.pulse, s.grid.pulse, s.grid.pulse, s.grid.pulse, sixteenth, 2 * s.grid.pulse})
	if s.grid.compound() && every == 2*s.grid.pulse || s.grid.bar%every != 0 {
		every = s.grid.pulse
	}
	for tick := 0; tick < s.grid.bar; tick += every {
		drum := cymbal
		if cymbal == closedHat && tick+every >= s.grid.bar && s.chance(0.3) {
			drum = openHat
		}
		hit(tick, drum, 0.4+0.4*s.grid.strength(tick))
	}
	return g
}

// backbeat marks the ticks of a bar where the snare answers the kick.
func (s *song) backbeat() []bool {
	marks := make([]bool, s.grid.bar)
	groups := s.grid.groups
	switch n := len(groups); {
	case s.grid.odd() || s.grid.compound():
		// The second group and every other after it; or only the last.
		if s.chance(0.6) {
			for i := 1; i < n; i += 2 {
				marks[groups[i]] = true
			}
		} else {
			marks[groups[n-1]] = true
		}
		if !s.grid.compound() && s.chance(0.3) { // inside a long group
			marks[s.grid.bar-s.grid.pulse] = true
		}
	case n == 3:
		pattern := pick(s.rng, [][]int{{1, 2}, {2}, {1}, {1, 2}})
		for _, i := range pattern {
			marks[groups[i]] = true
		}
	case n == 4 && s.chance(0.2): // half time: the drummer's three
		marks[groups[2]] = true
	case n >= 2:
		for i := 1; i < n; i += 2 {
			marks[groups[i]] = true
		}
	default:
		marks[s.grid.bar/3/s.grid.pulse*s.grid.pulse*2%s.grid.bar] = true
	}
	return marks
}

// vary moves a few strokes of a groove.
func (s *song) vary(g Groove) Groove {
	v := g
	v.Strokes = nil
	for _, st := range g.Strokes {
		if st.Tick > 0 && st.Drum != snare && s.chance(0.12) {
			continue
		}
		v.Strokes = append(v.Strokes, st)
		if s.chance(0.06) && st.Tick+sixteenth < g.Ticks {
			v.Strokes = append(v.Strokes, Stroke{Tick: st.Tick + sixteenth, Drum: st.Drum, Velocity: st.Velocity * 0.6})
		}
	}
	return v
}
