package similar

import (
	"math"

	"earworm/schema"
)

// Compatible lists the keys that mix well with k, by the Camelot wheel: itself,
// its neighbours a fifth up and down, and its relative key. None for an unknown key.
func Compatible(k schema.Key) []schema.Key {
	if k == schema.UnknownKey {
		return nil
	}
	return []schema.Key{k, fifth(k, 7), fifth(k, 5), relative(k)}
}

// fifth is the key some semitones up, of the same mode.
func fifth(k schema.Key, up int) schema.Key { return schema.KeyOf((k.Tonic()+up)%12, k.Minor()) }

// relative is the key of the other mode with the same notes.
func relative(k schema.Key) schema.Key {
	if k.Minor() {
		return schema.KeyOf((k.Tonic()+3)%12, false)
	}
	return schema.KeyOf((k.Tonic()+9)%12, true)
}

// tempoTolerance is how far two tempi may be apart, as a share, and count as
// one: what a listener does not notice and a player's pitch control mends.
const tempoTolerance = 0.04

// octave tells how the tempo b relates to a: 1 the same, 2 double, 0.5 half; 0
// none of these.
func octave(a, b float64) float64 {
	for _, factor := range []float64{1, 2, 0.5} {
		if a > 0 && math.Abs(b-factor*a) <= tempoTolerance*factor*a {
			return factor
		}
	}
	return 0
}
