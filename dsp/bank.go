package dsp

import "math"

// Bank sums the bins of a spectrum into bands by triangular weights.
type Bank struct {
	first   []int       // (bands) first bin of each
	weights [][]float32 // (bands, bins of the band)
}

// Bands is how many bands the bank has.
func (b *Bank) Bands() int { return len(b.first) }

// Apply writes the bands of a magnitude spectrum to dst (Bands).
func (b *Bank) Apply(dst, magnitude []float32) {
	if len(dst) != len(b.first) {
		panic("dsp: length mismatch")
	}
	for i, first := range b.first {
		var sum float32
		for j, w := range b.weights[i] {
			sum += w * magnitude[first+j]
		}
		dst[i] = sum
	}
}

// MelBank spaces bands evenly in mel between minHz and maxHz, for spectra of
// windows of size samples at rate Hz. Each triangle reaches to its neighbours'
// centres and has unit area, so that noise gives an even spectrum.
func MelBank(bands, size, rate int, minHz, maxHz float64) *Bank {
	low, high := hzToMel(minHz), hzToMel(maxHz)
	centre := func(i int) float64 {
		return melToHz(low + (high-low)*float64(i+1)/float64(bands+1))
	}
	return newBank(bands, size, rate, func(i int) (lo, mid, hi float64) {
		return centre(i - 1), centre(i), centre(i + 1)
	})
}

// LogBank spaces bands evenly in pitch, perOctave to the octave, the lowest at
// minHz. Where the spectrum is too coarse for that, bands reach at least one
// and a half bins to either side and share what they see.
func LogBank(bands, perOctave, size, rate int, minHz float64) *Bank {
	bin := float64(rate) / float64(size)
	return newBank(bands, size, rate, func(i int) (lo, mid, hi float64) {
		mid = minHz * math.Exp2(float64(i)/float64(perOctave))
		half := math.Max(mid*(math.Exp2(1/float64(perOctave))-1), 1.5*bin)
		return mid - half, mid, mid + half
	})
}

func newBank(bands, size, rate int, edges func(i int) (lo, mid, hi float64)) *Bank {
	bin := float64(rate) / float64(size)
	b := &Bank{first: make([]int, bands), weights: make([][]float32, bands)}
	for i := range bands {
		lo, mid, hi := edges(i)
		first := max(0, int(math.Ceil(lo/bin)))
		last := min(size/2, int(math.Floor(hi/bin)))
		var sum float64
		row := make([]float64, 0, last-first+1)
		for k := first; k <= last; k++ {
			hz := float64(k) * bin
			w := (hz - lo) / (mid - lo)
			if hz > mid {
				w = (hi - hz) / (hi - mid)
			}
			row = append(row, w)
			sum += w
		}
		if sum == 0 { // narrower than a bin: the nearest speaks for it
			first, row, sum = min(size/2, int(math.Round(mid/bin))), []float64{1}, 1
		}
		b.first[i] = first
		b.weights[i] = make([]float32, len(row))
		for j, w := range row {
			b.weights[i][j] = float32(w / sum)
		}
	}
	return b
}

// The mel scale of O'Shaughnessy (1987): 2595·log10(1 + f/700).
func hzToMel(hz float64) float64  { return 2595 * math.Log10(1+hz/700) }
func melToHz(mel float64) float64 { return 700 * (math.Pow(10, mel/2595) - 1) }

// MIDIToHz is the equal-tempered frequency of a note number, A4 = 69 = 440 Hz.
func MIDIToHz(note float64) float64 { return 440 * math.Exp2((note-69)/12) }
