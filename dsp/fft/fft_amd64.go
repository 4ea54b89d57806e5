package fft

import (
	"math"

	"golang.org/x/sys/cpu"
)

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// Each works on complex numbers of Lanes real parts and as many imaginary ones.

// radix4 is one stage of Stockham's transform: blocks of stride numbers, four
// times quarter of them, each with its own twiddles (6 floats).
//
//go:noescape
func radix4(dst, src, twiddles *float32, quarter, stride int)

// radix2 is the last stage, where the length is no power of four.
//
//go:noescape
func radix2(dst, src *float32, stride int)

// untangle turns the transform of n complex numbers into magnitudes of the bins
// 1 to n/2 and, from the other end, n-1 to n/2 of twice as many real ones.
//
//go:noescape
func untangle(dst, src, twiddles *float32, n int)

// lanes is a transform of size real numbers as one of half as many complex ones
// (Stockham's algorithm, radix 4: Van Loan 1992, §1.7), and their untangling.
type lanes struct {
	half     int
	stages   [][]float32 // twiddles of each stage, 6 floats for each block
	tangle   []float32   // cos, sin of each bin up to half/2
	from, to []float32   // (half, 2, Lanes)
}

func newLanes(size int) lanes {
	l := lanes{half: size / 2, from: make([]float32, size*Lanes), to: make([]float32, size*Lanes)}
	for n := l.half; n >= 4; n /= 4 {
		twiddles := make([]float32, 0, 6*n/4)
		for p := range n / 4 {
			for power := 1; power <= 3; power++ {
				sin, cos := math.Sincos(-2 * math.Pi * float64(p*power) / float64(n))
				twiddles = append(twiddles, float32(cos), float32(sin))
			}
		}
		l.stages = append(l.stages, twiddles)
	}
	for k := range l.half/2 + 1 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / float64(size))
		l.tangle = append(l.tangle, float32(cos), float32(sin))
	}
	return l
}

func (l *lanes) magnitudes(dst, windows []float32) {
	// Two samples, each a vector, are one complex number: they lie right.
	n, stride, from := l.half, 1, windows
	for _, twiddles := range l.stages {
		radix4(&l.to[0], &from[0], &twiddles[0], n/4, stride)
		l.from, l.to = l.to, l.from
		n, stride, from = n/4, stride*4, l.from
	}
	if n == 2 {
		radix2(&l.to[0], &l.from[0], stride)
		l.from, l.to = l.to, l.from
	}
	for lane := range Lanes {
		re, im := l.from[lane], l.from[Lanes+lane]
		dst[lane] = float32(math.Abs(float64(re + im)))
		dst[l.half*Lanes+lane] = float32(math.Abs(float64(re - im)))
	}
	untangle(&dst[0], &l.from[0], &l.tangle[0], l.half)
}
