package layer3

import "math"

// aliasing are the coefficients of the butterflies between neighbouring bands
// (11172-3 table B.9).
var aliasing = func() (c [8][2]float32) {
	for i, v := range [8]float64{-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037} {
		c[i] = [2]float32{float32(1 / math.Sqrt(1+v*v)), float32(v / math.Sqrt(1+v*v))}
	}
	return c
}()

// transform adds a spectrum to the granule: what overlaps of neighbouring bands
// is taken off, and each band's lines become samples of this granule and of the
// next (11172-3, 2.4.3.4.10).
func (d *Decoder) transform(spectrum *[lines]float32, g *granule) {
	used := lines
	for used > 0 && spectrum[used-1] == 0 {
		used--
	}
	// A band beyond the last line hears of it through its neighbour.
	bands := min((used+slots-1)/slots+1, d.bands)
	smooth := min(bands, subbands-1)
	if g.block == 2 {
		smooth = 0
		if g.mixed {
			smooth = 1
		}
	}
	for band := range smooth {
		edge := (band + 1) * slots
		for i, c := range aliasing {
			below, above := spectrum[edge-1-i], spectrum[edge+i]
			spectrum[edge-1-i] = below*c[0] - above*c[1]
			spectrum[edge+i] = above*c[0] + below*c[1]
		}
	}
	for band := range bands {
		x := spectrum[band*slots:][:slots]
		switch {
		case g.block != 2:
			d.long(band, x, g.block)
		case g.mixed && band < 2:
			d.long(band, x, 0)
		default:
			d.short(band, x)
		}
	}
}

// windows by block type, the short ones' in the third's place (2.4.3.4.10.3).
var windows = func() (w [4][2 * slots]float32) {
	sine := func(i, n int) float32 { return float32(math.Sin(math.Pi / float64(n) * (float64(i) + 0.5))) }
	for i := range 2 * slots {
		w[0][i] = sine(i, 36)
		if i < 12 {
			w[2][i] = sine(i, 12)
		}
		switch {
		case i < 18:
			w[1][i] = sine(i, 36)
		case i < 24:
			w[1][i] = 1
		case i < 30:
			w[1][i] = sine(i-18, 12)
		}
	}
	for i := range w[3] {
		w[3][i] = w[1][len(w[1])-1-i]
	}
	return w
}()

// Cosines of the discrete cosine transforms of type IV of 18 and of 6 points.
var (
	cosines18 = func() (c [slots * wide]float32) { // by input, output
		for k := range slots {
			for j := range slots {
				c[k*wide+j] = float32(math.Cos(math.Pi / 72 * float64((2*j+1)*(2*k+1))))
			}
		}
		return c
	}()
	cosines6 = func() (c [6][6]float32) {
		for k := range c {
			for j := range c[k] {
				c[k][j] = float32(math.Cos(math.Pi / 24 * float64((2*j+1)*(2*k+1))))
			}
		}
		return c
	}()
)

// wide is slots, filled up with zeros to what sumRows takes.
const wide = 32

// long transforms 18 lines. The 36 samples are a transform of type IV, unfolded.
func (d *Decoder) long(band int, x []float32, block int) {
	var c [wide]float32
	if vectors {
		sumRows(c[:], cosines18[:], x)
	} else {
		for k, v := range x {
			if v == 0 {
				continue
			}
			for j, cosine := range cosines18[k*wide:][:slots] {
				c[j] += v * cosine
			}
		}
	}
	w := &windows[block]
	now, next := &d.now[band], &d.next[band]
	for i := range 9 {
		now[i] += w[i] * c[9+i]
		now[17-i] -= w[17-i] * c[9+i]
		next[i] -= w[18+i] * c[8-i]
		next[17-i] -= w[35-i] * c[8-i]
	}
}

// short transforms three windows of 6 lines, which overlap one another.
func (d *Decoder) short(band int, x []float32) {
	var out [2 * slots]float32
	for window := range 3 {
		var c [6]float32
		for k := range 6 {
			v := x[3*k+window]
			for j, cosine := range cosines6[k] {
				c[j] += v * cosine
			}
		}
		at := out[6+6*window:]
		for i := range 3 {
			at[i] += windows[2][i] * c[3+i]
			at[5-i] -= windows[2][5-i] * c[3+i]
			at[6+i] -= windows[2][6+i] * c[2-i]
			at[11-i] -= windows[2][11-i] * c[2-i]
		}
	}
	for t := range slots {
		d.now[band][t] += out[t]
		d.next[band][t] += out[slots+t]
	}
}
