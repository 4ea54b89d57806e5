package mat

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestELU(t *testing.T) {
	t.Parallel()
	var x []float32
	for v := float32(-100); v < 5; v += 0.0137 {
		x = append(x, v)
	}
	got := append([]float32(nil), x...)
	ELU(got)
	for i, v := range x {
		want := float64(v)
		if v < 0 {
			want = math.Expm1(want)
		}
		if math.Abs(float64(got[i])-want) > 3e-7 {
			t.Fatalf("ELU(%g) is %g, want %g", v, got[i], want)
		}
	}
}

// Channels that fill no vector take the plain loop, so 8 of them done one way
// must be what each alone gives the other way.
func TestMaxPoolEqualsPlain(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	const pools, channels = 5, 16
	for _, taps := range []int{1, 3} {
		x, dy := noise(rng, pools*taps*channels), noise(rng, pools*channels)
		y, dx := make([]float32, pools*channels), make([]float32, len(x))
		MaxPool(y, x, pools, taps, channels)
		ELU(y)
		MaxPoolBack(dx, dy, y, x, pools, taps, channels)
		for c := range channels {
			column := func(from []float32) []float32 {
				var one []float32
				for i := c; i < len(from); i += channels {
					one = append(one, from[i])
				}
				return one
			}
			y1, dx1 := make([]float32, pools), make([]float32, pools*taps)
			MaxPool(y1, column(x), pools, taps, 1)
			ELU(y1)
			MaxPoolBack(dx1, column(dy), y1, column(x), pools, taps, 1)
			for name, pair := range map[string][2][]float32{"y": {y1, column(y)}, "dx": {dx1, column(dx)}} {
				for i, want := range pair[0] {
					if math.Abs(float64(pair[1][i]-want)) > 1e-6 {
						t.Fatalf("%d taps, channel %d: %s[%d] is %g, want %g", taps, c, name, i, pair[1][i], want)
					}
				}
			}
		}
	}
}
