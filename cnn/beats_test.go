package cnn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// pulses are activations with a peak at every period, from phase on.
func pulses(frames int, period, phase float64, rng *rand.Rand) []float64 {
	a := make([]float64, frames)
	for i := range a {
		a[i] = 0.1 * rng.Float64()
	}
	for at := phase; at < float64(frames-1); at += period {
		whole, part := math.Modf(at)
		a[int(whole)] += 0.8 * (1 - part)
		a[int(whole)+1] += 0.8 * part
	}
	return a
}

// steady is the path of a pulse that keeps its period.
func steady(frames int, period float64) []float64 {
	periods := make([]float64, frames/pathHop+1)
	for i := range periods {
		periods[i] = period
	}
	return periods
}

func TestBeatsAreWhereThePulsesAre(t *testing.T) {
	t.Parallel()
	for _, bpm := range []float64{61, 97.3, 120, 183} {
		t.Run(fmt.Sprintf("%g BPM", bpm), func(t *testing.T) {
			t.Parallel()
			period := 60 * RhythmFPS / bpm
			rng := rand.New(rand.NewPCG(2, 2))
			// The tempo it is told is a little off, as an estimate is.
			frames := trackBeats(pulses(1500, period, 7, rng), steady(1500, 1.02*period))
			for _, f := range frames {
				if off := math.Remainder(f-7, period); math.Abs(off) > 1 {
					t.Errorf("a beat is %.2f frames from its pulse", off)
				}
			}
			if want := int(1490 / period); len(frames) < want-1 {
				t.Errorf("%d beats, want about %d", len(frames), want)
			}
			if got := beatPeriod(frames); math.Abs(got-period) > 0.003*period {
				t.Errorf("the period is %.3f, want %.3f", got, period)
			}
			if got := steadiness(frames, period); got < 0.95 {
				t.Errorf("steadiness %.2f of a steady pulse", got)
			}
		})
	}
}

func TestNoBeatsInNothing(t *testing.T) {
	t.Parallel()
	if got := trackBeats(nil, nil); got != nil {
		t.Errorf("beats %v in no frames", got)
	}
	if got := beatPeriod([]float64{1, 2}); got != 0 {
		t.Errorf("a period of %g from two beats", got)
	}
}

// Bars of n beats stand out as bars of n, from the beat they begin on.
func TestBarsStandOut(t *testing.T) {
	t.Parallel()
	for _, inBar := range []int{3, 4, 5, 7} {
		t.Run(fmt.Sprintf("%d beats", inBar), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(inBar), 1))
			logits := make([]float64, 60)
			for i := range logits {
				logits[i] = rng.NormFloat64() - 2
				if i%inBar == 2 {
					logits[i] += 3
				}
			}
			first, stands := barPhase(logits, inBar)
			if first != 2 {
				t.Errorf("the first bar begins on beat %d, want 2", first)
			}
			for other := 3; other <= 7; other++ {
				if _, rival := barPhase(logits, other); other != inBar && rival >= stands {
					t.Errorf("bars of %d stand out by %.1f, of %d by %.1f", other, rival, inBar, stands)
				}
			}
		})
	}
}

func TestTempoClassesAreTheirInverse(t *testing.T) {
	t.Parallel()
	for class := range TempoClasses {
		if got := ClassOfTempo(TempoOfClass(float64(class))); math.Abs(got-float64(class)) > 1e-9 {
			t.Errorf("class %d comes back as %g", class, got)
		}
	}
	if got := TempoOfClass(tempoPerOctave) / TempoOfClass(0); math.Abs(got-2) > 1e-12 {
		t.Errorf("an octave of classes is a factor of %g", got)
	}
}
