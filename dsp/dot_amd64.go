package dsp

import "golang.org/x/sys/cpu"

var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// dot8 is the sum of the products of so many vectors of 8.
//
//go:noescape
func dot8(h, x *float32, vectors int) float32

// dot is the sum of h[i]·x[i]; x may be the longer.
func dot(h, x []float32) float32 {
	n := len(h) / 8
	if !vectors || n == 0 {
		return plainDot(h, x)
	}
	sum := dot8(&h[0], &x[:len(h)][0], n)
	if 8*n < len(h) {
		sum += plainDot(h[8*n:], x[8*n:])
	}
	return sum
}
