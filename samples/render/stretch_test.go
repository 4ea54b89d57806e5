package render

import (
	"math"
	"testing"

	"earworm/dsp"
)

// A stretched take has its clicks where the labels say, within 15 ms, and a tone keeps its pitch.
func TestStretchedClicksAreWhereTheLabelsAre(t *testing.T) {
	t.Parallel()
	for _, pace := range []float64{0.86, 1, 1.17} {
		take := clicks(1)
		pcm := stretched(take.pcm, pace)
		take.pace = pace
		const near = 0.015 // s
		loudest := func(around float64) float64 {
			top, at := float32(0), 0
			for i := int((around - 0.1) * dsp.SampleRate); i < int((around+0.1)*dsp.SampleRate); i++ {
				if v := abs(pcm[i]); v > top {
					top, at = v, i
				}
			}
			return take.seconds(at)
		}
		for _, n := range take.score.Notes[:14] {
			if at := loudest(n.On * pace); math.Abs(at-n.On)*pace > near {
				t.Errorf("pace %g: the click of %.2f s is heard at %.3f s of the score", pace, n.On, at)
			}
		}
	}
	tone := make([]float32, 3*dsp.SampleRate)
	for i := range tone {
		tone[i] = float32(math.Sin(2 * math.Pi * 440 * float64(i) / dsp.SampleRate))
	}
	slow := stretched(tone, 1.1)
	crossings := 0
	for i := range slow[1:] {
		if slow[i] < 0 && slow[i+1] >= 0 {
			crossings++
		}
	}
	if hz := float64(crossings) / (3 * 1.1); math.Abs(hz-440) > 3 || math.Abs(rms(slow)-math.Sqrt2/2) > 0.05 {
		t.Errorf("a tone of 440 Hz is %.1f Hz, at a level of %.2f", hz, rms(slow))
	}
}
