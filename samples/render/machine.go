package render

import (
	"math"
	"math/rand/v2"

	"earworm/samples/score"
)

// machine is a drum machine: every sound of it is drawn anew for each take, so
// that networks do not learn the five drum kits of five sound fonts.
type machine struct {
	strokes []score.Note
}

// sound is how a drum is made: a tone that falls in pitch, and noise in a band.
type sound struct {
	toneHz, fallTo, fallS float64 // 0: no tone
	tone, noise           float64 // levels
	toneS, noiseS         float64 // decay to 1/e
	lowHz, highHz         float64 // band of the noise
	claps                 int     // bursts of noise before the last
}

// kit draws the sounds, by what General MIDI has at a note.
func drawKit(rng *rand.Rand) func(note uint8) sound {
	kick := sound{
		toneHz: between(rng, 90, 260), fallTo: between(rng, 38, 62), fallS: between(rng, 0.008, 0.05),
		tone: 1.6, toneS: between(rng, 0.06, 0.4), noise: between(rng, 0, 0.25), noiseS: 0.004, lowHz: 800, highHz: 6000,
	}
	snare := sound{
		toneHz: between(rng, 170, 260), fallTo: between(rng, 140, 190), fallS: 0.02, tone: between(rng, 0.2, 0.7), toneS: between(rng, 0.04, 0.12),
		noise: between(rng, 0.5, 1), noiseS: between(rng, 0.05, 0.2), lowHz: between(rng, 400, 1800), highHz: between(rng, 5000, 10000),
	}
	clap := sound{noise: 0.9, noiseS: between(rng, 0.06, 0.2), lowHz: between(rng, 700, 1200), highHz: between(rng, 2500, 6000), claps: 2 + rng.IntN(2)}
	hat := sound{noise: between(rng, 0.3, 0.6), noiseS: between(rng, 0.012, 0.05), lowHz: between(rng, 5000, 8000), highHz: 10500}
	cymbalS := between(rng, 0.2, 1)
	tomHz := between(rng, 70, 110)
	return func(note uint8) sound {
		switch note {
		case 35, 36:
			return kick
		case 37, 75, 76, 77:
			return sound{toneHz: 1700, fallTo: 1500, fallS: 0.01, tone: 0.6, toneS: 0.012, noise: 0.3, noiseS: 0.006, lowHz: 1500, highHz: 7000}
		case 38, 40:
			return snare
		case 39:
			return clap
		case 41, 43, 45, 47, 48, 50, 60, 61, 62, 63, 64, 65, 66:
			hz := tomHz * math.Exp2(float64(note-41)/10)
			return sound{toneHz: 1.6 * hz, fallTo: hz, fallS: 0.03, tone: 1, toneS: 0.16, noise: 0.1, noiseS: 0.02, lowHz: 300, highHz: 4000}
		case 46:
			open := hat
			open.noiseS *= 6
			return open
		case 49, 51, 52, 53, 55, 57, 59:
			return sound{noise: 0.4, noiseS: cymbalS, lowHz: 3500, highHz: 10500, toneHz: 5200, fallTo: 5200, fallS: 1, tone: 0.08, toneS: 0.15}
		case 56:
			return sound{toneHz: 560, fallTo: 540, fallS: 0.1, tone: 0.7, toneS: 0.08}
		default: // pedal hat, tambourine, shakers
			return hat
		}
	}
}

// play returns n samples at a rate; nil where there is nothing to play.
func (m machine) play(rng *rand.Rand, rate, n int) []float32 {
	if len(m.strokes) == 0 {
		return nil
	}
	out := make([]float32, n)
	kit := drawKit(rng)
	hits := map[uint8][]float32{}
	for _, s := range m.strokes {
		if hits[s.Pitch] == nil {
			hits[s.Pitch] = kit(s.Pitch).render(rng, float64(rate))
		}
		loud := float32(math.Pow(float64(s.Velocity)/127, 1.5))
		at := int(s.On * float64(rate))
		for i, v := range hits[s.Pitch] {
			if at+i >= n {
				break
			}
			out[at+i] += v * loud
		}
	}
	return out
}

func (d sound) render(rng *rand.Rand, rate float64) []float32 {
	const gap = 0.011 // s between the bursts of a clap
	length := max(6*d.toneS, 6*d.noiseS) + gap*float64(d.claps)
	out := make([]float32, int(min(length, 2)*rate))
	low, high := highPass(d.lowHz, 0.7, rate), lowPass(min(d.highHz, 0.45*rate), 0.7, rate)
	phase := 0.0
	for i := range out {
		t := float64(i) / rate
		v := 0.0
		if d.tone > 0 {
			phase += (d.fallTo + (d.toneHz-d.fallTo)*math.Exp(-t/d.fallS)) / rate
			v += d.tone * math.Sin(2*math.Pi*phase) * math.Exp(-t/d.toneS)
		}
		if d.noise > 0 {
			since := t - gap*min(float64(d.claps), math.Floor(t/gap))
			decay := d.noiseS
			if int(t/gap) < d.claps {
				decay = 0.005
			}
			v += d.noise * high.tick(low.tick(rng.NormFloat64())) * math.Exp(-since/decay)
		}
		out[i] = float32(v)
	}
	return out
}
