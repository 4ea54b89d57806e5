package eval

import (
	"earworm/schema"
)

// Ranks tells how well excerpts find one another: for each of them, the first
// ones and then the second, how many other excerpts are at least as near to it,
// by cosine, as the second excerpt of the same recording is; 0 is found at once. first and
// second are (recordings, EmbeddingSize).
func Ranks(first, second [][]float32) []int {
	n := len(first)
	all := append(append(make([][]float32, 0, 2*n), first...), second...)
	ranks := make([]int, 2*n)
	for i, v := range all {
		angle := schema.CosineTo(v)
		mate := (i + n) % (2 * n)
		limit := angle(all[mate])
		for j, other := range all {
			if j != i && j != mate && angle(other) >= limit {
				ranks[i]++
			}
		}
	}
	return ranks
}

// RecallAt is the share of the ranks that are among the first k.
func RecallAt(k int, ranks []int) float64 {
	found := 0.0
	for _, r := range ranks {
		found += count(r < k)
	}
	return Share(found, float64(len(ranks)))
}
