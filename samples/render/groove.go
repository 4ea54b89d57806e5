package render

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"earworm/samples/compose"
	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// groove is people at a drum kit, who played to a click: the beats are the
// click's, the timing is theirs. More often than not a band joins them.
type groove struct {
	dir   string
	takes []performance
}

type performance struct {
	path, style string
	bpm         float64
	meter       schema.Meter
}

func openGroove(c Config, _ []entry) (source, error) {
	g := &groove{dir: filepath.Join(c.Corpus, "groove")}
	f, err := os.Open(filepath.Join(g.dir, "info.csv"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("info.csv: %w", err)
	}
	const style, bpm, kind, signature, path, duration = 3, 4, 5, 6, 7, 9
	for _, r := range rows {
		meter, err := schema.ParseMeter(strings.ReplaceAll(r[signature], "-", "/"))
		if err != nil || meter.Unit != 4 || r[kind] != "beat" || number(r[duration]) < 14 {
			continue
		}
		g.takes = append(g.takes, performance{path: r[path], style: r[style], bpm: number(r[bpm]), meter: meter})
	}
	if len(g.takes) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return g, nil
}

func (g *groove) name() string { return "groove" }

// rolandPads maps the kit's own notes to General MIDI.
var rolandPads = map[uint8]uint8{22: 42, 26: 46, 58: 43, 40: 38, 50: 50}

func (g *groove) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	p := pick(rng, g.takes)
	f, err := readMIDI(filepath.Join(g.dir, p.path))
	if err != nil {
		return excerpt{}, err
	}
	s := score.FromMIDI(f)
	for i := range s.Notes {
		if pad, ok := rolandPads[s.Notes[i].Pitch]; ok {
			s.Notes[i].Pitch = pad
		}
	}
	s.Meter, s.Genre = p.meter, p.style
	perBeat := 60 / p.bpm
	for i := 0; float64(i)*perBeat < s.Length; i++ {
		s.Beats = append(s.Beats, score.Beat{At: float64(i) * perBeat, Position: i%p.meter.Beats + 1})
	}
	lean(s)
	if rng.IntN(5) > 0 {
		g.join(rng, s, p)
	}
	cut, err := cutOut(rng, s)
	return excerpt{piece: p.path, score: cut, band: true}, err
}

// lean moves the beats to where the drummer has them, by the median distance of
// the strokes near a beat: some play ahead of the click, some behind.
func lean(s *score.Score) {
	const near = 0.06 // s
	var off []float64
	next := 0
	for _, b := range s.Beats {
		for next < len(s.Notes) && s.Notes[next].On < b.At-near {
			next++
		}
		for i := next; i < len(s.Notes) && s.Notes[i].On <= b.At+near; i++ {
			off = append(off, s.Notes[i].On-b.At)
		}
	}
	if len(off) == 0 {
		return
	}
	slices.Sort(off)
	for i := range s.Beats {
		s.Beats[i].At += off[len(off)/2]
	}
}

// companions are styles that a drummer's style goes with.
var companions = map[string][]string{
	"rock": {"rock", "pop"}, "punk": {"punk"}, "funk": {"funk"}, "soul": {"soul", "funk"},
	"hiphop": {"hip hop"}, "jazz": {"swing"}, "latin": {"latin", "bossa"}, "reggae": {"reggae"},
	"afrocuban": {"latin"}, "afrobeat": {"funk"}, "pop": {"pop", "synthwave"}, "country": {"country"},
	"neworleans": {"blues", "funk"}, "dance": {"house", "disco"}, "blues": {"blues"},
}

// join adds bass, chords and perhaps a melody, in any key.
func (g *groove) join(rng *rand.Rand, s *score.Score, p performance) {
	styles := []string{"pop"}
	word, _, _ := strings.Cut(p.style, "/")
	if known, ok := companions[word]; ok {
		styles = known
	}
	b := compose.Brief{
		Style: pick(rng, styles), Key: schema.KeyOf(rng.IntN(12), rng.IntN(2) == 0), Meter: p.meter,
		TempoBPM: p.bpm, LengthS: s.Length, NoDrums: true, Steady: true, NoLead: rng.IntN(3) == 0,
	}
	if b.Validate() != nil {
		return
	}
	others := compose.Compose(rng, b)
	for _, n := range others.Notes {
		if n.Channel != midi.DrumChannel {
			s.Notes = append(s.Notes, n)
		}
	}
	s.Controls = append(s.Controls, others.Controls...)
	s.Key = b.Key
}
