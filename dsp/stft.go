package dsp

import (
	"math"

	"earworm/dsp/fft"
)

// STFT gives the magnitude spectra of sound that arrives piece by piece. Frame
// t is centred on sample t·Hop; before the sound's begin and after its end
// there is silence. Frames are transformed fft.Lanes at a time. Its scratch
// memory is one goroutine's.
type STFT struct {
	size, hop int
	window    []float32 // (size), sums to 2, so that a full-scale sine has magnitude 1
	plan      *fft.Plan

	held    []float32 // samples of the frames to come, the first at the next frame's begin
	skip    int       // samples to drop before the next frame begins, where hop > size
	samples int       // written so far
	frames  int       // emitted so far

	windows   []float32 // (size, Lanes)
	spectra   []float32 // (size/2+1, Lanes)
	magnitude []float32 // (size/2+1)
}

// NewSTFT makes a transform of windows of size samples, a power of two, hop
// samples apart.
func NewSTFT(size, hop int) *STFT {
	if hop < 1 {
		panic("dsp: hop must be positive")
	}
	batch := size + (fft.Lanes-1)*hop
	s := &STFT{
		size: size, hop: hop,
		window:    make([]float32, size),
		plan:      fft.New(size),
		held:      make([]float32, size/2, batch),
		windows:   make([]float32, size*fft.Lanes),
		spectra:   make([]float32, (size/2+1)*fft.Lanes),
		magnitude: make([]float32, size/2+1),
	}
	for i, w := range Hann(size) {
		s.window[i] = float32(w)
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

// Write adds samples and calls emit with the magnitudes (size/2+1) of the
// frames they complete, now or with a later Write. The slice is emit's until it
// returns.
func (s *STFT) Write(samples []float32, emit func(magnitude []float32)) {
	s.samples += len(samples)
	s.push(samples, math.MaxInt, emit)
}

// Flush calls emit with the frames that are left, those that reach beyond the
// end but are still centred on the sound included.
func (s *STFT) Flush(emit func(magnitude []float32)) {
	total := (s.samples + s.hop - 1) / s.hop
	quiet := make([]float32, s.size)
	for s.frames < total {
		s.push(quiet, total, emit)
	}
}

// push takes samples in and emits whole batches, up to so many frames in all.
func (s *STFT) push(samples []float32, total int, emit func([]float32)) {
	for len(samples) > 0 {
		if s.skip > 0 {
			n := min(s.skip, len(samples))
			s.skip -= n
			samples = samples[n:]
			continue
		}
		n := min(len(samples), cap(s.held)-len(s.held))
		s.held = append(s.held, samples[:n]...)
		samples = samples[n:]
		if len(s.held) < cap(s.held) {
			return
		}
		s.transform(total, emit)
		past := fft.Lanes * s.hop
		left := copy(s.held, s.held[min(past, len(s.held)):])
		s.skip = max(0, past-len(s.held))
		s.held = s.held[:left]
	}
}

// transform emits the batch that is held.
func (s *STFT) transform(total int, emit func([]float32)) {
	for lane := range fft.Lanes {
		frame := s.held[lane*s.hop:][:s.size]
		for i, w := range s.window {
			s.windows[i*fft.Lanes+lane] = frame[i] * w
		}
	}
	s.plan.Magnitudes(s.spectra, s.windows)
	for lane := range fft.Lanes {
		if s.frames == total {
			return
		}
		for k := range s.magnitude {
			s.magnitude[k] = s.spectra[k*fft.Lanes+lane]
		}
		s.frames++
		emit(s.magnitude)
	}
}
