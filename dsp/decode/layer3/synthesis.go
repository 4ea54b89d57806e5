package layer3

import "math"

// synthesis is the polyphase filter bank (11172-3, 2.4.3.4.11) for as many bands
// as there are samples a slot: all 32, or the lower half for every second sample.
// The even samples of 32 bands whose upper half is silent are those of a bank of
// 16 bands with every second value of the window. For the odd ones, which lie
// half a step further, the transform is of type IV.
type synthesis struct {
	n       int
	odd     bool
	window  []float32 // (16, n)
	halves  [][]float32
	cosines []float32 // (n, 2n): what each band adds to what unfoldII or unfoldIV makes
	past    []float32 // (16, 2n); the newest row is at newest
	newest  int
	twist   []float32 // (n), of the transform of type IV
	work    []float32
}

func newSynthesis(rate Rate) *synthesis {
	n, every, first := subbands, 1, 0
	if rate != Full {
		n, every = subbands/2, 2
	}
	if rate == HalfOdd {
		first = 1
	}
	s := &synthesis{
		n: n, odd: rate == HalfOdd, window: make([]float32, 16*n), past: make([]float32, 16*2*n), work: make([]float32, 3*n),
	}
	for k := range n {
		for i := range 2 * n {
			at := float64(n/2 + i)
			if s.odd {
				at += 0.5
			}
			s.cosines = append(s.cosines, float32(math.Cos(at*float64(2*k+1)*math.Pi/float64(2*n))))
		}
		s.twist = append(s.twist, float32(2*math.Cos(math.Pi*float64(2*k+1)/float64(4*n))))
	}
	for i := range s.window {
		at, sign := first+i*every, float32(1)
		if at > 256 {
			at = 512 - at
			if at%64 != 0 {
				sign = -1
			}
		}
		s.window[i] = sign * float32(synthesisWindow[at]) / (1 << 16)
	}
	for size := n; size > 1; size /= 2 {
		h := make([]float32, size/2)
		for i := range h {
			h[i] = float32(0.5 / math.Cos(math.Pi*float64(2*i+1)/float64(2*size)))
		}
		s.halves = append(s.halves, h)
	}
	return s
}

// slot makes n samples of one sample of each of n bands.
func (s *synthesis) slot(dst, bands []float32) {
	s.newest = (s.newest + 15) & 15
	if vectors {
		row := s.past[s.newest*2*s.n:][:2*s.n]
		sumRows(row, s.cosines, bands)
		overlap(dst, s.window, s.past, s.newest)
		return
	}
	s.plainSlot(dst, bands)
}

// plainSlot is slot without vectors, for which fewer products are quicker than
// regular ones.
func (s *synthesis) plainSlot(dst, bands []float32) {
	n := s.n
	c := s.work[:n]
	copy(c, bands)
	v := s.past[s.newest*2*n:][:2*n]
	if s.odd {
		s.unfoldIV(v, c)
	} else {
		s.unfoldII(v, c)
	}
	clear(dst)
	for m := range 16 {
		part := s.past[(s.newest+m)&15*2*n+(m&1)*n:][:n] // of every second slot the later half
		for j, w := range s.window[m*n:][:n] {
			dst[j] += w * part[j]
		}
	}
}

// unfoldII makes v[i] = sum of c[k] cos((n/2+i)(2k+1)π/2n), i < 2n.
func (s *synthesis) unfoldII(v, c []float32) {
	n := s.n
	s.cosine(c, s.work[n:], 0)
	v[n/2] = 0
	for i := range n / 2 {
		v[i], v[3*n/2+i] = c[n/2+i], -c[i]
	}
	for i := 1; i < n; i++ {
		v[n/2+i] = -c[n-i]
	}
}

// unfoldIV makes v[i] = sum of c[k] cos((n/2+i+1/2)(2k+1)π/2n), i < 2n. Of the
// transform of c[k]·2cos((2k+1)π/4n) each value is the sum of two neighbours.
func (s *synthesis) unfoldIV(v, c []float32) {
	n := s.n
	for k, w := range s.twist {
		c[k] *= w
	}
	s.cosine(c, s.work[n:], 0)
	c[0] /= 2
	for k := 1; k < n; k++ {
		c[k] -= c[k-1]
	}
	for i := range n / 2 {
		v[i], v[3*n/2+i] = c[n/2+i], -c[i]
	}
	for i := range n {
		v[n/2+i] = -c[n-1-i]
	}
}

// cosine is the discrete cosine transform of type II, in place: that of sums and
// that of weighed differences, whose neighbours add up (Lee 1984).
func (s *synthesis) cosine(x, work []float32, level int) {
	n := len(x)
	if n == 1 {
		return
	}
	half := n / 2
	sums, differences := work[:half], work[half:n]
	for i, w := range s.halves[level] {
		a, b := x[i], x[n-1-i]
		sums[i], differences[i] = a+b, (a-b)*w
	}
	s.cosine(sums, x, level+1)
	s.cosine(differences, x, level+1)
	for i := range half - 1 {
		x[2*i], x[2*i+1] = sums[i], differences[i]+differences[i+1]
	}
	x[n-2], x[n-1] = sums[half-1], differences[half-1]
}
