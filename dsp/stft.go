package dsp

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// STFT gives the magnitude spectra of sound that arrives piece by piece. Frame
// t is centred on sample t·Hop; before the sound's begin and after its end
// there is silence. Its scratch memory is one goroutine's.
type STFT struct {
	size, hop int
	window    []float64 // (size), sums to 2, so that a full-scale sine has magnitude 1
	plan      *fourier.FFT

	held    []float32 // samples not yet left behind, the first at the next frame's begin
	skip    int       // samples to drop before the next frame begins, where hop > size
	samples int       // written so far
	frames  int       // emitted so far

	windowed  []float64
	spectrum  []complex128
	magnitude []float32
}

// NewSTFT makes a transform of windows of size samples, hop samples apart.
func NewSTFT(size, hop int) *STFT {
	if size < 2 || hop < 1 {
		panic("dsp: window and hop must be positive")
	}
	s := &STFT{
		size: size, hop: hop,
		window:    Hann(size),
		plan:      fourier.NewFFT(size),
		held:      make([]float32, size/2, 2*size+hop),
		windowed:  make([]float64, size),
		spectrum:  make([]complex128, size/2+1),
		magnitude: make([]float32, size/2+1),
	}
	return s
}

// Hann is the periodic Hann window of n points, scaled to sum to 2:
//
//	w[i] = (1 - cos(2πi/n)) · 2/n
func Hann(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = (1 - math.Cos(2*math.Pi*float64(i)/float64(n))) * 2 / float64(n)
	}
	return w
}

// Write adds samples and calls emit with the magnitudes (size/2+1) of every
// frame they complete. The slice is emit's until it returns.
func (s *STFT) Write(samples []float32, emit func(magnitude []float32)) {
	s.samples += len(samples)
	s.push(samples, emit)
}

// Flush calls emit with the frames that reach beyond the end: those still
// centred on the sound.
func (s *STFT) Flush(emit func(magnitude []float32)) {
	total := (s.samples + s.hop - 1) / s.hop
	quiet := make([]float32, s.size)
	for s.frames < total {
		s.push(quiet, func(m []float32) {
			if s.frames <= total {
				emit(m)
			}
		})
	}
}

func (s *STFT) push(samples []float32, emit func([]float32)) {
	for len(samples) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(samples))
			s.skip -= n
			samples = samples[n:]
			continue
		}
		n := min(len(samples), s.size-len(s.held))
		s.held = append(s.held, samples[:n]...)
		samples = samples[n:]
		if len(s.held) < s.size {
			return
		}
		s.frames++
		emit(s.transform())
		left := copy(s.held, s.held[min(s.hop, s.size):])
		s.held = s.held[:left]
		s.skip = max(0, s.hop-s.size)
	}
}

func (s *STFT) transform() []float32 {
	for i, v := range s.held {
		s.windowed[i] = float64(v) * s.window[i]
	}
	s.plan.Coefficients(s.spectrum, s.windowed)
	for i, c := range s.spectrum {
		s.magnitude[i] = float32(math.Sqrt(real(c)*real(c) + imag(c)*imag(c)))
	}
	return s.magnitude
}
