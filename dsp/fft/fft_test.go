package fft

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/dsp/fourier"
)

// plainPlan is gonum's, which the vectors are held against.
func plainPlan(size int) *Plan { return &Plan{size: size, plain: fourier.NewFFT(size)} }

func noise(size int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, size*Lanes)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// Both transforms give the same magnitudes, to what float32 holds.
func TestMagnitudesAreThoseOfThePlainTransform(t *testing.T) {
	t.Parallel()
	for size := 8; size <= 8192; size *= 2 {
		windows := noise(size, uint64(size))
		got, want := make([]float32, (size/2+1)*Lanes), make([]float32, (size/2+1)*Lanes)
		plainPlan(size).Magnitudes(want, append([]float32(nil), windows...))
		New(size).Magnitudes(got, windows)
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 3e-6*math.Sqrt(float64(size))*5 {
				t.Fatalf("size %d: bin %d of lane %d is %g, want %g", size, i/Lanes, i%Lanes, got[i], want[i])
			}
		}
	}
}

// A lane hears nothing of its neighbours, and a sine is one bin.
func TestLanesAreApart(t *testing.T) {
	t.Parallel()
	const size, bin, lane = 1024, 37, 5
	windows := make([]float32, size*Lanes)
	for i := range size {
		windows[i*Lanes+lane] = float32(math.Sin(2 * math.Pi * bin * float64(i) / size))
	}
	got := make([]float32, (size/2+1)*Lanes)
	New(size).Magnitudes(got, windows)
	for i, v := range got {
		want := 0.0
		if i == bin*Lanes+lane {
			want = size / 2
		}
		if math.Abs(float64(v)-want) > 1e-3 {
			t.Errorf("bin %d of lane %d is %g, want %g", i/Lanes, i%Lanes, v, want)
		}
	}
}

func TestSizeMustBeAPowerOfTwo(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 4, 12, 1000} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("size %d is taken", size)
				}
			}()
			New(size)
		}()
	}
}

// One run tells the ratio: eight windows by vectors against eight by gonum.
func BenchmarkMagnitudes(b *testing.B) {
	for _, size := range []int{1024, 8192} {
		for name, plan := range map[string]*Plan{"vectors": New(size), "gonum": plainPlan(size)} {
			b.Run(fmt.Sprintf("%d/%s", size, name), func(b *testing.B) {
				windows, dst := noise(size, 1), make([]float32, (size/2+1)*Lanes)
				for b.Loop() {
					plan.Magnitudes(dst, windows)
				}
			})
		}
	}
}
