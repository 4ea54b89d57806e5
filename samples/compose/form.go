package compose

import (
	"slices"

	"earworm/samples/score"
)

// section is what happens in one bar: who is silent, and where drums fill in.
type section struct {
	silent  map[role]bool
	opens   bool // first bar of a section: a crash
	fills   bool // last bar of a section: a fill
	variant int  // which groove
}

// hire draws the players of a song and what they play.
func (s *song) hire() []layer {
	st := s.style
	var band []layer
	add := func(name role, channel uint8, sounds []uint8, level float64, play func(int, Bar)) {
		if len(sounds) == 0 {
			return
		}
		band = append(band, layer{
			name: name, channel: channel, sound: pick(s.rng, sounds),
			level: uint8(min(127, level*between(s.rng, 0.75, 1.25))), play: play,
		})
	}
	if len(st.Bass) > 0 {
		add(bass, 1, st.BassSound, 100, s.bassist(pick(s.rng, st.Bass), 1))
	}
	add(comp, 2, st.CompSound, 80, s.accompanist(pick(s.rng, st.Comp), 2, 58+s.rng.IntN(10)))
	if s.chance(st.Second) {
		add(second, 4, st.CompSound, 62, s.accompanist(pick(s.rng, st.Comp), 4, 64+s.rng.IntN(10)))
	}
	if s.chance(st.Pad) {
		add(pad, 3, st.PadSound, 60, s.accompanist(compPad, 3, 58+s.rng.IntN(12)))
	}
	if s.chance(st.Lead) && !s.brief.NoLead {
		add(lead, score.Lead, st.LeadSound, 100, s.melodist(score.Lead, 67+s.rng.IntN(14)))
	}
	return band
}

// arrange plans the bars: sections of two to eight bars, in which players come
// and go. There is always someone who plays.
func (s *song) arrange() {
	s.plan = make([]section, s.bars)
	size := pick(s.rng, []int{4, 4, 4, 8, 8, 2})
	if s.brief.TempoBPM > 150 {
		size = max(size, 4)
	}
	for start := 0; start < s.bars; start += size {
		silent := map[role]bool{}
		if !s.brief.Steady {
			silent = s.resting(start == 0)
		}
		variant := s.rng.IntN(2)
		for bar := start; bar < min(start+size, s.bars); bar++ {
			s.plan[bar] = section{
				silent: silent, variant: variant,
				opens: bar == start && s.chance(0.7),
				fills: bar == start+size-1 && s.chance(0.7),
			}
		}
	}
}

// resting draws who is silent in a section; an intro is thinner.
func (s *song) resting(intro bool) map[role]bool {
	odds := map[role]float64{lead: 0.25, second: 0.3, pad: 0.25, comp: 0.08, bass: 0.08, drums: 0.1}
	if intro {
		odds = map[role]float64{lead: 0.6, second: 0.5, pad: 0.3, comp: 0.2, bass: 0.4, drums: 0.4}
	}
	silent := map[role]bool{}
	for _, name := range []role{lead, second, pad, comp, bass, drums} {
		silent[name] = s.chance(odds[name])
	}
	playing := slices.ContainsFunc(s.layers, func(l layer) bool {
		return !silent[l.name] && l.name != lead && l.name != pad
	})
	if !playing {
		silent[comp], silent[bass] = false, false
	}
	return silent
}

// chooseHarmony draws the chord progression: a palette's half the time, where
// there is one in the mode.
func (s *song) chooseHarmony() []Bar {
	pool := builtIn[s.scale.minor]
	if p := s.brief.Palette; p != nil {
		if own := p.Progressions[s.scale.minor]; len(own) > 0 && s.chance(0.6) {
			pool = own
		}
	}
	chosen := pick(s.rng, pool).Bars
	// A chart of a whole song begins anywhere.
	if len(chosen) > 16 {
		start := s.rng.IntN(len(chosen)/4) * 4
		chosen = slices.Concat(chosen[start:], chosen[:start])
	}
	bars := slices.Clone(chosen)
	if len(bars) <= 4 && s.chance(0.25) { // two bars a chord
		bars = nil
		for _, b := range chosen {
			bars = append(bars, b, b)
		}
	}
	if len(bars) <= 16 && s.chance(0.35) {
		bars = s.cadence(bars)
	}
	if s.chance(s.style.Sevenths) {
		bars = s.enrich(bars)
	}
	return bars
}

// cadence plays the progression twice, the second time coming home by its
// fifth.
func (s *song) cadence(bars []Bar) []Bar {
	twice := slices.Concat(bars, bars)
	dominant := Chord{Root: 7, Tones: majorTriad}
	home := Chord{Tones: majorTriad}
	if s.scale.minor {
		home.Tones = minorTriad
	}
	twice[len(twice)-2] = Bar{dominant}
	twice[len(twice)-1] = Bar{home}
	return twice
}

// enrich turns triads into the sevenths of the scale.
func (s *song) enrich(bars []Bar) []Bar {
	rich := make([]Bar, len(bars))
	for i, b := range bars {
		for _, c := range b {
			if len(c.Tones) == 3 && c.Tones[1] != 5 && c.Tones[1] != 2 {
				c.Tones = withSeventh(c, s.scale.steps)
			}
			rich[i] = append(rich[i], c)
		}
	}
	return rich
}
