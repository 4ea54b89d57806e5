package layer3

import "math"

const sqrtHalf = math.Sqrt2 / 2

// largest is the largest that a code can say.
const largest = 14 + 1<<13

// powers43 are n to the power 4/3 with n's sign, at largest + n: a sign is as
// likely as the other, so that asking for it costs more than reading.
var powers43 = func() (p [2*largest + 1]float32) {
	for n := range largest + 1 {
		v := float32(math.Pow(float64(n), 4.0/3))
		p[largest+n], p[largest-n] = v, -v
	}
	return p
}()

// preemphasis is added to the scale factors of high bands (11172-3 table B.6).
var preemphasis = [22]int{11: 1, 1, 1, 1, 2, 2, 3, 3, 3, 2}

// Gains are powers of the fourth root of 2, from lowestGain on.
const lowestGain = -400

var gains = func() (p [500]float32) {
	for i := range p {
		p[i] = float32(math.Exp2(float64(i+lowestGain) / 4))
	}
	return p
}()

// requantise turns codes into lines, each where it belongs in the spectrum
// (11172-3, 2.4.3.4.7). What has no code is 0.
func requantise(dst *[lines]float32, codes []int32, g *granule, f *factors, l *layout) {
	clear(dst[:])
	for i, s := range l.segments {
		if len(codes) == 0 {
			return
		}
		factor := f.values[i]
		if g.preflag && !s.short {
			factor += preemphasis[min(i, len(preemphasis)-1)]
		}
		exponent := g.gain - 210 - factor<<(1+g.coarse)
		if s.short {
			exponent -= 8 * g.subgain[s.window]
		}
		gain := gains[exponent-lowestGain]
		at := s.start
		for _, c := range codes[:min(s.width, len(codes))] {
			dst[at] = powers43[largest+c] * gain
			at += s.step
		}
		codes = codes[min(s.width, len(codes)):]
	}
}

// mix brings two channels with blocks alike to their mean, in the first's lines.
func (d *Decoder) mix(g *granule, f Frame) {
	left, right := &d.lines[0], &d.lines[1]
	l := &d.layouts[g.kind()]
	var positioned [3]int // segment from which on there is one channel and its position, by window
	if f.Intensity {
		positioned = silentFrom(l, right)
	}
	for i, s := range l.segments {
		share, both := float32(0.5), !f.MidSide
		if f.MidSide {
			share = sqrtHalf
		}
		if f.Intensity && i >= positioned[s.window] {
			if sum, ok := d.factors[1].position(l, i, g, f.LSF); ok {
				share, both = sum/2, false
			}
		}
		at := s.start
		for range s.width {
			v := left[at]
			if both {
				v += right[at]
			}
			left[at] = v * share
			at += s.step
		}
	}
}

// split halves two channels, so that the sum of both is their mean.
func (d *Decoder) split(midSide bool) {
	for i, l := range d.lines[0] {
		r := d.lines[1][i]
		if midSide {
			l, r = (l+r)*sqrtHalf, (l-r)*sqrtHalf
		}
		d.lines[0][i], d.lines[1][i] = l/2, r/2
	}
}

// silentFrom is, for each window, the segment from which on there is nothing.
func silentFrom(l *layout, spectrum *[lines]float32) (from [3]int) {
	for i, s := range l.segments {
		for k := range s.width {
			if spectrum[s.start+k*s.step] != 0 {
				from[s.window] = i + 1
				break
			}
		}
	}
	return from
}

// position is the sum of the shares that both channels have of a segment by its
// position between them; ok is false where it has none (11172-3, 2.4.3.4.9.3,
// 13818-3, 2.4.3.2). The last band takes that of the band before.
func (f *factors) position(l *layout, i int, g *granule, lsf bool) (sum float32, ok bool) {
	if last := len(l.segments); l.segments[i].short && i >= last-3 {
		i -= 3
	} else if i == last-1 {
		i--
	}
	p := f.values[i]
	if !lsf {
		const none = 7
		return 1, p != none
	}
	root := 4.0
	if g.compress&1 != 0 {
		root = 2
	}
	return float32(1 + math.Exp2(-float64((p+1)/2)/root)), p != f.none[i]
}
