package train

import (
	"math"
	"math/rand/v2"

	"earworm/cnn"
)

// sampler draws examples, each source as often as its share says, and the
// rhythm network's rarer meters more often than they occur.
type sampler struct {
	examples []Example
	upTo     []float64 // cumulative weights
}

func newSampler(c Config, examples []Example) *sampler {
	s := &sampler{examples: examples, upTo: make([]float64, len(examples))}
	rarity := map[int]float64{}
	if c.Network == "rhythm" {
		rarity = meterRarity(examples, Item.meterKind)
	}
	var sum float64
	for i, e := range examples {
		weight, ok := c.Shares[e.Source]
		if !ok {
			weight = 1
		}
		if r, ok := rarity[e.meterKind()]; ok {
			weight *= r
		}
		sum += weight
		s.upTo[i] = sum
	}
	return s
}

// mostRarity is how much more often than others an example may be drawn.
const mostRarity = 3

// meterRarity is by how much to draw the examples of each kind of meter more
// often: the root of what would make all kinds as frequent.
func meterRarity(examples []Example, kind func(Item) int) map[int]float64 {
	count, most := map[int]float64{}, 0.0
	for _, e := range examples {
		if k := kind(e.Item); k >= 0 {
			count[k]++
			most = max(most, count[k])
		}
	}
	rarity := map[int]float64{}
	for k, n := range count {
		rarity[k] = min(math.Sqrt(most/n), mostRarity)
	}
	return rarity
}

// meterClass is the class of the item's meter, -1 where none is known.
func (it Item) meterClass() int {
	if it.MeterWeight == 0 {
		return -1
	}
	return cnn.MeterClass(it.Meter)
}

// meterKind parts each class by whether its beats have three parts: so written,
// 9/8 and 12/8 are rare.
func (it Item) meterKind() int {
	class := it.meterClass()
	if class >= 0 && (it.Meter.Beats == 9 || it.Meter.Beats == 12) {
		class += len(cnn.Meters)
	}
	return class
}

func (s *sampler) example(rng *rand.Rand) Example {
	at := rng.Float64() * s.upTo[len(s.upTo)-1]
	low, high := 0, len(s.upTo)-1
	for low < high {
		if mid := (low + high) / 2; s.upTo[mid] > at {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return s.examples[low]
}
