// Package fft gives the magnitude spectra of eight windows at once: each step
// of the transform is done to all of them, one in each lane of a vector, so
// that no step needs its numbers rearranged. Where the machine has no such
// vectors, gonum's transform does the same one window at a time.
package fft

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// Lanes is how many windows are transformed at once.
const Lanes = 8

// Plan is a transform of windows of one length. Its memory is one goroutine's.
type Plan struct {
	size int
	lanes
	plain *fourier.FFT
}

// New plans transforms of size samples, a power of two, 8 at least.
func New(size int) *Plan {
	if size < 8 || size&(size-1) != 0 {
		panic("fft: size must be a power of two, 8 at least")
	}
	p := &Plan{size: size}
	if vectors {
		p.lanes = newLanes(size)
	} else {
		p.plain = fourier.NewFFT(size)
	}
	return p
}

// Magnitudes writes the magnitudes of the bins of Lanes windows to dst
// (size/2+1, Lanes) of windows (size, Lanes).
func (p *Plan) Magnitudes(dst, windows []float32) {
	if len(windows) != p.size*Lanes || len(dst) != (p.size/2+1)*Lanes {
		panic("fft: length mismatch")
	}
	if p.plain != nil {
		p.oneByOne(dst, windows)
		return
	}
	p.magnitudes(dst, windows)
}

func (p *Plan) oneByOne(dst, windows []float32) {
	window, spectrum := make([]float64, p.size), make([]complex128, p.size/2+1)
	for lane := range Lanes {
		for i := range window {
			window[i] = float64(windows[i*Lanes+lane])
		}
		p.plain.Coefficients(spectrum, window)
		for k, c := range spectrum {
			dst[k*Lanes+lane] = float32(math.Hypot(real(c), imag(c)))
		}
	}
}
