package layer3

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Samples by vectors are those without, at every rate.
func TestVectorsMakeTheSameSamples(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for rate, name := range map[Rate]string{Full: "full", HalfEven: "half", HalfOdd: "half, odd"} {
		one, other := newSynthesis(rate), newSynthesis(rate)
		bands, got, want := make([]float32, one.n), make([]float32, one.n), make([]float32, one.n)
		for slot := range 50 {
			for i := range bands {
				bands[i] = float32(rng.NormFloat64())
			}
			one.slot(got, bands)
			other.newest = (other.newest + 15) & 15
			other.plainSlot(want, bands)
			for i := range want {
				if d := math.Abs(float64(got[i] - want[i])); d > 1e-4 {
					t.Fatalf("%s, slot %d, sample %d: %g and %g", name, slot, i, got[i], want[i])
				}
			}
		}
	}
}
