package render

import (
	"math"

	"earworm/dsp"
)

// stretch plays the take slower or faster at the pitch it has, as a DJ or a
// film's editor does; beats move along, to within 15 ms.
func (t *take) stretch() {
	t.pace = math.Exp(between(t.rng, -0.16, 0.16))
	t.pcm = stretched(t.pcm, t.pace)
	t.did("time-stretch")
}

// seconds is when in the score a sample of the take sounds.
func (t *take) seconds(sample int) float64 {
	at := float64(sample) / float64(t.rate)
	if t.pace > 0 {
		at /= t.pace
	}
	return at
}

// Grains of the time-stretch, and how far each may be moved to fit, in samples:
// 46 and 8 ms.
const (
	stretchGrain  = 1024
	stretchHop    = stretchGrain / 2
	stretchSearch = dsp.SampleRate * 8 / 1000
)

// stretched is sound that lasts pace times as long, by overlapping grains under
// a Hann window, each taken from where it goes on most smoothly from the one
// before (WSOLA, Verhelst & Roelands 1993).
func stretched(pcm []float32, pace float64) []float32 {
	out := make([]float32, int(math.Round(float64(len(pcm))*pace)))
	window := dsp.Hann(stretchGrain)
	const whole = stretchGrain / 4 // makes two overlapping windows add up to 1
	follow := 0                    // where the last grain would go on by itself
	for at := -stretchHop; at < len(out); at += stretchHop {
		want := int(math.Round(float64(at) / pace))
		from := want
		if at > 0 {
			from = smoothest(pcm, want, follow)
		}
		for i, w := range window {
			if to, src := at+i, from+i; to >= 0 && to < len(out) && src >= 0 && src < len(pcm) {
				out[to] += float32(whole*w) * pcm[src]
			}
		}
		follow = from + stretchHop
	}
	return out
}

// smoothest is the place around want whose sound is most like that at follow.
func smoothest(pcm []float32, want, follow int) int {
	best, most := want, math.Inf(-1)
	for from := want - stretchSearch; from <= want+stretchSearch; from += 2 {
		if from < 0 || follow < 0 || max(from, follow)+stretchGrain > len(pcm) {
			continue
		}
		var like, power float64
		for i := 0; i < stretchGrain; i += 4 {
			a, b := float64(pcm[from+i]), float64(pcm[follow+i])
			like += a * b
			power += a * a
		}
		if like /= math.Sqrt(power + 1e-9); like > most {
			best, most = from, like
		}
	}
	return best
}
