package dsp

import (
	"math"
	"math/cmplx"
)

// Tuning estimates how far a recording's A4 is from 440 Hz. It takes every
// spectral peak between 100 and 2,000 Hz at its parabolic frequency (Smith &
// Serra 1987), and averages the deviations from equal temperament around the
// circle of one semitone, each weighted by its magnitude.
type Tuning struct{ sum complex128 }

const (
	tuningMinHz = 100
	tuningMaxHz = 2000
)

// Add takes the magnitudes of one frame, of a window of size samples at rate Hz.
func (t *Tuning) Add(magnitude []float32, size, rate int) {
	bin := float64(rate) / float64(size)
	first, last := max(1, int(tuningMinHz/bin)), min(len(magnitude)-2, int(tuningMaxHz/bin))
	var loudest float32
	for k := first; k <= last; k++ {
		loudest = max(loudest, magnitude[k])
	}
	floor := loudest / 30
	for k := first; k <= last; k++ {
		m := magnitude[k]
		if m <= floor || m < magnitude[k-1] || m <= magnitude[k+1] {
			continue
		}
		a, b, c := logMagnitude(magnitude[k-1]), logMagnitude(m), logMagnitude(magnitude[k+1])
		at := float64(k)
		if curve := a - 2*b + c; curve < 0 {
			at += 0.5 * (a - c) / curve
		}
		semitone := 12 * math.Log2(at*bin/440)
		t.sum += cmplx.Rect(float64(m), 2*math.Pi*semitone)
	}
}

func logMagnitude(m float32) float64 { return math.Log(float64(m) + 1e-12) }

// Cents is the estimate, -50 to 50; 0 where nothing was heard.
func (t *Tuning) Cents() float64 {
	if t.sum == 0 {
		return 0
	}
	return cmplx.Phase(t.sum) / (2 * math.Pi) * 100
}
