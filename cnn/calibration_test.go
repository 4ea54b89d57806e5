package cnn

import (
	"math"
	"testing"
)

// What networks agree on is what both say; where they do not, the answer is
// given with less confidence, and with less still where disagreement counts.
func TestNetworksThatDisagreeAreDoubted(t *testing.T) {
	t.Parallel()
	one, other := []float64{0.9, 0.05, 0.05}, []float64{0.2, 0.7, 0.1}
	together := Together{Temperature: 1, Doubt: 2}
	for i, p := range together.pool([][]float64{one, one}) {
		if math.Abs(p-one[i]) > 1e-6 {
			t.Errorf("two networks say %g of class %d, together %g", one[i], i, p)
		}
	}
	torn := together.pool([][]float64{one, other})
	plain := Together{Temperature: 1}.pool([][]float64{one, other})
	if !(torn[0] < plain[0] && plain[0] < one[0]) {
		t.Errorf("of 0.9 and 0.2 become %.2f, and %.2f where disagreement counts", plain[0], torn[0])
	}
	if torn[0] < torn[1] {
		t.Error("doubt changed the order of answers")
	}
}

// The calibration for networks together is theirs alone.
func TestTogetherIsForTheNetworksItNames(t *testing.T) {
	t.Parallel()
	circle, plain := untrained(t, KeyCircle), untrained(t, KeyPlain)
	plain.Calibration.Together = &Together{With: []string{circle.Version}, Temperature: 2}
	if got := together([]*Weights{circle, plain}); got.Temperature != 2 {
		t.Errorf("temperature is %g, want 2", got.Temperature)
	}
	circle.Version = "key-other"
	if got := together([]*Weights{circle, plain}); got.Temperature != 1 {
		t.Errorf("beside another network temperature is %g, want 1", got.Temperature)
	}
}
