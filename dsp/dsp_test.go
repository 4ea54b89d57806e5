package dsp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func sine(hz float64, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(math.Sin(2 * math.Pi * hz * float64(i) / SampleRate))
	}
	return s
}

func spectra(size, hop int, samples []float32, chunk func() int) [][]float32 {
	var frames [][]float32
	keep := func(m []float32) { frames = append(frames, slices.Clone(m)) }
	s := NewSTFT(size, hop)
	for len(samples) > 0 {
		n := min(chunk(), len(samples))
		s.Write(samples[:n], keep)
		samples = samples[n:]
	}
	s.Flush(keep)
	return frames
}

func TestSTFTDoesNotDependOnChunks(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ size, hop, samples int }{
		"overlapping":       {1024, 441, 10000},
		"apart":             {256, 441, 5000},
		"shorter than size": {8192, 4410, 100},
		"whole hops":        {1024, 441, 4410},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 1))
			sound := make([]float32, tc.samples)
			for i := range sound {
				sound[i] = rng.Float32() - 0.5
			}
			whole := spectra(tc.size, tc.hop, sound, func() int { return len(sound) })
			pieces := spectra(tc.size, tc.hop, sound, func() int { return 1 + rng.IntN(700) })
			if want := (tc.samples + tc.hop - 1) / tc.hop; len(whole) != want {
				t.Fatalf("%d frames, want %d: one for each hop begun", len(whole), want)
			}
			if !slices.EqualFunc(whole, pieces, slices.Equal[[]float32]) {
				t.Fatal("the frames differ with the size of the pieces")
			}
		})
	}
}

// A full-scale sine on a bin has magnitude 1 there, in the middle of the sound.
func TestSTFTMagnitudeOfASine(t *testing.T) {
	t.Parallel()
	const bin = 50
	frames := spectra(1024, 441, sine(bin*float64(SampleRate)/1024, 8820), func() int { return 441 })
	if m := frames[10][bin]; math.Abs(float64(m)-1) > 1e-3 {
		t.Fatalf("magnitude %g, want 1", m)
	}
}

func TestBandsPeakWhereTheSineIs(t *testing.T) {
	t.Parallel()
	bank := LogBank(228, 36, 8192, SampleRate, MIDIToHz(36-7.0/3))
	bands := make([]float32, bank.Bands())
	for _, note := range []int{57, 69, 84, 100} {
		frames := spectra(8192, 4410, sine(MIDIToHz(float64(note)), 44100), func() int { return 44100 })
		bank.Apply(bands, frames[5])
		peak := 0
		for i, v := range bands {
			if v > bands[peak] {
				peak = i
			}
		}
		if want := 3*(note-36) + 7; peak != want {
			t.Errorf("note %d peaks in band %d, want %d", note, peak, want)
		}
	}
}

func TestTuningOfADetunedChord(t *testing.T) {
	t.Parallel()
	for _, cents := range []float64{-40, -13, 0, 25, 45} {
		chord := make([]float32, 44100)
		for _, note := range []float64{57, 61, 64, 69} {
			for i, v := range sine(MIDIToHz(note+cents/100), len(chord)) {
				chord[i] += v / 4
			}
		}
		var tuning Tuning
		for _, m := range spectra(8192, 4410, chord, func() int { return 1000 }) {
			tuning.Add(m, 8192, SampleRate)
		}
		if got := tuning.Cents(); math.Abs(got-cents) > 4 {
			t.Errorf("a chord %g cents off is heard as %.1f", cents, got)
		}
	}
}
