package render

import (
	"math"

	"earworm/dsp"
)

// biquad is a second-order filter, in direct form 1:
//
//	y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]
//
// Its kinds follow R. Bristow-Johnson, Cookbook formulae for audio EQ biquad
// filter coefficients. It keeps state: one goroutine, one signal.
type biquad struct {
	b0, b1, b2, a1, a2 float64
	x1, x2, y1, y2     float64
}

func (f *biquad) tick(x float64) float64 {
	y := f.b0*x + f.b1*f.x1 + f.b2*f.x2 - f.a1*f.y1 - f.a2*f.y2
	f.x2, f.x1, f.y2, f.y1 = f.x1, x, f.y1, y
	return y
}

func (f *biquad) run(pcm []float32) {
	for i, v := range pcm {
		pcm[i] = float32(f.tick(float64(v)))
	}
}

func angle(hz, rate float64) (sin, cos float64) {
	return math.Sincos(2 * math.Pi * min(hz, 0.48*rate) / rate)
}

func normal(b0, b1, b2, a0, a1, a2 float64) *biquad {
	return &biquad{b0: b0 / a0, b1: b1 / a0, b2: b2 / a0, a1: a1 / a0, a2: a2 / a0}
}

func lowPass(hz, q, rate float64) *biquad {
	sin, cos := angle(hz, rate)
	a := sin / (2 * q)
	return normal((1-cos)/2, 1-cos, (1-cos)/2, 1+a, -2*cos, 1-a)
}

func highPass(hz, q, rate float64) *biquad {
	sin, cos := angle(hz, rate)
	a := sin / (2 * q)
	return normal((1+cos)/2, -1-cos, (1+cos)/2, 1+a, -2*cos, 1-a)
}

// bandPass has a gain of 1 at its centre.
func bandPass(hz, q, rate float64) *biquad {
	sin, cos := angle(hz, rate)
	a := sin / (2 * q)
	return normal(a, 0, -a, 1+a, -2*cos, 1-a)
}

func peaking(hz, q, db, rate float64) *biquad {
	sin, cos := angle(hz, rate)
	g := math.Pow(10, db/40)
	a := sin / (2 * q)
	return normal(1+a*g, -2*cos, 1-a*g, 1+a/g, -2*cos, 1-a/g)
}

// shelf raises what is below (low) or above (high) a frequency.
func shelf(low bool, hz, db float64) *biquad {
	sin, cos := angle(hz, sampleRate)
	g := math.Pow(10, db/40)
	a := sin / math.Sqrt2 * math.Sqrt(g)
	if !low {
		cos = -cos
	}
	f := normal(
		g*((g+1)-(g-1)*cos+2*a), 2*g*((g-1)-(g+1)*cos), g*((g+1)-(g-1)*cos-2*a),
		(g+1)+(g-1)*cos+2*a, -2*((g-1)+(g+1)*cos), (g+1)+(g-1)*cos-2*a)
	if !low {
		f.b1, f.a1 = -f.b1, -f.a1
	}
	return f
}

const sampleRate = float64(dsp.SampleRate)
