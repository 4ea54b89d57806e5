package render

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"

	"earworm/samples/compose"
	"earworm/samples/midi"
	"earworm/samples/score"
)

// mutopia is classical music as MIDI. Its files begin with the pickup and do
// not say how long it is: the bar lines are found by what is played, and left
// out where that does not tell.
type mutopia struct {
	dir    string
	pieces []entry
}

func openMutopia(c Config, index []entry) (source, error) {
	m := &mutopia{dir: c.Corpus}
	for _, e := range index {
		if _, ok := songTempo[e.meter.String()]; ok && e.source == "mutopia" {
			m.pieces = append(m.pieces, e)
		}
	}
	if len(m.pieces) == 0 {
		return nil, errors.New("the corpus has no usable piece")
	}
	return m, nil
}

func (m *mutopia) name() string { return "mutopia" }

func (m *mutopia) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, m.pieces)
	f, err := readMIDI(filepath.Join(m.dir, e.path))
	if err != nil {
		return excerpt{}, err
	}
	if signatures(f) > 1 {
		return excerpt{}, errMeterChanges
	}
	s := score.FromMIDI(f)
	s.Key, s.Genre, s.Meter = e.key, e.genre, e.meter
	beat := compose.BeatTicks(e.meter) * f.Division / quarterTicks
	bar := compose.BarTicks(e.meter) * f.Division / quarterTicks
	pickup, sure := findPickup(f, int64(beat), int64(bar))
	s.Beats = gridBeats(f, beat, bar/beat, pickup, s.Length)
	if bpm := s.Tempo(); bpm < 40 || bpm > 220 {
		return excerpt{}, errors.New("its tempo is no felt tempo")
	}
	if !sure {
		s.Beats = nil
	}
	s.Stretch(math.Exp(rng.NormFloat64() * 0.1))
	switch rng.IntN(4) {
	case 0:
		reorchestrate(rng, s)
	case 1, 2:
		orchestrate(rng, s)
	}
	humanise(rng, s, 0.01, between(rng, 0.003, 0.02))
	cut, err := cutMovement(rng, s)
	if err != nil {
		return excerpt{}, err
	}
	return excerpt{piece: e.path, score: cut}, nil
}

func signatures(f *midi.File) int {
	seen := map[[2]byte]bool{}
	for _, t := range f.Tracks {
		for _, e := range t {
			if e.Status == midi.Meta && e.Type == midi.TimeSignature && len(e.Data) >= 2 {
				seen[[2]byte{e.Data[0], e.Data[1]}] = true
			}
		}
	}
	return len(seen)
}

// findPickup finds the first bar line, in ticks, among all the eighths of a
// bar: where most begins, what is long and low counting more. It is sure where
// no other place comes near.
func findPickup(f *midi.File, beat, bar int64) (pickup int64, sure bool) {
	step := int64(f.Division / 2)
	if beat%step != 0 || bar%step != 0 {
		return 0, false
	}
	weight := make([]float64, bar/step)
	last := map[[2]byte]int64{} // when the channel's pitch began
	for _, e := range f.Merged() {
		if e.Kind() != midi.NoteOn && e.Kind() != midi.NoteOff {
			continue
		}
		voice := [2]byte{e.Channel(), e.Data[0]}
		if on, ok := last[voice]; ok {
			if on%step == 0 {
				length := math.Log1p(float64(e.Tick-on) / float64(step))
				low := 1 + max(0, 60-float64(e.Data[0]))/20
				weight[on/step%int64(len(weight))] += length * low
			}
			delete(last, voice)
		}
		if e.Kind() == midi.NoteOn && e.Data[1] > 0 {
			last[voice] = e.Tick
		}
	}
	best, second := 0, -1
	for i, w := range weight {
		if w > weight[best] {
			best = i
		}
	}
	for i, w := range weight {
		if i != best && (second < 0 || w > weight[second]) {
			second = i
		}
	}
	return int64(best) * step, second >= 0 && weight[best] > 1.15*weight[second]
}
