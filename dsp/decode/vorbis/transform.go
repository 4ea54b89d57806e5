package vorbis

import "math"

// transform makes the samples of a block from the lines of its spectrum,
//
//	y[n] = Σ x[k] cos(2π/N (n + 1/2 + N/4)(k + 1/2)),   n < N, k < N/2
//
// (Vorbis I, 9.3.1 and A.2; Sporer, Brandenburg and Edler 1992), either all of
// them, or, of the lower N/4 lines, the samples with even numbers or those with
// odd ones. Those lie a quarter of a step beside the samples of a transform half
// as long: its cosines turn by that much, which takes its sines as well.
type transform struct {
	m            int // lines
	fft          *fft
	before       []complex64 // (m/2)
	turn         [][2]float32
	cosine, sine []float32 // (m)
	lines        []float32 // (m)
	work         []complex64
}

func newTransform(block int, rate Rate) *transform {
	m := block / 2
	if rate != Full {
		m /= 2
	}
	t := &transform{
		m: m, fft: newFFT(m / 2), before: make([]complex64, m/2), work: make([]complex64, m/2),
		cosine: make([]float32, m), sine: make([]float32, m), lines: make([]float32, m),
	}
	for k := range t.before {
		sin, cos := math.Sincos(-math.Pi * float64(8*k+1) / float64(8*m))
		t.before[k] = complex(float32(cos), float32(sin))
	}
	if rate == Full {
		return t
	}
	for k := range m {
		sin, cos := math.Sincos(math.Pi / float64(m) / 4 * (float64(k) + 0.5))
		if rate == HalfOdd {
			sin = -sin
		}
		t.turn = append(t.turn, [2]float32{float32(cos), float32(sin)})
	}
	return t
}

// halves writes the first half of the samples and the second, m of each.
func (t *transform) halves(first, second, x []float32) {
	m := t.m
	u, v := t.cosine, t.cosine
	if t.turn == nil {
		t.cosines(t.cosine, x)
	} else {
		for k, w := range t.turn {
			t.lines[k] = x[k] * w[0]
		}
		t.cosines(t.cosine, t.lines)
		for k, w := range t.turn { // sines are cosines of what is turned round
			t.lines[m-1-k] = x[k] * w[1]
		}
		t.cosines(t.sine, t.lines)
		for j := 0; j < m; j += 2 {
			c, s := t.cosine[j], t.sine[j]
			t.cosine[j], t.sine[j] = c+s, c-s
			c, s = t.cosine[j+1], -t.sine[j+1]
			t.cosine[j+1], t.sine[j+1] = c+s, c-s
		}
		v = t.sine
	}
	for i := range m / 2 {
		first[i], first[m/2+i] = u[m/2+i], -v[m-1-i]
		second[i], second[m/2+i] = -v[m/2-1-i], -u[i]
	}
}

// cosines is the discrete cosine transform of type IV, by one of m/2 complex
// numbers.
func (t *transform) cosines(dst, x []float32) {
	m := t.m
	for n, w := range t.before {
		t.work[n] = complex(x[2*n], x[m-1-2*n]) * w
	}
	for k, c := range t.fft.transform(t.work) {
		c *= t.before[k]
		dst[2*k], dst[m-1-2*k] = real(c), -imag(c)
	}
}

// fft is Stockham's transform, radix 4 (Van Loan 1992, §1.7).
type fft struct {
	stages [][][3]complex64 // twiddles of each block of a stage
	to     []complex64
}

func newFFT(size int) *fft {
	f := &fft{to: make([]complex64, size)}
	for n := size; n >= 4; n /= 4 {
		twiddles := make([][3]complex64, n/4)
		for p := range twiddles {
			for power := range 3 {
				sin, cos := math.Sincos(-2 * math.Pi * float64(p*(power+1)) / float64(n))
				twiddles[p][power] = complex(float32(cos), float32(sin))
			}
		}
		f.stages = append(f.stages, twiddles)
	}
	return f
}

// transform works in x and its own memory; the result is in either.
func (f *fft) transform(x []complex64) []complex64 {
	stride, from, to := 1, x, f.to
	for _, twiddles := range f.stages {
		quarter := len(twiddles) * stride
		for p, w := range twiddles {
			a, b := from[p*stride:][:stride], from[p*stride+quarter:][:stride]
			c, d := from[p*stride+2*quarter:][:stride], from[p*stride+3*quarter:][:stride]
			out := to[4*p*stride:][:4*stride]
			out0, out1, out2, out3 := out[:stride], out[stride:][:stride], out[2*stride:][:stride], out[3*stride:][:stride]
			for q := range a {
				sum, difference := a[q]+c[q], a[q]-c[q]
				others, turned := b[q]+d[q], b[q]-d[q]
				turned = complex(-imag(turned), real(turned))
				out0[q] = sum + others
				out1[q] = (difference - turned) * w[0]
				out2[q] = (sum - others) * w[1]
				out3[q] = (difference + turned) * w[2]
			}
		}
		from, to = to, from
		stride *= 4
	}
	if stride < len(x) {
		for q := range stride {
			to[q], to[q+stride] = from[q]+from[q+stride], from[q]-from[q+stride]
		}
		from = to
	}
	return from
}
