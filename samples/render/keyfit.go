package render

import (
	"math"

	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// How well each step above a tonic fits its key, as listeners rate it:
// C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, table 2.1.
var keyFit = map[bool][12]float64{
	false: {6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88},
	true:  {6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17},
}

// nearly is by how much another key may fit better and the label still stand.
const nearly = 0.06

// heard is the excerpt's key where it can be heard in it, and else UnknownKey:
// a piece's key does not hold where it modulates.
func heard(s *score.Score) schema.Key {
	if s.Key == schema.UnknownKey {
		return s.Key
	}
	var sounding [12]float64
	for _, n := range s.Notes {
		if n.Channel != midi.DrumChannel {
			sounding[n.Pitch%12] += n.Off - n.On
		}
	}
	best := math.Inf(-1)
	for _, k := range schema.Keys() {
		best = max(best, fits(sounding, k))
	}
	if fits(sounding, s.Key) < best-nearly {
		return schema.UnknownKey
	}
	return s.Key
}

// fits is the correlation of what sounds with a key's profile, -1 to 1.
func fits(sounding [12]float64, k schema.Key) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i, y := range keyFit[k.Minor()] {
		x := sounding[(i+k.Tonic())%12]
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	spread := (12*sxx - sx*sx) * (12*syy - sy*sy)
	if spread <= 0 {
		return 0
	}
	return (12*sxy - sx*sy) / math.Sqrt(spread)
}
