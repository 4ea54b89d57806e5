package render

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"

	"earworm/samples/score"
)

// ExcerptS is how long an item lasts, in seconds.
const ExcerptS = 32

// excerpt is a part of a piece, ready to be played.
type excerpt struct {
	piece string // names it within its source; a split never parts it
	score *score.Score
	sound []float32 // in place of a score, at dsp.SampleRate: no music
	band  bool      // of our own making: its lead may be sung, its drums replaced
}

// source gives excerpts of one kind of music.
type source interface {
	name() string
	// take draws a piece and cuts an excerpt of about ExcerptS out of it. An
	// error says that this piece is of no use; another draw may be.
	take(ctx context.Context, rng *rand.Rand, item int) (excerpt, error)
}

// share is a source and its part of the items.
type share struct {
	source
	part float64
}

// Mix is the share of items that each source has by default.
func Mix() map[string]float64 {
	return map[string]float64{
		"band": 0.45, "mma": 0.15, "folk": 0.12, "mutopia": 0.04, "lieder": 0.06,
		"pop909": 0.08, "leadsheet": 0.05, "groove": 0.05, "games": 0.03, "nothing": 0.03,
	}
}

// SourceNames lists the sources.
func SourceNames() []string { return slices.Sorted(maps.Keys(Mix())) }

// openers make the sources. Each keeps of the index what it can use.
var openers = map[string]func(c Config, index []entry) (source, error){
	"band":      openBand,
	"mma":       openMMA,
	"folk":      openFolk,
	"mutopia":   openMutopia,
	"lieder":    openLieder,
	"pop909":    openPOP909,
	"leadsheet": openLeadsheet,
	"groove":    openGroove,
	"games":     openGames,
	"nothing":   openNothing,
}

func openSources(c Config, index []entry) ([]share, error) {
	var all []share
	wanted := inMeters(index, c.Meters)
	for _, name := range SourceNames() {
		part := c.Sources[name]
		if part == 0 {
			continue
		}
		scores := wanted
		if name == "band" { // composes, from patterns of all meters
			scores = index
		}
		src, err := openers[name](c, scores)
		if err != nil {
			return nil, fmt.Errorf("open source %s: %w", name, err)
		}
		all = append(all, share{src, part})
	}
	if len(all) == 0 {
		return nil, errors.New("no source has a share of the items")
	}
	return all, nil
}

func drawSource(rng *rand.Rand, from []share) source {
	total := 0.0
	for _, s := range from {
		total += s.part
	}
	x := rng.Float64() * total
	for _, s := range from {
		if x -= s.part; x < 0 {
			return s
		}
	}
	return from[len(from)-1]
}

// validFont is the sound font that only validation hears.
const validFont = "TimGM6mb"

// validPieces: one piece in so many is for validation.
const validPieces = 16

// splitOf gives a piece its side for good, whatever the seed.
func splitOf(source, piece string) string {
	h := fnv.New64a()
	h.Write([]byte(source + "/" + piece))
	if h.Sum64()%validPieces == 0 {
		return "valid"
	}
	return "train"
}

var errShort = errors.New("piece is too short")

// cutOut takes a random stretch of ExcerptS out of a piece, or the whole of a
// shorter one that lasts at least 12 s. It keeps the piece's key where that can be
// heard in it.
func cutOut(rng *rand.Rand, s *score.Score) (*score.Score, error) {
	if s.Length < 12 {
		return nil, errShort
	}
	var start float64
	if spare := s.Length - ExcerptS; spare > 0 {
		start = rng.Float64() * spare
	}
	cut := s.Cut(start, min(start+ExcerptS, s.Length))
	cut.Key = heard(cut)
	return cut, nil
}

// cutMovement cuts an excerpt out of a movement. Half begin where the music does,
// in its key.
func cutMovement(rng *rand.Rand, s *score.Score) (*score.Score, error) {
	cut, err := cutOut(rng, s)
	if err != nil {
		return nil, err
	}
	if len(s.Notes) > 0 && rng.IntN(2) == 0 {
		start := min(s.Notes[0].On, max(s.Length-ExcerptS, 0))
		cut = s.Cut(start, min(start+ExcerptS, s.Length))
	}
	return cut, nil
}

// fewestNotes are the notes that an excerpt has at least.
const fewestNotes = 8

var errSparse = errors.New("hardly anything is played")

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

func between(rng *rand.Rand, lo, hi float64) float64 { return lo + rng.Float64()*(hi-lo) }
