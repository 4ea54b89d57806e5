package render

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
)

// Augmentations are the groups of what takes go through, that Config.Without
// may leave out to measure what they are worth.
func Augmentations() []string {
	var all []string
	for _, g := range groups {
		all = append(all, g.name)
	}
	return all
}

// groups have the steps that belong together.
var groups = []struct {
	name  string
	steps []string
}{
	{"room", []string{"hall", "reverb"}},
	{"colour", []string{"eq", "band limit"}},
	{"level", []string{"pump", "compress", "clip", "fade", "loudness", "overload"}},
	{"noise", []string{"noise", "crowd"}},
	{"codec", []string{"mp3"}},
	{"detuning", []string{"pitch"}},
	{"transposition", []string{"transpose"}},
	{"stretch", []string{"time-stretch"}},
	{"silence", []string{"pause"}},
	{"voice", []string{"voice"}},
	{"drums", []string{"drums"}},
}

// at gives the take the dice of a step: its own, so that what other steps did
// with theirs, or whether they were left out, does not change how they fall.
func (t *take) at(step string) {
	h := fnv.New64a()
	h.Write([]byte(step))
	t.rng = rand.New(rand.NewPCG(t.seed, h.Sum64()))
}

// step says whether the take goes through a step, which so many in one do, and
// gives it the step's dice.
func (t *take) step(name string, chance float64) bool {
	t.at(name)
	happens := t.chance(chance)
	for _, g := range groups {
		if slices.Contains(t.without, g.name) && slices.Contains(g.steps, name) {
			return false
		}
	}
	return happens
}
