package render

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"earworm/samples/midi"
	"earworm/samples/score"
	"earworm/schema"
)

// mma is accompaniments that a program generated from chord charts, in the
// grooves of many genres. Their meters and tempi are exact.
type mma struct {
	dir    string
	pieces []entry
}

func openMMA(c Config, index []entry) (source, error) {
	m := &mma{dir: c.Corpus}
	for _, e := range index {
		if e.source == "mma" && e.key != schema.UnknownKey && e.meter != (schema.Meter{}) && e.tempoBPM > 0 {
			m.pieces = append(m.pieces, e)
		}
	}
	if len(m.pieces) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return m, nil
}

func (m *mma) name() string { return "mma" }

func (m *mma) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := m.draw(rng)
	f, err := readMIDI(filepath.Join(m.dir, e.path))
	if err != nil {
		return excerpt{}, err
	}
	s := score.FromMIDI(f)
	s.Key, s.Meter, s.Genre = e.key, e.meter, e.genre
	// In 6/8 these files write an eighth as a quarter.
	beatQuarters, perBar := 1, e.meter.Beats
	if e.meter.Unit == 8 {
		beatQuarters, perBar = 3, e.meter.Beats/3
	}
	s.Beats = gridBeats(f, beatQuarters*f.Division, perBar, 0, s.Length)
	if got := s.Tempo(); math.Abs(got-e.tempoBPM) > 0.02*e.tempoBPM {
		return excerpt{}, fmt.Errorf("%s plays at %.1f BPM; labelled %.1f", e.path, got, e.tempoBPM)
	}
	s.Stretch(math.Exp(rng.NormFloat64() * 0.1))
	reorchestrate(rng, s)
	cut, err := cutOut(rng, s)
	return excerpt{piece: e.path, score: cut}, err
}

// draw takes a meter other than 4/4 as often as 4/4, so that they are learned.
func (m *mma) draw(rng *rand.Rand) entry {
	common := rng.IntN(2) == 0
	e := pick(rng, m.pieces)
	for range 20 {
		if (e.meter == schema.Meter{Beats: 4, Unit: 4}) == common {
			break
		}
		e = pick(rng, m.pieces)
	}
	return e
}

func readMIDI(path string) (*midi.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f, err := midi.Read(data)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", filepath.Base(path), err)
	}
	return f, nil
}

// gridBeats lays beats of a number of ticks over a file, perBar to a bar, the
// first downbeat at a tick of its own, until a time in seconds.
func gridBeats(f *midi.File, ticks, perBar int, downbeat int64, until float64) []score.Beat {
	tempo := f.Tempo()
	var beats []score.Beat
	for k := -downbeat / int64(ticks); ; k++ {
		at := tempo.Seconds(downbeat + k*int64(ticks))
		if at >= until {
			return beats
		}
		position := int((k%int64(perBar)+int64(perBar))%int64(perBar)) + 1
		beats = append(beats, score.Beat{At: at, Position: position})
	}
}

// families is how many General MIDI programs stand together as one family, and
// musical how many families are instruments that play in tune.
const (
	families = 8
	musical  = 14
)

// reorchestrate gives some channels another instrument of the same family.
func reorchestrate(rng *rand.Rand, s *score.Score) {
	swap := map[byte]byte{}
	for i, c := range s.Controls {
		if c.Status&0xF0 != midi.ProgramChange || c.Status&0x0F == midi.DrumChannel {
			continue
		}
		program := c.Data[0]
		if _, decided := swap[program]; !decided {
			swap[program] = program
			if family := program / families; family < musical && rng.IntN(3) == 0 {
				swap[program] = family*families + byte(rng.IntN(families))
			}
		}
		s.Controls[i].Data[0] = swap[program]
	}
}
