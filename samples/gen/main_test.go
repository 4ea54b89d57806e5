package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"earworm/samples/compose"
	"earworm/samples/score"
	"earworm/schema"
)

// How well each step above a tonic fits its key, as listeners rate it:
// C. L. Krumhansl, Cognitive Foundations of Musical Pitch, 1990, table 2.1.
var (
	majorFit = [12]float64{6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88}
	minorFit = [12]float64{6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17}
)

// plainKey is the key whose profile correlates best with how long each pitch
// class sounds.
func plainKey(s *score.Score) schema.Key {
	var sounding [12]float64
	for _, n := range s.Notes {
		if n.Channel != 9 {
			sounding[n.Pitch%12] += n.Off - n.On
		}
	}
	best, key := math.Inf(-1), schema.UnknownKey
	for _, k := range schema.Keys() {
		fit := majorFit
		if k.Minor() {
			fit = minorFit
		}
		if r := correlation(sounding, fit, k.Tonic()); r > best {
			best, key = r, k
		}
	}
	return key
}

func correlation(sounding, fit [12]float64, tonic int) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i := range 12 {
		x, y := sounding[(i+tonic)%12], fit[i]
		sx, sy, sxx, syy, sxy = sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	return (12*sxy - sx*sy) / math.Sqrt((12*sxx-sx*sx)*(12*syy-sy*sy))
}

// The samples are in the keys they say: plainly enough for a published key
// profile to find them.
func TestSamplesAreInTheirKeys(t *testing.T) {
	t.Parallel()
	for _, tr := range tracks {
		t.Run(tr.file, func(t *testing.T) {
			t.Parallel()
			s, err := tr.compose()
			if err != nil {
				t.Fatal(err)
			}
			if got := plainKey(s).String(); got != tr.key {
				t.Errorf("sounds in %s; labelled %s", got, tr.key)
			}
			if got := s.Tempo(); math.Abs(got-tr.bpm) > 0.02*tr.bpm {
				t.Errorf("plays at %.1f BPM; labelled %g", got, tr.bpm)
			}
		})
	}
}

// Most drawn pieces are in keys as plain, too.
func TestDrawnPiecesAreInTheirKeys(t *testing.T) {
	t.Parallel()
	right, all := 0, 300
	for seed := range uint64(all) {
		rng := rand.New(rand.NewPCG(seed, 1))
		b := compose.Draw(rng, 32)
		if plainKey(compose.Compose(rng, b)) == b.Key {
			right++
		}
	}
	t.Logf("%d of %d", right, all)
	if right < all*7/10 {
		t.Errorf("%d of %d pieces are plainly in their key; want 7 in 10", right, all)
	}
}
