package render

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"earworm/samples/score"
	"earworm/schema"
)

// pop909 is pop songs arranged for piano: melody, second melody, accompaniment.
// Beats come from the notes, which bar they belong to from the recording that
// the arrangement follows; where the two disagree, the beats stand alone.
type pop909 struct {
	dir    string
	pieces []entry
}

func openPOP909(c Config, index []entry) (source, error) {
	p := &pop909{dir: c.Corpus}
	for _, e := range index {
		if e.source == "pop909" {
			p.pieces = append(p.pieces, e)
		}
	}
	if len(p.pieces) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return p, nil
}

func (p *pop909) name() string { return "pop909" }

func (p *pop909) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, p.pieces)
	path := filepath.Join(p.dir, e.path)
	f, err := readMIDI(path)
	if err != nil {
		return excerpt{}, err
	}
	s := score.FromMIDI(f)
	s.Genre, s.Key = "pop", e.key
	if s.Beats, err = p.beats(filepath.Dir(path)); err != nil {
		return excerpt{}, fmt.Errorf("%s: %w", e.path, err)
	}
	perBar := 0
	for _, b := range s.Beats {
		perBar = max(perBar, b.Position)
	}
	if s.Meter = e.meter; perBar > 0 {
		s.Meter = schema.Meter{Beats: perBar, Unit: 4}
	}
	p.arrange(rng, s)
	s.Stretch(math.Exp(rng.NormFloat64() * 0.1))
	cut, err := cutOut(rng, s)
	return excerpt{piece: e.path, score: cut, band: true}, err
}

// arrange gives the three tracks, which are pianos all, instruments.
func (p *pop909) arrange(rng *rand.Rand, s *score.Score) {
	keys := pick(rng, []uint8{0, 0, 1, 2, 4, 5, 24, 25, 27, 46, 6})
	s.Controls = nil
	s.Program(0, pick(rng, append(singers, 0, 0, 11, 80, 81)))
	s.Program(1, pick(rng, []uint8{0, 48, 73, 40, 4, 26, 88, 52}))
	s.Program(2, keys)
	s.Controller(0, 0, 7, uint8(85+rng.IntN(35)))
	s.Controller(0, 1, 7, uint8(60+rng.IntN(40)))
}

var errBeats = errors.New("the beats of notes and recording do not match")

// beats reads the two annotations. Positions are 0 where the bars are unsure.
func (p *pop909) beats(dir string) ([]score.Beat, error) {
	notes, err := readColumns(filepath.Join(dir, "beat_midi.txt"), 3)
	if err != nil {
		return nil, err
	}
	recording, err := readColumns(filepath.Join(dir, "beat_audio.txt"), 2)
	if err != nil {
		return nil, err
	}
	if len(notes) < 16 || len(recording) < 16 {
		return nil, errBeats
	}
	rate := func(t [][]float64) float64 { return float64(len(t)-1) / (t[len(t)-1][0] - t[0][0]) }
	if r := rate(notes) / rate(recording); r < 0.95 || r > 1.05 {
		return nil, errBeats // one of them counts half the beats
	}
	perBar := 0
	for _, b := range recording {
		perBar = max(perBar, int(b[1]))
	}
	if perBar < 3 || perBar > 4 {
		return nil, errBeats
	}
	phase, share := agree(notes, recording, perBar)
	beats := make([]score.Beat, len(notes))
	for i, b := range notes {
		beats[i].At = b[0]
		if share >= 0.85 {
			beats[i].Position = (i-phase+perBar*len(notes))%perBar + 1
		}
	}
	return beats, nil
}

// agree finds which of the notes' beats, counted modulo a bar, the recording's
// downbeats fall on, and how many of them do.
func agree(notes, recording [][]float64, perBar int) (phase int, share float64) {
	votes := make([]int, perBar)
	all, i := 0, 0
	for _, b := range recording {
		if b[1] != 1 {
			continue
		}
		for i+1 < len(notes) && math.Abs(notes[i+1][0]-b[0]) <= math.Abs(notes[i][0]-b[0]) {
			i++
		}
		all++
		if math.Abs(notes[i][0]-b[0]) < 0.13 {
			votes[i%perBar]++
		}
	}
	for v := range votes {
		if votes[v] > votes[phase] {
			phase = v
		}
	}
	return phase, float64(votes[phase]) / float64(max(all, 1))
}

// readColumns reads lines of at least so many numbers.
func readColumns(path string, columns int) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var rows [][]float64
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < columns {
			return nil, fmt.Errorf("%s: line %d has %d columns; want %d", filepath.Base(path), len(rows)+1, len(fields), columns)
		}
		row := make([]float64, columns)
		for i := range row {
			row[i] = number(fields[i])
		}
		rows = append(rows, row)
	}
	return rows, nil
}
