package train

import (
	"fmt"
	"math"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"earworm/cnn"
	"earworm/schema"
)

// Figures are what a network reached on the validation items, by source.
type Figures map[string]*Score

// Score sums up one source. Shares are of the items that have the label.
type Score struct {
	Tempo, TempoExact, TempoOctave float64
	Key, KeyExact, KeyWeighted     float64
	Meters, MeterRight             [5]float64
	Beats, BeatF                   float64
}

// All sums up every source as "all".
const All = "all"

func validate(w *cnn.Weights, items []Example) Figures {
	figures := Figures{}
	var next atomic.Int64
	var lock sync.Mutex
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(items) {
					return
				}
				e := items[i]
				var one Score
				if w.Network == "key" {
					one.scoreKey(e.Item, w.Key(plainKey(e)).Logits.Data)
				} else {
					one.scoreRhythm(e.Item, w.Rhythm(plainRhythm(e)))
				}
				lock.Lock()
				figures.add(e.Source, one)
				figures.add(All, one)
				lock.Unlock()
			}
		})
	}
	group.Wait()
	return figures
}

func (f Figures) add(source string, one Score) {
	s := f[source]
	if s == nil {
		s = &Score{}
		f[source] = s
	}
	s.Tempo += one.Tempo
	s.TempoExact += one.TempoExact
	s.TempoOctave += one.TempoOctave
	s.Key += one.Key
	s.KeyExact += one.KeyExact
	s.KeyWeighted += one.KeyWeighted
	for i := range s.Meters {
		s.Meters[i] += one.Meters[i]
		s.MeterRight[i] += one.MeterRight[i]
	}
	s.Beats += one.Beats
	s.BeatF += one.BeatF
}

// trusted is the least weight of a label that counts in validation.
const trusted = 0.6

func (s *Score) scoreRhythm(it Item, out cnn.RhythmOut[cnn.Map]) {
	r := cnn.ReadRhythm(out)
	if it.TempoWeight >= trusted {
		s.Tempo = 1
		ratio := math.Log2(r.Tempo.BPM / it.TempoBPM)
		if math.Abs(ratio) <= tempoTolerance {
			s.TempoExact = 1
		}
		for _, octave := range []float64{-math.Log2(3), -1, 0, 1, math.Log2(3)} {
			if math.Abs(ratio-octave) <= tempoTolerance {
				s.TempoOctave = 1
			}
		}
	}
	if class := cnn.MeterClass(it.Meter); it.MeterWeight >= trusted && class >= 0 {
		s.Meters[class] = 1
		if cnn.MeterClass(r.Meter.Name) == class {
			s.MeterRight[class] = 1
		}
	}
	if it.BeatWeight >= trusted {
		s.Beats, s.BeatF = 1, beatF(r.Beats, it.Beats)
	}
}

// tempoTolerance is 4 % in octaves.
var tempoTolerance = math.Log2(1.04)

// beatTolerance is how far, in seconds, a beat may be from the one it is.
const beatTolerance = 0.07

// beatF is the F-measure of heard beats against known ones, each matched once.
func beatF(heard []float32, known []float64) float64 {
	if len(heard) == 0 || len(known) == 0 {
		return 0
	}
	hits, j := 0, 0
	for _, h := range heard {
		for j < len(known) && known[j] < float64(h)-beatTolerance {
			j++
		}
		if j < len(known) && math.Abs(known[j]-float64(h)) <= beatTolerance {
			hits++
			j++
		}
	}
	return 2 * float64(hits) / float64(len(heard)+len(known))
}

func (s *Score) scoreKey(it Item, logits []float32) {
	if it.KeyWeight < trusted {
		return
	}
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	heard := schema.KeyOf(best/2, best%2 == 1)
	s.Key, s.KeyWeighted = 1, it.Key.Closeness(heard)
	if heard == it.Key {
		s.KeyExact = 1
	}
}

// Selection is the one number that picks an epoch.
func (f Figures) Selection(network string) float64 {
	s := f[All]
	if s == nil {
		return 0
	}
	if network == "key" {
		return share(s.KeyWeighted, s.Key)
	}
	return share(s.TempoExact, s.Tempo) + share(s.TempoOctave, s.Tempo) + s.meterBalance() + share(s.BeatF, s.Beats)
}

// meterBalance is the mean over meters of the share that was right.
func (s *Score) meterBalance() float64 {
	var sum, kinds float64
	for i, n := range s.Meters {
		if n > 0 {
			sum += s.MeterRight[i] / n
			kinds++
		}
	}
	return share(sum, kinds)
}

func share(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// String is one line for each source, "all" first.
func (f Figures) String() string {
	sources := make([]string, 0, len(f))
	for s := range f {
		sources = append(sources, s)
	}
	sort.Slice(sources, func(i, j int) bool {
		return (sources[i] == All && sources[j] != All) || (sources[i] < sources[j] && sources[j] != All)
	})
	lines := make([]string, 0, len(f))
	for _, name := range sources {
		s := f[name]
		line := fmt.Sprintf("%-10s", name)
		if s.Tempo > 0 {
			line += fmt.Sprintf(" tempo %.1f / %.1f of %.0f", 100*s.TempoExact/s.Tempo, 100*s.TempoOctave/s.Tempo, s.Tempo)
		}
		if s.Beats > 0 {
			line += fmt.Sprintf(", beats F %.3f", s.BeatF/s.Beats)
		}
		if n := s.Meters[0] + s.Meters[1] + s.Meters[2] + s.Meters[3] + s.Meters[4]; n > 0 {
			line += fmt.Sprintf(", meter %.1f balanced (", 100*s.meterBalance())
			for i, m := range cnn.Meters {
				line += fmt.Sprintf(" %s %.0f/%.0f", m, s.MeterRight[i], s.Meters[i])
			}
			line += " )"
		}
		if s.Key > 0 {
			line += fmt.Sprintf(" key %.1f exact, %.1f weighted of %.0f", 100*s.KeyExact/s.Key, 100*s.KeyWeighted/s.Key, s.Key)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
