package train

import (
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	"earworm/cnn"
	"earworm/cnn/eval"
	"earworm/schema"
)

// Figures are what a network reached on the validation items, by source.
type Figures map[string]*eval.Score

// All sums up every source as "all".
const All = "all"

// Validate measures weights on items as they were heard.
func Validate(w *cnn.Weights, items []Example) Figures {
	figures := Figures{}
	var lock sync.Mutex
	inParallel(runtime.GOMAXPROCS(0), len(items), func(i int) {
		e := items[i]
		one := eval.Judge(e.truth(w.Network), answer(w, e))
		lock.Lock()
		defer lock.Unlock()
		figures.add(e.Source, one)
		figures.add(All, one)
	})
	return figures
}

// inParallel does n things, as many at once as there are workers.
func inParallel(workers, n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}

func (f Figures) add(source string, one eval.Score) {
	if f[source] == nil {
		f[source] = &eval.Score{}
	}
	f[source].Add(one)
}

// trusted is the least weight of a label that counts in validation.
const trusted = 0.6

// truth is what is known, and to be trusted, of what the network answers.
func (it Item) truth(network string) (t eval.Truth) {
	if it.Nothing {
		return eval.Truth{Nothing: true}
	}
	if cnn.IsKey(network) {
		if it.KeyWeight >= trusted {
			t.Key = it.Key
		}
		return t
	}
	if it.TempoWeight >= trusted {
		t.TempoBPM = it.TempoBPM
	}
	if it.MeterWeight >= trusted {
		t.Meter = it.Meter
	}
	if it.BeatWeight >= trusted {
		t.Beats = it.Beats
	}
	return t
}

// answer is what one network says of the whole of an example.
func answer(w *cnn.Weights, e Example) schema.Analysis {
	if w.Network == "rhythm" {
		return cnn.ReadRhythm(w.RhythmAtSpeeds(plainRhythm(e)), w.Calibration)
	}
	return schema.Analysis{Key: cnn.ReadKey(w.Key(plainKey(e)), w.Calibration)}
}

// Overall is the one number that the plot follows: the mean of what the
// network's answers are measured by. Recordings, where there are any, count as
// much as all that was rendered.
func (f Figures) Overall(network string) float64 {
	var rendered, recorded eval.Score
	for source, s := range f {
		switch source {
		case All:
		case GameMusic, Recut:
			recorded.Add(*s)
		default:
			rendered.Add(*s)
		}
	}
	if f[GameMusic] == nil {
		return overall(network, &rendered)
	}
	return (overall(network, &rendered) + overall(network, &recorded)) / 2
}

func overall(network string, s *eval.Score) float64 {
	if cnn.IsKey(network) {
		return eval.Share(s.KeyWeighted, s.Keys)
	}
	// Of other meters than 3 and 4 there are too few to go by.
	return (eval.Share(s.TempoExact, s.Tempi) + eval.Share(s.TempoOctave, s.Tempi) +
		s.Balance() + eval.Share(s.BeatF, s.Tracked)) / 4
}

// String is one line for each source, "all" first.
func (f Figures) String() string {
	sources := make([]string, 0, len(f))
	for s := range f {
		sources = append(sources, s)
	}
	sort.Slice(sources, func(i, j int) bool {
		if (sources[i] == All) != (sources[j] == All) {
			return sources[i] == All
		}
		return sources[i] < sources[j]
	})
	lines := make([]string, 0, len(f))
	for _, name := range sources {
		lines = append(lines, name+": "+f[name].String())
	}
	return strings.Join(lines, "\n")
}
