package render

import (
	"context"
	"fmt"
	"math/rand/v2"

	"earworm/samples/compose"
)

// band is the composer, with the corpus's grooves and progressions.
type band struct {
	seed    uint64
	palette *compose.Palette
}

func openBand(c Config, index []entry) (source, error) {
	p, err := loadPalette(c.Corpus, index)
	if err != nil {
		return nil, err
	}
	return &band{seed: c.Seed, palette: p}, nil
}

func (b *band) name() string { return "band" }

// lead-in that a cut may take off, so that excerpts begin anywhere in a bar.
const leadInS = 6

func (b *band) take(_ context.Context, rng *rand.Rand, item int) (excerpt, error) {
	brief := compose.Draw(rng, ExcerptS+leadInS)
	brief.Palette = b.palette
	s := compose.Compose(rng, brief)
	start := rng.Float64() * leadInS
	if rng.IntN(8) == 0 {
		start = 0
	}
	return excerpt{
		piece: fmt.Sprintf("%d-%06d", b.seed, item),
		score: s.Cut(start, start+ExcerptS), band: true,
	}, nil
}
