package eval_test

import (
	"slices"
	"testing"

	"earworm/cnn/eval"
)

func TestRanks(t *testing.T) {
	t.Parallel()
	first := [][]float32{{1, 0}, {0, 1}, {-1, 0.1}}
	second := [][]float32{{1, 0.1}, {1, 0.2}, {-1, 0}}
	// Only the second recording's excerpts are far apart: nearer to (0, 1) than
	// (1, 0.2) is none but it; nearer to (1, 0.2) than (0, 1) are (1, 0.1) and (1, 0).
	ranks := eval.Ranks(first, second)
	if want := []int{0, 0, 0, 1, 2, 0}; !slices.Equal(ranks, want) {
		t.Fatalf("ranks are %v; want %v", ranks, want)
	}
	if r := eval.RecallAt(1, ranks); r != 4./6 {
		t.Errorf("recall at 1 is %g", r)
	}
	if r := eval.RecallAt(3, ranks); r != 1 {
		t.Errorf("recall at 3 is %g", r)
	}
	// Vectors that are all the same find nothing.
	same := slices.Repeat([][]float32{{1, 1}}, 8)
	if r := eval.RecallAt(10, eval.Ranks(same, same)); r != 0 {
		t.Errorf("recall of equal vectors is %g", r)
	}
}
