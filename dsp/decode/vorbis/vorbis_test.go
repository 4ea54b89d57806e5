package vorbis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The transform is its formula, at every length of a block; that of half the
// rate is every second sample of it, where the upper lines are silent.
func TestTransformIsItsFormula(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for _, block := range []int{64, 128, 256, 512, 2048} {
		x := make([]float32, block/2)
		for k := range block / 4 {
			x[k] = rng.Float32() - 0.5
		}
		want := make([]float64, block)
		for n := range want {
			for k, v := range x {
				want[n] += float64(v) * math.Cos(2*math.Pi/float64(block)*(float64(n)+0.5+float64(block)/4)*(float64(k)+0.5))
			}
		}
		for rate, name := range map[Rate]string{Full: "full", HalfEven: "even", HalfOdd: "odd"} {
			every, begin := 2, 0
			switch rate {
			case Full:
				every = 1
			case HalfOdd:
				begin = 1
			case HalfEven:
			}
			m := block / 2 / every
			got := make([]float32, 2*m)
			newTransform(block, rate).halves(got[:m], got[m:], x[:m])
			for i, v := range got {
				if w := want[begin+every*i]; math.Abs(float64(v)-w) > 2e-6*float64(block) {
					t.Fatalf("block of %d, %s: sample %d is %g; want %g", block, name, i, v, w)
				}
			}
		}
	}
}

// Channels come back from magnitude and angle as the table of 4.3.5 says.
func TestUncouple(t *testing.T) {
	t.Parallel()
	magnitudes, angles := []float32{5, 5, -5, -5, 0}, []float32{2, -2, 2, -2, 0}
	uncouple(magnitudes, angles)
	for i, want := range [][2]float32{{5, 3}, {3, 5}, {-5, -3}, {-3, -5}, {0, 0}} {
		if magnitudes[i] != want[0] || angles[i] != want[1] {
			t.Errorf("pair %d: %g and %g; want %g", i, magnitudes[i], angles[i], want)
		}
	}
}
