// Package layer holds the arithmetic of the networks, forward and backward.
// A map is a []float32 of shape (Frames, Bands, Channels), channels innermost;
// a vector is a map of one frame and one band.
package layer

import "earworm/cnn/mat"

// Shape is the shape of a map.
type Shape struct{ Frames, Bands, Channels int }

// Len is the number of values in the map.
func (s Shape) Len() int { return s.Frames * s.Bands * s.Channels }

// Conv is a two-dimensional convolution with a bias: as many frames out as in
// (the outside counts as zero), and Bands less by KernelBands-1.
//
//	y[t][f][o] = b[o] + Σ x[t+(i-KernelFrames/2)·Dilation][f+j][c] · w[i][j][c][o]
//
// Weights have shape (KernelFrames, KernelBands, In, Out), KernelFrames is odd.
type Conv struct {
	KernelFrames, KernelBands int
	In, Out                   int // channels
	Dilation                  int // frames; 0 is 1
}

// Weights is the number of weights, without the bias.
func (c Conv) Weights() int { return c.KernelFrames * c.KernelBands * c.In * c.Out }

// Shape is the shape of the result for an input of shape in.
func (c Conv) Shape(in Shape) Shape {
	if in.Channels != c.In || in.Bands < c.KernelBands {
		panic("layer: map does not fit the convolution")
	}
	return Shape{in.Frames, in.Bands - c.KernelBands + 1, c.Out}
}

// taps calls f for every place in the kernel along time with the frames of the
// result that it reaches, from until to, and how far from these it reads.
func (c Conv) taps(frames int, f func(tap, from, to, shift int)) {
	for i := range c.KernelFrames {
		shift := (i - c.KernelFrames/2) * max(c.Dilation, 1)
		from, to := max(0, -shift), min(frames, frames-shift)
		if from < to {
			f(i, from, to, shift)
		}
	}
}

// Forward computes y of shape c.Shape(in).
func (c Conv) Forward(y, x []float32, in Shape, w, b []float32) {
	out := c.Shape(in)
	for i := 0; i < out.Len(); i += c.Out {
		copy(y[i:i+c.Out], b)
	}
	tapLen := c.KernelBands * c.In
	c.taps(in.Frames, func(tap, from, to, shift int) {
		wTap := w[tap*tapLen*c.Out:]
		c.runs(in, out, from, to, func(rows, first int) {
			mat.MulAdd(rows, c.Out, tapLen, x[(first+shift*in.Bands)*c.In:], c.In, 1, wTap, c.Out,
				y[c.outRow(first, in, out)*c.Out:], c.Out)
		})
	})
}

// runs calls f for every run of rows that lie evenly in both maps: the input
// row (frame·Bands + band) of the first, and how many. Without a kernel along
// the bands that is everything at once, else a frame at a time.
func (c Conv) runs(in, out Shape, from, to int, f func(rows, first int)) {
	if c.KernelBands == 1 {
		f((to-from)*in.Bands, from*in.Bands)
		return
	}
	for t := from; t < to; t++ {
		f(out.Bands, t*in.Bands)
	}
}

// outRow is the row in the result that belongs to the input row at which a run begins.
func (c Conv) outRow(first int, in, out Shape) int { return first / in.Bands * out.Bands }

// BackwardInput adds to dx the gradient by the input, given dy by the result.
func (c Conv) BackwardInput(dx, dy []float32, in Shape, w []float32) {
	out := c.Shape(in)
	tapLen := c.KernelBands * c.In
	turned := make([]float32, tapLen*c.Out) // (Out, tapLen)
	c.taps(in.Frames, func(tap, from, to, shift int) {
		wTap := w[tap*tapLen*c.Out:]
		for p := range tapLen {
			for o := range c.Out {
				turned[o*tapLen+p] = wTap[p*c.Out+o]
			}
		}
		c.runs(in, out, from, to, func(rows, first int) {
			mat.MulAdd(rows, tapLen, c.Out, dy[c.outRow(first, in, out)*c.Out:], c.Out, 1, turned, tapLen,
				dx[(first+shift*in.Bands)*c.In:], c.In)
		})
	})
}

// BackwardWeights adds to dw and db the gradients by the weights and the bias.
func (c Conv) BackwardWeights(dw, db, dy, x []float32, in Shape) {
	out := c.Shape(in)
	tapLen := c.KernelBands * c.In
	c.taps(in.Frames, func(tap, from, to, shift int) {
		dwTap := dw[tap*tapLen*c.Out:]
		c.runs(in, out, from, to, func(rows, first int) {
			mat.MulAdd(tapLen, c.Out, rows, x[(first+shift*in.Bands)*c.In:], 1, c.In,
				dy[c.outRow(first, in, out)*c.Out:], c.Out, dwTap, c.Out)
		})
	})
	for i := 0; i < out.Len(); i += c.Out {
		for o, g := range dy[i : i+c.Out] {
			db[o] += g
		}
	}
}
