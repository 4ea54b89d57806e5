package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"earworm/cnn"
)

// Answers that are right half the time, given as if they were sure, ask for a
// temperature that makes them a half.
func TestLikeliestTemperatureKeepsItsPromise(t *testing.T) {
	t.Parallel()
	confidence := func(temperature float64) float64 { return 1 / (1 + math.Exp(-2/temperature)) } // 0.88 at 1
	for _, share := range []float64{0.7, 0.88, 0.96} {
		temperature := likeliest(func(temperature float64) (loss float64) {
			for i := range 100 {
				loss += surprise(confidence(temperature), float64(i) < 100*share)
			}
			return loss
		})
		if got := confidence(temperature); math.Abs(got-share) > 0.02 {
			t.Errorf("of answers right %.2f of the time, confidence is %.3f", share, got)
		}
	}
}

// The regression learns which of two witnesses to believe, and that its
// probabilities come true.
func TestMeterReadingBelievesWhoIsRight(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(4, 4))
	var known []meterItem
	n := len(cnn.Meters)
	for range 600 {
		class := rng.IntN(n)
		e := cnn.MeterEvidence{Head: make([]float64, n), Bars: make([]float64, n)}
		for c := range n {
			e.Head[c] = rng.NormFloat64() // knows nothing
			e.Bars[c] = rng.NormFloat64()
		}
		e.Bars[class] += 3
		known = append(known, meterItem{e, class, 1})
	}
	m := fitWitnesses(cnn.MeterReading{Bias: make([]float64, n)}, known)
	if m.Bars < 2 || math.Abs(m.Head) > 0.3 {
		t.Errorf("bars weigh %.2f and the head %.2f; want much and nothing", m.Bars, m.Head)
	}
	var promised, right float64
	for _, e := range known {
		p := m.Read(e.MeterEvidence)
		best := 0
		for c := range p {
			if p[c] > p[best] {
				best = c
			}
		}
		promised += p[best]
		if best == e.class {
			right++
		}
	}
	if off := math.Abs(promised-right) / 600; off > 0.03 {
		t.Errorf("confidence is off by %.3f on average", off)
	}
}
