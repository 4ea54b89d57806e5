package render

import (
	"math"
	"math/rand/v2"

	"earworm/samples/score"
)

// choir sings notes: a buzz with vibrato through the formants of vowels, with
// consonants before them, sliding from note to note.
type choir struct {
	notes []score.Note // one at a time
	cents float64
}

// vowels are the first three formants, in Hz, of an adult's: G. E. Peterson and
// H. L. Barney, Control methods used in a study of the vowels, 1952.
var vowels = [][3]float64{
	{730, 1090, 2440}, {530, 1840, 2480}, {270, 2290, 3010}, {570, 840, 2410}, {300, 870, 2240}, {660, 1720, 2410},
}

// sing returns n samples at a rate; nil where there is nothing to sing.
func (c choir) sing(rng *rand.Rand, rate, n int) []float32 {
	if len(c.notes) == 0 {
		return nil
	}
	out := make([]float32, n)
	sr := float64(rate)
	size := between(rng, 0.9, 1.25) // of the mouth, against an adult man's
	shift := 0.0
	for c.register(shift) > 67 {
		shift -= 12
	}
	vibrato, depth := between(rng, 4.8, 6.4), between(rng, 0.1, 0.5) // Hz, semitones
	breath := between(rng, 0.01, 0.08)
	phase, pitch := 0.0, float64(c.notes[0].Pitch)+shift
	tilt := lowPass(between(rng, 900, 2500), 0.6, sr)
	for k, note := range c.notes {
		end := note.Off
		if k+1 < len(c.notes) {
			end = min(end, c.notes[k+1].On)
		}
		from, to := int(note.On*sr), min(int((end+0.03)*sr), n)
		mouth := [3]*biquad{}
		for f, hz := range vowels[rng.IntN(len(vowels))] {
			mouth[f] = bandPass(hz*size, 6+2*float64(f), sr)
		}
		hiss := 0
		if rng.IntN(3) > 0 {
			hiss = int(between(rng, 0.02, 0.07) * sr)
		}
		consonant := bandPass(between(rng, 2500, 6000), 1.2, sr)
		goal := float64(note.Pitch) + shift + c.cents/100
		loud := float64(note.Velocity) / 127
		for i := from; i < to; i++ {
			t := float64(i-from) / sr
			pitch += (goal - pitch) * 0.0025
			swing := depth * min(t/0.4, 1) * math.Sin(2*math.Pi*vibrato*float64(i)/sr)
			phase += 440 * math.Exp2((pitch+swing-69)/12) / sr
			phase -= math.Floor(phase)
			buzz := tilt.tick(2*phase - 1 + breath*rng.NormFloat64())
			sound := mouth[0].tick(buzz) + 0.6*mouth[1].tick(buzz) + 0.3*mouth[2].tick(buzz)
			if i-from < hiss {
				sound = sound*0.3 + 0.15*consonant.tick(rng.NormFloat64())
			}
			rise, fall := min(t/0.03, 1), min(float64(to-i)/(0.03*sr), 1)
			out[i] += float32(sound * loud * rise * fall)
		}
	}
	return out
}

// register is the mean pitch of the notes, shifted.
func (c choir) register(shift float64) float64 {
	sum := 0.0
	for _, n := range c.notes {
		sum += float64(n.Pitch) + shift
	}
	return sum / float64(len(c.notes))
}
