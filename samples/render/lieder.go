package render

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"

	"earworm/samples/score"
	"earworm/schema"
)

// lieder is art songs, sung or played over a piano, with the freedom of tempo
// that is theirs.
type lieder struct {
	dir    string
	pieces []entry
}

func openLieder(c Config, index []entry) (source, error) {
	l := &lieder{dir: c.Corpus}
	for _, e := range index {
		if e.source == "openscore_lieder" && e.meter != (schema.Meter{}) {
			l.pieces = append(l.pieces, e)
		}
	}
	if len(l.pieces) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return l, nil
}

func (l *lieder) name() string { return "lieder" }

var singers = []uint8{52, 53, 54, 40, 42, 68, 71, 73, 60, 85, 65, 0}

func (l *lieder) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, l.pieces)
	written, err := readScore(filepath.Join(l.dir, e.path))
	if err != nil {
		return excerpt{}, err
	}
	piece, _, err := perform(rng, written)
	if err != nil {
		return excerpt{}, err
	}
	piece.Key, piece.Genre = e.key, e.genre
	piano := pick(rng, []uint8{0, 0, 0, 1, 6, 24, 46, 48})
	piece.Program(score.Lead, pick(rng, singers))
	piece.Controller(0, score.Lead, 7, uint8(90+rng.IntN(30)))
	for part := 1; part < written.Parts; part++ {
		piece.Program(channelOf(part), piano)
	}
	if written.Parts == 1 {
		piece.Program(score.Lead, piano)
	}
	orchestrated := rng.IntN(2) == 0
	if orchestrated {
		orchestrate(rng, piece)
	}
	humanise(rng, piece, 0.012, between(rng, 0.004, 0.03))
	cut, err := cutMovement(rng, piece)
	if err != nil {
		return excerpt{}, err
	}
	return excerpt{piece: e.path, score: cut, band: written.Parts > 1 && !orchestrated}, nil
}
