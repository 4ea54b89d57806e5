package dsp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// What the machine's vectors sum is what the plain loop sums, at all lengths
// and places.
func TestDotIsThePlainOne(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for length := range 100 {
		h, x := make([]float32, length), make([]float32, length+3)
		for i := range h {
			h[i] = rng.Float32() - 0.5
		}
		for i := range x {
			x[i] = rng.Float32() - 0.5
		}
		var want float64
		for i, v := range h {
			want += float64(v) * float64(x[3+i])
		}
		for name, got := range map[string]float32{"dot": dot(h, x[3:]), "plain": plainDot(h, x[3:])} {
			if math.Abs(float64(got)-want) > 1e-5 {
				t.Errorf("%s of %d values: %g; want %g", name, length, got, want)
			}
		}
	}
}
