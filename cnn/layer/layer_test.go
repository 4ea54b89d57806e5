package layer

import (
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

func dot(a, b []float32) float64 {
	var sum float64
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// slope is the numerical derivative of loss by *v.
func slope(v *float32, loss func() float64) float64 {
	const step = 1e-2
	was := *v
	*v = was + step
	up := loss()
	*v = was - step
	down := loss()
	*v = was
	return (up - down) / (2 * step)
}

func checkGradient(t *testing.T, name string, values, gradient []float32, loss func() float64) {
	t.Helper()
	for i := range values {
		want := slope(&values[i], loss)
		if math.Abs(float64(gradient[i])-want) > 2e-2*(1+math.Abs(want)) {
			t.Fatalf("gradient by %s[%d] is %g, numerically %g", name, i, gradient[i], want)
		}
	}
}

var convCases = map[string]struct {
	conv Conv
	in   Shape
}{
	"one band":         {Conv{KernelFrames: 3, KernelBands: 1, In: 4, Out: 8}, Shape{7, 1, 4}},
	"dilated":          {Conv{KernelFrames: 5, KernelBands: 1, In: 8, Out: 8, Dilation: 3}, Shape{9, 1, 8}},
	"wider than sound": {Conv{KernelFrames: 5, KernelBands: 1, In: 2, Out: 3, Dilation: 64}, Shape{9, 1, 2}},
	"bands":            {Conv{KernelFrames: 3, KernelBands: 3, In: 1, Out: 16}, Shape{4, 9, 1}},
	"bands, channels":  {Conv{KernelFrames: 3, KernelBands: 4, In: 8, Out: 5}, Shape{4, 7, 8}},
	"dense":            {Conv{KernelFrames: 1, KernelBands: 1, In: 6, Out: 9}, Shape{1, 1, 6}},
}

// Forward is the sum in Conv's comment, written out.
func TestConvIsItsFormula(t *testing.T) {
	t.Parallel()
	for name, tc := range convCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 1))
			c, in, out := tc.conv, tc.in, tc.conv.Shape(tc.in)
			x, w, b := noise(rng, in.Len()), noise(rng, c.Weights()), noise(rng, c.Out)
			y := make([]float32, out.Len())
			c.Forward(y, x, in, w, b)
			for time := range out.Frames {
				for f := range out.Bands {
					for o := range c.Out {
						want := b[o]
						for i := range c.KernelFrames {
							at := time + (i-c.KernelFrames/2)*max(c.Dilation, 1)
							if at < 0 || at >= in.Frames {
								continue
							}
							for j := range c.KernelBands {
								for ch := range c.In {
									want += x[(at*in.Bands+f+j)*c.In+ch] * w[((i*c.KernelBands+j)*c.In+ch)*c.Out+o]
								}
							}
						}
						if got := y[(time*out.Bands+f)*c.Out+o]; math.Abs(float64(got-want)) > 1e-4 {
							t.Fatalf("y[%d][%d][%d] is %g, by the formula %g", time, f, o, got, want)
						}
					}
				}
			}
		})
	}
}

func TestConvGradients(t *testing.T) {
	t.Parallel()
	for name, tc := range convCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 1))
			c, in, out := tc.conv, tc.in, tc.conv.Shape(tc.in)
			x, w, b, dy := noise(rng, in.Len()), noise(rng, c.Weights()), noise(rng, c.Out), noise(rng, out.Len())
			y := make([]float32, out.Len())
			loss := func() float64 { c.Forward(y, x, in, w, b); return dot(y, dy) }
			dx, dw, db := make([]float32, len(x)), make([]float32, len(w)), make([]float32, len(b))
			c.BackwardInput(dx, dy, in, w)
			c.BackwardWeights(dw, db, dy, x, in)
			checkGradient(t, "x", x, dx, loss)
			checkGradient(t, "w", w, dw, loss)
			checkGradient(t, "b", b, db, loss)
		})
	}
}

// spaced are values far apart, so that a small step does not change which is
// the greatest.
func spaced(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32((i*37)%n)/8 - 4
	}
	return x
}

func TestShapeLayerGradients(t *testing.T) {
	t.Parallel()
	in := Shape{4, 6, 3}
	t.Run("pool", func(t *testing.T) {
		t.Parallel()
		rng := rand.New(rand.NewPCG(3, 3))
		x := spaced(in.Len())
		p := Pool{2, 3}
		out := p.Shape(in)
		y, dy := make([]float32, out.Len()), noise(rng, out.Len())
		loss := func() float64 { p.Forward(y, x, in); return dot(y, dy) }
		loss()
		dx := make([]float32, len(x))
		p.Backward(dx, dy, y, x, in)
		checkGradient(t, "x", x, dx, loss)
	})
	for name, l := range map[string]interface {
		Shape(in Shape) Shape
		Forward(y, x []float32, in Shape)
		Backward(dx, dy []float32, in Shape)
	}{"mean": Mean{}, "fold": Fold{Period: 2, Bass: 1}, "wrap": Wrap{}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 3))
			x := spaced(in.Len())
			out := l.Shape(in)
			y, dy := make([]float32, out.Len()), noise(rng, out.Len())
			dx := make([]float32, len(x))
			l.Backward(dx, dy, in)
			checkGradient(t, "x", x, dx, func() float64 { l.Forward(y, x, in); return dot(y, dy) })
		})
	}
}

// A circle turned by one band gives the result turned by one band: what makes
// the key network hear a transposed piece as the same piece elsewhere.
func TestWrapTurnsWithItsInput(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 5))
	in := Shape{1, 12, 8}
	conv := Conv{KernelFrames: 1, KernelBands: 12, In: 8, Out: 8}
	w, b := noise(rng, conv.Weights()), noise(rng, 8)
	around := func(x []float32) []float32 {
		wide := Wrap{}.Shape(in)
		y, z := make([]float32, wide.Len()), make([]float32, conv.Shape(wide).Len())
		Wrap{}.Forward(y, x, in)
		conv.Forward(z, y, wide, w, b)
		return z
	}
	x := noise(rng, in.Len())
	turned := append(append([]float32(nil), x[8:]...), x[:8]...)
	straight, after := around(x), around(turned)
	for i := range after {
		if d := math.Abs(float64(after[i] - straight[(i+8)%len(straight)])); d > 1e-4 {
			t.Fatalf("element %d differs by %g", i, d)
		}
	}
}
