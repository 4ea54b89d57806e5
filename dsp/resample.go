package dsp

import "math"

// The filter of a Resampler. Of the band that both rates can carry, the lower
// passBand of it is kept flat; from its end, half the lower rate, everything
// is down by stopBandDB. The rolled-off rest in between is the price of a
// filter of finite length.
const (
	passBand   = 0.88
	stopBandDB = 90
)

// maxPhases bounds the filter bank. All usual rates need at most 441 phases
// against SampleRate; a ratio that needs more has its filter interpolated
// between this many.
const maxPhases = 1024

// Resampler changes the rate of a stream of samples by a windowed sinc,
//
//	y[k] = Σ x[i] h(k·from/to - i),   h(t) = 2c·sinc(2c·t)·w(t/H)
//
// where c is the cutoff in cycles an input sample, in the middle between the
// ends of pass-band and stop-band, w is Kaiser's window and H its half width;
// both follow from the stop-band and the width of the transition by Kaiser's
// formulas (J. F. Kaiser, Nonrecursive digital filter design using the
// I0-sinh window function, 1974; Oppenheim and Schafer, Discrete-Time Signal
// Processing, 7.5.3). The filter is centred, so that a sound keeps its
// position; before its first sample and after its last there is silence.
//
// How the input is cut into calls does not change the output. A Resampler
// keeps scratch memory: it is for one goroutine.
type Resampler struct {
	up, down int64     // output : input rate, without common factors
	taps     int       // length of the filter, in input samples
	phases   int       // rows of bank, without the last
	bank     []float32 // (phases+1, taps); row p is h at p/phases of an input sample
	exact    bool      // phases = up: no interpolation

	buf   []float32 // input that is still needed, from index at on
	at    int       // first input sample of the next output
	phase int64     // of the next output, in 1/up input samples

	in, out int64 // samples so far
}

// NewResampler makes a resampler between two rates in Hz.
func NewResampler(from, to int) *Resampler {
	if from < 1 || to < 1 {
		panic("dsp: resampling rate below 1 Hz")
	}
	common := gcd(from, to)
	r := &Resampler{up: int64(to / common), down: int64(from / common)}
	r.phases = int(min(r.up, maxPhases))
	r.exact = int64(r.phases) == r.up

	lower := float64(min(from, to)) / float64(from) / 2 // half the lower rate, in cycles an input sample
	transition := lower * (1 - passBand)
	half := int(math.Ceil((stopBandDB - 7.95) / (14.36 * transition) / 2))
	r.taps = 2 * half
	if from == to { // nothing to change, nothing to cut off
		half, r.taps, r.bank = 1, 1, []float32{1, 1}
	} else {
		r.design(half, lower-transition/2)
	}
	r.buf = make([]float32, half-1, 2*r.taps+4096)
	return r
}

// design fills the bank. Each row is scaled to pass a constant unchanged.
func (r *Resampler) design(half int, cutoff float64) {
	beta := 0.1102 * (stopBandDB - 8.7)
	r.bank = make([]float32, (r.phases+1)*r.taps)
	row := make([]float64, r.taps)
	for p := range r.phases + 1 {
		var sum float64
		for j := range row {
			t := float64(j-half+1) - float64(p)/float64(r.phases)
			u := t / float64(half)
			row[j] = sinc(2*cutoff*t) * bessel0(beta*math.Sqrt(max(0, 1-u*u)))
			sum += row[j]
		}
		for j, v := range row {
			r.bank[p*r.taps+j] = float32(v / sum)
		}
	}
}

// Resample takes samples from src and writes what follows from them to dst,
// until either is used up, and says how many of both it used.
func (r *Resampler) Resample(dst, src []float32) (written, read int) {
	written, read = r.run(dst, src)
	r.in += int64(read)
	return written, read
}

// Flush writes what is left after the last input. It is called, with room in
// dst, until it returns 0; by then the output is ceil(in·to/from) samples long.
func (r *Resampler) Flush(dst []float32) int {
	left := (r.in*r.up+r.down-1)/r.down - r.out
	dst = dst[:min(int64(len(dst)), left)]
	written := 0
	for written < len(dst) {
		n, _ := r.run(dst[written:], silence[:])
		written += n
	}
	return written
}

var silence [256]float32

func (r *Resampler) run(dst, src []float32) (written, read int) {
	if r.taps == 1 { // the rates are equal
		n := copy(dst, src)
		r.out += int64(n)
		return n, n
	}
	for {
		for written < len(dst) && r.at+r.taps <= len(r.buf) {
			dst[written] = r.sample(r.buf[r.at : r.at+r.taps])
			written++
			r.out++
			r.phase += r.down
			r.at += int(r.phase / r.up)
			r.phase %= r.up
		}
		if written == len(dst) || read == len(src) {
			return written, read
		}
		kept := copy(r.buf, r.buf[r.at:])
		r.at = 0
		n := min(len(src)-read, cap(r.buf)-kept)
		r.buf = append(r.buf[:kept], src[read:read+n]...)
		read += n
	}
}

// sample is the output for the input under the filter.
func (r *Resampler) sample(x []float32) float32 {
	if r.exact {
		p := int(r.phase) * r.taps
		return dot(r.bank[p:p+r.taps], x)
	}
	position := float64(r.phase) * float64(r.phases) / float64(r.up)
	p := int(position)
	low := dot(r.bank[p*r.taps:(p+1)*r.taps], x)
	high := dot(r.bank[(p+1)*r.taps:(p+2)*r.taps], x)
	return low + float32(position-float64(p))*(high-low)
}

// sinc is sin(πx)/(πx).
func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind and order 0, by
// its power series Σ ((x/2)^k / k!)².
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
