package mat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

func noise(rng *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(rng.NormFloat64())
	}
	return s
}

// The fast product equals the plain one for every shape of tile and remainder,
// for transposed and for overlapping operands.
func TestMulAddEqualsPlain(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 7, 8, 9, 16, 24, 31, 40} {
		for _, m := range []int{1, 5, 6, 13} {
			for _, k := range []int{1, 3, 33} {
				t.Run(fmt.Sprintf("%dx%dx%d", m, n, k), func(t *testing.T) {
					t.Parallel()
					rng := rand.New(rand.NewPCG(uint64(m*n), uint64(k)))
					for name, stride := range map[string]struct{ rows, cols, ldc int }{
						"row-major":        {k, 1, n},
						"transposed":       {1, m, n},
						"overlapping rows": {2, 1, n},
						"overlapping sums": {k, 1, 3},
					} {
						a := noise(rng, m*k+2*m+k)
						b := noise(rng, k*n)
						got := noise(rng, m*n+3*m)
						want := append([]float32(nil), got...)
						MulAdd(m, n, k, a, stride.rows, stride.cols, b, n, got, stride.ldc)
						mulAddPlain(m, 0, n, k, a, stride.rows, stride.cols, b, n, want, stride.ldc)
						for i := range got {
							if d := math.Abs(float64(got[i] - want[i])); d > 1e-4 {
								t.Fatalf("%s: element %d is %g, plain %g", name, i, got[i], want[i])
							}
						}
					}
				})
			}
		}
	}
}

func TestMulAddPanicsOnShortSlice(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Fatal("no panic on a slice that is too short")
		}
	}()
	MulAdd(2, 8, 2, make([]float32, 4), 2, 1, make([]float32, 16), 8, make([]float32, 15), 8)
}

// BenchmarkMulAdd reports what the layer that costs most asks for, a 3x3
// convolution of 16 to 24 channels, fast and plain in one run.
func BenchmarkMulAdd(b *testing.B) {
	const m, n, k = 24, 24, 48
	rng := rand.New(rand.NewPCG(1, 2))
	x, w, y := noise(rng, m*16+k), noise(rng, k*n), make([]float32, m*n)
	b.Run("fast", func(b *testing.B) {
		for b.Loop() {
			MulAdd(m, n, k, x, 16, 1, w, n, y, n)
		}
		b.ReportMetric(float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
	})
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			mulAddPlain(m, 0, n, k, x, 16, 1, w, n, y, n)
		}
		b.ReportMetric(float64(m*n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
	})
}
