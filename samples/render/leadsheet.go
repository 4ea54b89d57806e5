package render

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"earworm/samples/compose"
	"earworm/samples/musicxml"
	"earworm/samples/score"
	"earworm/schema"
)

// leadsheet is melodies of the songbook with chord symbols, which a band of any
// style turns into an arrangement.
type leadsheet struct {
	dir    string
	pieces []entry
}

func openLeadsheet(c Config, index []entry) (source, error) {
	l := &leadsheet{dir: c.Corpus}
	for _, e := range index {
		if e.source == "openewld" && e.meter != (schema.Meter{}) && e.key != schema.UnknownKey {
			l.pieces = append(l.pieces, e)
		}
	}
	if len(l.pieces) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return l, nil
}

func (l *leadsheet) name() string { return "leadsheet" }

// songbook are the styles that a song of the songbook is played in.
var songbook = []string{
	"swing", "swing", "ballad", "pop", "bossa", "country", "waltz", "jazz waltz", "blues", "soul",
	"rock", "disco", "reggae", "orchestra", "solo piano", "folk", "polka", "latin", "synthwave", "chiptune",
}

func (l *leadsheet) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, l.pieces)
	sheet, err := readScore(filepath.Join(l.dir, e.path))
	if err != nil {
		return excerpt{}, err
	}
	piece, w, err := perform(rng, sheet)
	if err != nil {
		return excerpt{}, err
	}
	piece.Key = e.key
	piece.Program(score.Lead, pick(rng, append(singers, 66, 56, 11, 4, 26)))
	name := w.meter.String()
	if other, ok := stands[name]; ok {
		name = other
	}
	meter, err := schema.ParseMeter(name)
	if err != nil {
		return excerpt{}, err
	}
	start := firstDownbeat(piece)
	b := compose.Brief{
		Key: e.key, Meter: meter, TempoBPM: w.bpm, LengthS: max(piece.Length-start, 2),
		Chords: w.bars(e.key), NoLead: true, Steady: true,
	}
	for range 20 { // until a style fits the meter, as nearly all do
		if b.Style = pick(rng, songbook); compose.Plays(b.Style, meter) {
			break
		}
	}
	if err := b.Validate(); err != nil {
		return excerpt{}, err
	}
	playAlong(piece, compose.Compose(rng, b), start)
	piece.Genre = b.Style
	humanise(rng, piece, 0.008, between(rng, 0.002, 0.01))
	cut, err := cutOut(rng, piece)
	return excerpt{piece: e.path, score: cut, band: true}, err
}

// kinds are chord symbols as MusicXML spells them, in chart notation.
var kinds = map[string]string{
	"major": "maj", "minor": "min", "dominant": "7", "major-seventh": "maj7", "minor-seventh": "min7",
	"diminished": "dim", "diminished-seventh": "dim7", "augmented": "aug", "augmented-seventh": "aug",
	"half-diminished": "hdim7", "major-minor": "minmaj7", "major-sixth": "maj6", "minor-sixth": "min6",
	"dominant-ninth": "9", "major-ninth": "maj9", "minor-ninth": "min9", "dominant-11th": "11",
	"dominant-13th": "13", "suspended-second": "sus2", "suspended-fourth": "sus4", "power": "5",
}

// bars lists the chords of each bar, relative to the key, by beats: a bar of
// one chord has one, a bar of two halves two, and others one a beat.
func (w written) bars(key schema.Key) []compose.Bar {
	chordAt := func(at float64) compose.Chord {
		c := compose.Chord{Tones: compose.Quality("maj")}
		if key.Minor() {
			c.Tones = compose.Quality("min")
		}
		for _, symbol := range w.Chords {
			if symbol.At > at+1e-6 {
				break
			}
			if kind, ok := kinds[symbol.Kind]; ok {
				c = compose.Chord{Root: (symbol.Root - key.Tonic() + 12) % 12, Tones: compose.Quality(kind)}
			}
		}
		return c
	}
	slices.SortStableFunc(w.Chords, func(a, b musicxml.Chord) int {
		if a.At < b.At {
			return -1
		}
		return 1
	})
	n := w.perBar()
	beat := float64(compose.BeatTicks(w.meter)) / quarterTicks
	var bars []compose.Bar
	for _, m := range w.Measures {
		if m.Into > 0 || m.Meter != w.meter {
			continue
		}
		var bar compose.Bar
		for k := range n {
			bar = append(bar, chordAt(m.Start+float64(k)*beat))
		}
		bars = append(bars, thin(bar))
	}
	return bars
}

// thin drops the repeats of a bar's chords where they share it evenly.
func thin(bar compose.Bar) compose.Bar {
	same := func(part compose.Bar) bool {
		for _, c := range part {
			if c.Root != part[0].Root || !slices.Equal(c.Tones, part[0].Tones) {
				return false
			}
		}
		return true
	}
	half := len(bar) / 2
	switch {
	case same(bar):
		return bar[:1]
	case len(bar)%2 == 0 && same(bar[:half]) && same(bar[half:]):
		return compose.Bar{bar[0], bar[half]}
	}
	return bar
}
