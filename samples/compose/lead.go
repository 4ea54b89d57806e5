package compose

// melodist returns the player of a melody: a two-bar motif, answered, repeated
// and varied, whose notes on strong ticks belong to the chord.
func (s *song) melodist(channel uint8, centre int) func(int, Bar) {
	density := between(s.rng, 0.2, 0.75)
	form := pick(s.rng, []string{"abab", "aaba", "abac", "aabb", "abca"})
	motifs := map[byte][2][]beatIn{}
	for _, name := range []byte("abc") {
		motifs[name] = [2][]beatIn{s.phrase(density), s.phrase(density * between(s.rng, 0.4, 1))}
	}
	contours := map[byte][]int{}
	for _, name := range []byte("abc") {
		contours[name] = s.contour(64)
	}
	legato := pick(s.rng, []float64{0.6, 0.85, 0.98})
	home := (centre - 60 - s.scale.tonic) * 7 / 12
	return func(bar int, b Bar) {
		name := form[bar/2%len(form)]
		contour := contours[name]
		degree, last := home, home
		for i, r := range motifs[name][bar%2] {
			c, _ := s.chordAt(b, r.tick)
			degree += contour[(i+bar%2*16)%len(contour)]
			degree = min(max(degree, home-6), home+8)
			if s.grid.strength(r.tick) >= 0.7 {
				degree = s.settle(degree, c)
			}
			if degree == last && s.rng.IntN(3) > 0 && s.grid.strength(r.tick) < 0.7 {
				degree += 1 - 2*(i%2)
			}
			last = degree
			s.note(bar, r.tick, int(float64(r.length)*legato), channel, s.scale.pitch(degree, c), r.velocity)
		}
	}
}

// settle moves a degree to the nearest that the chord holds.
func (s *song) settle(degree int, c Chord) int {
	for _, d := range []int{0, -1, 1, -2, 2, -3, 3} {
		if s.scale.holds(s.scale.pitch(degree+d, c), c) {
			return degree + d
		}
	}
	return degree
}

// contour draws steps through the scale: mostly seconds, sometimes a leap.
func (s *song) contour(n int) []int {
	steps := make([]int, n)
	for i := range steps {
		steps[i] = pick(s.rng, []int{-1, -1, -1, 1, 1, 1, 0, -2, 2, 3, -3, 4})
	}
	return steps
}

// phrase draws a bar of a melody's rhythm, which may rest and may begin late.
func (s *song) phrase(density float64) []beatIn {
	var r []beatIn
	unit := s.grid.pulse
	if density > 0.55 && s.chance(0.4) && !s.grid.compound() {
		unit = sixteenth
	}
	skip := pick(s.rng, []int{0, 0, 0, s.grid.pulse, s.grid.beat})
	for tick := skip; tick < s.grid.bar; tick += unit {
		strength := s.grid.strength(tick)
		if s.chance(density * (0.35 + 0.9*strength)) {
			r = append(r, beatIn{tick: tick, velocity: 0.65 + 0.25*strength})
		}
	}
	for i := range r {
		end := s.grid.bar
		if i+1 < len(r) {
			end = r[i+1].tick
		}
		r[i].length = min(end-r[i].tick, s.grid.bar/2+s.rng.IntN(s.grid.bar/2))
	}
	return r
}
