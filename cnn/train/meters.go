package train

import (
	"math"
	"runtime"

	"earworm/cnn"
)

// meterItem is what speaks for each meter of an item, and which it is.
type meterItem struct {
	cnn.MeterEvidence
	class  int
	weight float64
}

// meterItems gathers the items whose meter is known and to be trusted, the rarer
// ones weighing more: by the root of what would make all meters as many.
func meterItems(outs []cnn.RhythmOut[cnn.Map], examples []Example) []meterItem {
	items := make([]meterItem, len(examples))
	inParallel(runtime.GOMAXPROCS(0), len(examples), func(i int) {
		items[i] = meterItem{class: cnn.MeterClass(examples[i].truth("rhythm").Meter)}
		if items[i].class >= 0 {
			items[i].MeterEvidence = cnn.ReadEvidence(outs[i])
		}
	})
	rarity := meterRarity(examples, Item.meterClass)
	known := items[:0]
	for _, it := range items {
		if it.class >= 0 {
			it.weight = rarity[it.class]
			known = append(known, it)
		}
	}
	return known
}

// fitLikeness fits how much the likeness of beats at each distance speaks for
// each meter.
func fitLikeness(items []meterItem) cnn.MeterReading {
	n := len(cnn.Meters)
	m := cnn.MeterReading{Alike: make([][]float64, n), Bias: make([]float64, n)}
	for c := range m.Alike {
		m.Alike[c] = make([]float64, alikeLags(items))
	}
	const decay = 0.01
	descend(items, &m, func(e meterItem, off []float64, scale float64) {
		for c := range off {
			m.Bias[c] -= scale * off[c]
			for lag, v := range e.Alike {
				m.Alike[c][lag] -= scale * alikeScale * off[c] * v
			}
		}
	}, func(rate float64) {
		for c := range m.Alike {
			for lag := range m.Alike[c] {
				m.Alike[c][lag] -= rate * decay * m.Alike[c][lag]
			}
		}
	})
	return m
}

// alikeScale lets the likeness, whose values are small, learn as fast as the rest.
const alikeScale = 10

func alikeLags(items []meterItem) int {
	if len(items) == 0 {
		return 0
	}
	return len(items[0].Alike)
}

// fitWitnesses fits how much the network's own answer and its downbeats count
// beside the likeness of beats.
func fitWitnesses(m cnn.MeterReading, items []meterItem) cnn.MeterReading {
	descend(items, &m, func(e meterItem, off []float64, scale float64) {
		for c := range off {
			m.Head -= scale * off[c] * e.Head[c]
			m.Bars -= scale * off[c] * e.Bars[c]
		}
	}, func(float64) {})
	m.Head, m.Bars = math.Max(m.Head, 0), math.Max(m.Bars, 0)
	return m
}

// descend takes steps down the loss of a reading's probabilities: learn is told
// by how much each item's are off, decay what a step may forget.
func descend(items []meterItem, m *cnn.MeterReading, learn func(e meterItem, off []float64, scale float64), decay func(rate float64)) {
	const (
		steps = 1500
		rate  = 0.2
	)
	var total float64
	for _, it := range items {
		total += it.weight
	}
	for range steps {
		offs := make([][]float64, len(items))
		for i, it := range items {
			offs[i] = m.Read(it.MeterEvidence)
			offs[i][it.class]--
		}
		for i, it := range items {
			learn(it, offs[i], rate*it.weight/total)
		}
		decay(rate)
	}
}
