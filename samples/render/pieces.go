package render

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"

	"earworm/samples/compose"
	"earworm/samples/midi"
	"earworm/samples/score"
)

// pieces is music as MIDI: classical, or of games. Its files begin with the
// pickup and do not say how long it is: the bar lines are found by what is
// played, and left out where that does not tell.
type pieces struct {
	named string
	dir   string
	all   []entry
	// orchestral pieces are given to other ensembles than their own.
	orchestral bool
}

func openMutopia(c Config, index []entry) (source, error) {
	p := &pieces{named: "mutopia", dir: c.Corpus, orchestral: true}
	return p, p.gather(index, "mutopia")
}

func openGames(c Config, index []entry) (source, error) {
	p := &pieces{named: "games", dir: c.Corpus}
	return p, p.gather(index, "freedoom", "openmsx")
}

// gather keeps what the sources have in a meter of known tempi.
func (p *pieces) gather(index []entry, sources ...string) error {
	for _, e := range index {
		if _, ok := songTempo[e.meter.String()]; ok && slices.Contains(sources, e.source) {
			p.all = append(p.all, e)
		}
	}
	if len(p.all) == 0 {
		return errors.New("the corpus has no usable piece")
	}
	return nil
}

func (p *pieces) name() string { return p.named }

func (p *pieces) take(_ context.Context, rng *rand.Rand, _ int) (excerpt, error) {
	e := pick(rng, p.all)
	f, err := readMIDI(filepath.Join(p.dir, e.path))
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
	switch choice := rng.IntN(4); {
	case !p.orchestral:
	case choice == 0:
		reorchestrate(rng, s)
	case choice < 3:
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
